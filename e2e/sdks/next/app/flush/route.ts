import { flush } from "tachograph-client";

export async function POST(): Promise<Response> {
  return Response.json({ flushed: await flush() });
}
