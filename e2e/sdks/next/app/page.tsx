// A server component, and a server action of its form: both know the request by `headers()` alone.
import { headers } from "next/headers";
import { auditLog, nextContext } from "tachograph-client";
import { session } from "../sessions";

async function rename(form: FormData): Promise<void> {
  "use server";
  const request = nextContext(await headers(), { trustedProxies: 1, session: await session() });
  auditLog({ action: "AGENT_RENAMED", entityType: "agent", entityId: "7c1f", details: { name: form.get("name") }, request });
}

export default async function Page() {
  auditLog({ action: "PAGE_READ", entityType: "page", request: nextContext(await headers(), { trustedProxies: 1, session: await session() }) });
  auditLog({ action: "PAGE_GIVEN", entityType: "page", request: await headers() });
  return (
    <form action={rename}>
      <input name="name" />
    </form>
  );
}
