// The context around whatever the handler calls, also after it waited.
import { auditLog, nextContext, withContext } from "tachograph-client";

export async function POST(request: Request): Promise<Response> {
  return withContext(nextContext(request, { trustedProxies: 1 }), async () => {
    await new Promise((resolve) => setImmediate(resolve));
    const { id } = auditLog({ action: "WORK_DONE", entityType: "work" });
    return Response.json({ id });
  });
}
