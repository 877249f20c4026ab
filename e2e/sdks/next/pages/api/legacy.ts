// The Pages Router hands over a request of Node.
import type { NextApiRequest, NextApiResponse } from "next";
import { auditLog, nextContext } from "tachograph-client";

export default function handler(request: NextApiRequest, response: NextApiResponse): void {
  auditLog({ action: "LEGACY_GIVEN", entityType: "legacy", request });
  auditLog({ action: "LEGACY_COUNTED", entityType: "legacy", request: nextContext(request, { trustedProxies: 1, session: "sess_legacy" }) });
  auditLog({ action: "LEGACY_NOBODY", entityType: "legacy", request: nextContext(request) });
  response.status(204).end();
}
