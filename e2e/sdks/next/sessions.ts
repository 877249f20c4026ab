// The program's sessions: the cookie opens one, its id names it. Only the id may be recorded.
import { cookies } from "next/headers";

const open: Record<string, string> = { "cookie-opens-it": "sess_next_1" };

export async function session(): Promise<string | undefined> {
  return open[(await cookies()).get("sid")?.value ?? ""];
}
