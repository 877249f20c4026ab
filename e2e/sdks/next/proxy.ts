// What runs before every route (the former middleware).
import { type NextRequest, NextResponse } from "next/server";
import { auditLog, nextContext } from "tachograph-client";

export function proxy(request: NextRequest): NextResponse {
  auditLog({ action: "PATH_ASKED", entityType: "path", entityId: request.nextUrl.pathname, request: nextContext(request, { trustedProxies: 1 }) });
  return NextResponse.next();
}

export const config = { matcher: "/within" };
