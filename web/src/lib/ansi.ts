// Terminal output as styled text. Colours and weight are kept; everything else that a terminal would obey
// (cursor moves, titles, links, clipboard) is dropped, and what stays invisible is shown as a symbol.

export interface Span {
  text: string;
  color: number | null;
  bold: boolean;
  dim: boolean;
}

// CSI, OSC (ended by BEL or ST, or by the end), the other strings, and two-byte escapes.
const ESCAPE = /\x1b(?:\[([0-9;:?<=>]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\|$)|[PX^_][^\x1b]*(?:\x1b\\|$)|[ -/]*[0-~]|$)/g;
const INVISIBLE = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Control and direction-changing characters as symbols: text may not pretend to be other text. */
export function visible(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(INVISIBLE, (char) => {
    const code = char.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "␡" : `⟨${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

function styled(span: Span, codes: string): Span {
  let next = { ...span };
  const numbers = codes === "" ? [0] : codes.split(/[;:]/).map(Number);
  for (let place = 0; place < numbers.length; place += 1) {
    const code = numbers[place] ?? 0;
    if (code === 0) next = { ...next, color: null, bold: false, dim: false };
    else if (code === 1) next.bold = true;
    else if (code === 2) next.dim = true;
    else if (code === 22) next = { ...next, bold: false, dim: false };
    else if (code >= 30 && code <= 37) next.color = code - 30;
    else if (code >= 90 && code <= 97) next.color = code - 90;
    else if (code === 39) next.color = null;
    else if (code === 38 || code === 48) place += numbers[place + 1] === 5 ? 2 : 4;
  }
  return next;
}

export function ansiSpans(text: string): Span[] {
  const spans: Span[] = [];
  let style: Span = { text: "", color: null, bold: false, dim: false };
  let end = 0;
  const push = (part: string) => {
    if (part !== "") spans.push({ ...style, text: visible(part) });
  };
  for (const match of text.matchAll(ESCAPE)) {
    push(text.slice(end, match.index));
    end = match.index + match[0].length;
    if (match[2] === "m") style = styled(style, match[1] ?? "");
  }
  push(text.slice(end));
  return spans;
}
