/**
 * Which of many short words stand in a text, in one pass over it (Aho and Corasick). Without regard to the case of ASCII
 * letters. This is what an event costs that holds nothing to redact.
 */
const CLASSES = 128;

export class Needles {
  /** `next[state * CLASSES + class]`: the state behind a character. Other than ASCII counts as the class 0. */
  private readonly next: Uint16Array;
  /** Numbers of the needles that end in a state. */
  private readonly ends: readonly (readonly number[])[];

  /** Needles are lower case and ASCII. */
  constructor(needles: readonly string[]) {
    const goto: Map<number, number>[] = [new Map()];
    const ends: number[][] = [[]];
    for (const [number, needle] of needles.entries()) {
      let state = 0;
      for (const letter of needle) {
        const code = letter.charCodeAt(0);
        let after = goto[state]!.get(code);
        if (after === undefined) {
          after = goto.length;
          goto.push(new Map());
          ends.push([]);
          goto[state]!.set(code, after);
        }
        state = after;
      }
      ends[state]!.push(number);
    }
    this.next = table(goto, ends);
    this.ends = ends;
  }

  /** Marks in `found` what is there; true when anything is. */
  find(text: string, found: Uint8Array): boolean {
    const { next, ends } = this;
    let state = 0;
    let any = false;
    for (let at = 0; at < text.length; at++) {
      let code = text.charCodeAt(at);
      if (code >= CLASSES) code = 0;
      else if (code >= 65 && code <= 90) code += 32;
      state = next[state * CLASSES + code]!;
      const here = ends[state]!;
      for (let nth = 0; nth < here.length; nth++) {
        found[here[nth]!] = 1;
        any = true;
      }
    }
    return any;
  }
}

/** Follows the states from the root, and lets each take over from the longest of its ends that is a beginning, too. */
function table(goto: readonly Map<number, number>[], ends: number[][]): Uint16Array {
  const next = new Uint16Array(goto.length * CLASSES);
  const fail = new Uint16Array(goto.length);
  const queue = [0];
  for (let at = 0; at < queue.length; at++) {
    const state = queue[at]!;
    for (let code = 0; code < CLASSES; code++) {
      const after = goto[state]!.get(code);
      const otherwise = state === 0 ? 0 : next[fail[state]! * CLASSES + code]!;
      next[state * CLASSES + code] = after ?? otherwise;
      if (after === undefined) continue;
      fail[after] = otherwise;
      ends[after]!.push(...ends[otherwise]!);
      queue.push(after);
    }
  }
  return next;
}
