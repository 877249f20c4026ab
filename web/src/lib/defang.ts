// Links in content of agents are never clickable, and read so that no other program makes them clickable again.

const LINK = /\b(https?|ftp|wss?|file|javascript|data|vbscript):(?=\S)/gi;

export function defang(text: string): string {
  return text.replace(LINK, (_, scheme: string) => `${scheme.replace(/^http/i, "hxxp")}[:]`);
}
