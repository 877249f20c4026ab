// The request as it is, without a word about proxies.
import { auditLog } from "tachograph-client";

export async function POST(request: Request): Promise<Response> {
  const { id } = auditLog({ action: "REQUEST_GIVEN", entityType: "request", request });
  return Response.json({ id });
}
