import { type NextRequest, NextResponse } from "next/server";
import { auditLog, nextContext } from "tachograph-client";
import { session } from "../../sessions";

export async function POST(request: NextRequest): Promise<NextResponse> {
  const trustedProxies = Number(request.nextUrl.searchParams.get("proxies"));
  const context = nextContext(request, { trustedProxies, session: await session() });
  const { id } = auditLog({ action: "SETTINGS_CHANGED", entityType: "settings", entityId: trustedProxies, request: context });
  return NextResponse.json({ id });
}
