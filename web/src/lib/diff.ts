// Line diffs of texts and of patches, with limits: a diff of megabytes helps nobody.

import { diffLines } from "diff";

export interface DiffLine {
  sign: "+" | "-" | " " | "@";
  text: string;
}

const CHARACTERS_MAX = 200_000;

export function lineDiff(before: string, after: string): DiffLine[] {
  if (before.length + after.length > CHARACTERS_MAX) return [{ sign: "@", text: "too long to compare here" }];
  return diffLines(before, after).flatMap((part) => {
    const sign = part.added ? "+" : part.removed ? "-" : " ";
    return part.value.replace(/\n$/, "").split("\n").map((text) => ({ sign, text }) as DiffLine);
  });
}

/** A unified diff as lines, or nothing when the text is none. */
export function parsePatch(text: string): DiffLine[] | null {
  if (!/^(diff --git |--- |@@ )/m.test(text) || !/^[+-]/m.test(text)) return null;
  return text.slice(0, CHARACTERS_MAX).split("\n").map((line) => {
    const first = line[0] ?? " ";
    if (/^(diff |index |--- |\+\+\+ |@@)/.test(line)) return { sign: "@", text: line };
    return first === "+" || first === "-" ? { sign: first, text: line.slice(1) } : { sign: " ", text: line.replace(/^ /, "") };
  });
}
