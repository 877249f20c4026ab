/**
 * What stands behind a secret's name in text: told from code, types and words that merely speak of a secret. A simpler
 * form of the server's judgement, with the same words.
 */
import { isMixed, isPlaceholder, isRandom, isWordForNothing } from "./checks.js";
import type { Kind, Names } from "./names.js";

/** How a value was joined to its name. */
type Join = "tight" | "equals" | "colon" | "space";

const SEPARATOR = String.raw`[ \t]{0,16}(?:=>|:=|==?|:(?!:)|%3[dDaA]|%253[dDaA])[ \t]{0,16}`;
const NAME = String.raw`(?<![A-Za-z0-9_.\-])([A-Za-z0-9_.\-]{2,96})`;
const QUOTES = "[\\\\\"'\\]`]{0,8}";
const JOINS: readonly [RegExp, Join | undefined][] = [
  [new RegExp(`${NAME}${QUOTES}(${SEPARATOR})`, "g"), undefined],
  [/(?<![A-Za-z0-9_.-])(--?[A-Za-z][A-Za-z0-9_.-]{1,95})[ \t]{1,4}/g, "tight"],
  [new RegExp(`${NAME}[ \\t]{1,4}is[: \\t]{1,4}`, "g"), "colon"],
  [new RegExp(`${NAME}${QUOTES}[\\s,-]{1,32}value[=: ]{1,8}`, "g"), "tight"],
  [new RegExp(`${NAME}[ \\t]{1,4}(?![=:])`, "g"), "space"],
];
const TAG = /<([A-Za-z0-9_.-]{2,96})>([^<@]{1,4096})</g;
const QUOTED_VALUE = /[bruf@]?(\\{0,8})(["'`])((?:(?!\1\2)[^\n]){1,4096})/y;
const BARE_VALUE = /[^\s,;&"'`<>|\\]{1,256}/y;
const BARE_REST = /[^\s,;&"'`<>|\\]*/y;
const JUDGED_MAX = 256;
// eslint-disable-next-line no-control-regex -- a header ends at a control character
const HEADER_VALUE = /([\\"'`]{0,8})([^\x00-\x1f"'`\\<>]{1,4096})/y;
const SCHEME = /^(?:bearer|basic|token|apikey|digest|bot) +(?![${<])(\S+)$/i;
const DOTTED = /^[A-Za-z_]+(?:\.[A-Za-z_]+)+$/;
const ABOUT = new Set("password passwd secret token string varchar text required credentials cookie".split(" "));
const TYPES = new Set(
  "str string bytes int bool number any text u8 u16 u32 u64 u128 i32 i64 f64 int32 int64 uint64 byte varchar secretstr uint8array buffer".split(" "),
);

type Span = [start: number, end: number];

/** Replaces what is assigned to a secret's name within a text. */
export function redactAssigned(text: string, names: Names, replacement: string): string {
  const cuts: Span[] = [];
  for (const [pattern, join] of JOINS) {
    let covered = 0; // names inside of a value that goes as a whole are not looked at: the work stays linear
    for (const found of text.matchAll(pattern)) {
      if (found.index < covered) continue;
      const kind = names.kind(found[1]!.replace(/^[.-]+|[.-]+$/g, ""));
      if (kind === undefined) continue;
      const cut = assigned(text, found.index + found[0].length, kind, join ?? joinOf(found[2]!), replacement);
      if (cut === undefined) continue;
      cuts.push(cut);
      covered = cut[1];
    }
  }
  for (const found of text.matchAll(TAG)) {
    const [, name = "", value = ""] = found;
    if (names.kind(name) === undefined || isWordForNothing(value.trim()) || isPlaceholder(value)) continue;
    const start = found.index + name.length + 2;
    cuts.push([start, start + value.length]);
  }
  return cuts.length === 0 ? text : replaced(text, cuts, replacement);
}

function joinOf(sign: string): Join {
  if (sign === "=" || sign === ":" || sign.startsWith("%")) return "tight";
  return sign.trim() === ":" ? "colon" : "equals";
}

function replaced(text: string, cuts: Span[], replacement: string): string {
  let out = "";
  let at = 0;
  for (const [start, end] of cuts.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (start >= at) out += text.slice(at, start) + replacement;
    at = Math.max(at, end);
  }
  return out + text.slice(at);
}

/** What a sticky expression finds at a place. */
function at(expression: RegExp, text: string, place: number): RegExpExecArray | null {
  expression.lastIndex = place;
  return expression.exec(text);
}

/** Where the value at a place stands, if it is a secret. */
function assigned(text: string, place: number, kind: Kind, join: Join, replacement: string): Span | undefined {
  if (text.startsWith(replacement, place)) return undefined;
  if (kind === "header") {
    const found = at(HEADER_VALUE, text, place);
    if (found === null || !isHeader(found[2]!.trimEnd())) return undefined;
    const start = place + found[1]!.length;
    return [start, start + found[2]!.length];
  }
  const quoted = at(QUOTED_VALUE, text, place);
  if (quoted !== null) {
    const value = quoted[3]!;
    const isSure = join !== "space" || kind === "password";
    const end = place + quoted[0].length;
    return isSure && isQuoted(value, kind, replacement) ? [end - value.length, end] : undefined;
  }
  const bare = at(BARE_VALUE, text, place);
  if (bare === null) return undefined;
  const value = bare[0].replace(/[)\]}.:]+$/, "");
  const end = place + value.length;
  const behind = text.slice(end, end + 64).replace(/^[ \t\r)\]}]+/, "").slice(0, 1);
  const ends = ["", "\n", '"', "'"].includes(behind);
  if (value === "" || !isBare(value.slice(0, JUDGED_MAX), kind, join, ends)) return undefined;
  if (value.length < JUDGED_MAX) return [place, end];
  return [place, end + (at(BARE_REST, text, end)?.[0].length ?? 0)];
}

function isHeader(value: string): boolean {
  for (const part of value.slice(0, 256).split(/[ ;]/)) {
    const equals = part.indexOf("=");
    const item = equals < 0 ? part : part.slice(equals + 1);
    const isSet = item !== "" && !isPlaceholder(item) && !"${<".includes(item.charAt(0));
    if (isSet && (isRandom(item) || (equals >= 0 && item.length >= 6))) return true;
  }
  const single = SCHEME.exec(value);
  return single !== null && !isPlaceholder(single[1]!);
}

function isQuoted(value: string, kind: Kind, replacement: string): boolean {
  const isPadded = " ,)".includes(value.charAt(0)) || value.endsWith(" ");
  const namesItself = value.length <= 12 && ABOUT.has(value.toLowerCase());
  return (
    /[\p{L}\p{N}]/u.test(value) &&
    !isPadded &&
    !namesItself &&
    !value.startsWith(replacement) &&
    !isPlaceholder(value) &&
    !isWordForNothing(value) &&
    !(kind === "directory" && isPath(value))
  );
}

function isBare(value: string, kind: Kind, join: Join, ends: boolean): boolean {
  const lower = value.toLowerCase();
  if (isPlaceholder(value) || isWordForNothing(value) || TYPES.has(lower.replace(/\?+$/, ""))) return false;
  const isCode = /[([{]/.test(value) || DOTTED.test(value) || /^[&=/]/.test(value);
  if (isCode && !(value.startsWith("/") && isRandom(value) && kind !== "directory")) return false;
  if (kind === "directory" && isPath(value)) return false;
  const digits = value.replace(/\D/g, "").length;
  const hasSymbol = value.length >= 6 && /[!@#$%^*+/]/.test(value.slice(1));
  const isMix = digits > 0 && digits < value.length && value.length >= 5;
  if (kind === "code") return digits >= 3;
  if (join === "space") {
    // perhaps a sentence
    if (kind === "password") return isMix && value.length >= 6 && value.length > digits + 1;
    return value.length >= 8 && isMixed(value) && isRandom(value);
  }
  if (join === "tight") return value.length >= 3;
  if (kind === "password" || kind === "directory") {
    return isMix || hasSymbol || digits >= 4 || (value.length >= 6 && ends && !ABOUT.has(lower));
  }
  if (join === "equals") return (isMix || hasSymbol) && ends;
  return (isMix && value.length >= 6) || hasSymbol;
}

export function isPath(value: string): boolean {
  return /^[/~.$]/.test(value) || /^[A-Za-z]:[\\/]/.test(value);
}
