// Where a program on Next.js sets itself up: a bundle apart from those of the routes. The edge runtime must not load it.
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { configure } = await import("tachograph-client");
  configure({ agentId: "judge-next" });
}
