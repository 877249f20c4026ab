// The little of Markdown that runbooks use, as blocks to be shown: heads, paragraphs, numbered steps, commands.

export interface Span {
  kind: "text" | "strong" | "code";
  text: string;
}

export type Block = { kind: "head"; text: string } | { kind: "code"; text: string } | { kind: "text" | "item"; spans: Span[] };

const SPAN = /\*\*([^*]+)\*\*|`([^`]+)`|\[([^\]]+)\]\([^)]*\)/g;

export function spansOf(text: string): Span[] {
  const spans: Span[] = [];
  let end = 0;
  const push = (kind: Span["kind"], part: string) => {
    if (part !== "") spans.push({ kind, text: part });
  };
  for (const match of text.matchAll(SPAN)) {
    push("text", text.slice(end, match.index));
    end = match.index + match[0].length;
    push(match[1] !== undefined ? "strong" : match[2] !== undefined ? "code" : "text", match[1] ?? match[2] ?? match[3] ?? "");
  }
  push("text", text.slice(end));
  return spans;
}

/** Blocks are parted by empty lines; a command is what stands further in than its step. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  for (const part of markdown.split(/\n\s*\n/)) {
    const lines = part.split("\n").filter((line) => line.trim() !== "");
    const first = lines[0];
    if (first === undefined) continue;
    const inset = Math.min(...lines.map((line) => line.length - line.trimStart().length));
    if (first.startsWith("#")) {
      if (!/^# /.test(first)) blocks.push({ kind: "head", text: first.replace(/^#+ */, "") });
    } else if (inset >= 4) blocks.push({ kind: "code", text: lines.map((line) => line.slice(inset)).join("\n") });
    else for (const item of itemsOf(lines)) blocks.push(item);
  }
  return blocks;
}

function itemsOf(lines: string[]): Block[] {
  const texts: { item: boolean; text: string }[] = [];
  for (const line of lines) {
    const item = /^(\d+\.|-) /.test(line.trimStart());
    const before = texts.at(-1);
    if (item || before === undefined) texts.push({ item, text: line.trim() });
    else before.text += ` ${line.trim()}`;
  }
  return texts.map(({ item, text }) => ({ kind: item ? "item" : "text", spans: spansOf(text) }));
}
