/** Checksums and shapes by which a rule tells a secret from what only looks like one. */

const NOTHING = new Set(
  "true false null none nil undefined yes no required optional redacted hidden unset empty n/a missing invalid expired 0 1".split(" "),
);

/** What stands for a secret without being one: `${TOKEN}`, `<password>`, `****`. */
export function isPlaceholder(value: string): boolean {
  return (
    /^[*.]*$/.test(value) ||
    /^[*.xX•…\-_#?]{3,}$/.test(value) ||
    /^(?:\$\{\{|\{\{|\$\{|\$\(|\{|<|%\(|\[)[^{}<>]+(?:\}\}|\}|\)s|\)|>|\])$/.test(value) ||
    /^%.+%$/.test(value) ||
    /^\$[A-Z0-9_]+$/.test(value) ||
    /^(?:%s|%v|\{\}|\$1|\$2)$/.test(value) ||
    /^your[_-]/i.test(value)
  );
}

/** A word that says that there is nothing. */
export function isWordForNothing(value: string): boolean {
  return value === "" || NOTHING.has(value.toLowerCase());
}

/** Holds a digit, and is not one character over and over. */
export function isRandom(text: string): boolean {
  return /\d/.test(text) && isVaried(text);
}

/** Letters of both cases and digits. */
export function isMixed(text: string): boolean {
  return /\d/.test(text) && /[A-Z]/.test(text) && /[a-z]/.test(text);
}

function isVaried(text: string): boolean {
  return new Set(text).size >= 6;
}

function isBasic(text: string): boolean {
  const decoded = Buffer.from(text, "base64").toString("latin1");
  return decoded.includes(":") && /^[\x20-\x7e]+$/.test(decoded);
}

function isWord(text: string): boolean {
  return !/^[$\-<`]/.test(text) && !isPlaceholder(text);
}

function isPhone(text: string): boolean {
  const isDate = /^.{4}-.{2}-/.test(text) && text.length >= 10;
  const digits = text.replace(/\D/g, "").length;
  return digits >= 7 && digits <= 15 && !isDate;
}

/** First four digits from, to; numbers of digits. */
const CARDS: readonly [number, number, readonly number[]][] = [
  [4000, 4999, [13, 16, 19]],
  [5100, 5599, [16]],
  [2221, 2720, [16]],
  [3400, 3499, [15]],
  [3700, 3799, [15]],
  [6011, 6011, [16, 19]],
  [6440, 6599, [16, 19]],
  [3528, 3589, [16, 19]],
  [6200, 6299, [16, 17, 18, 19]],
  [3000, 3059, [14, 16]],
  [3095, 3095, [14, 16]],
  [3600, 3699, [14, 16]],
  [3800, 3999, [14, 16]],
  ...[5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763].map(
    (head): [number, number, number[]] => [head, head, [13, 14, 15, 16, 17, 18, 19]],
  ),
];

function isCard(text: string): boolean {
  const digits = text.replace(/\D/g, "");
  const head = Number(digits.slice(0, 4));
  const isKnown = CARDS.some(([from, to, lengths]) => head >= from && head <= to && lengths.includes(digits.length));
  const sum = [...digits].reverse().map(Number).reduce((total, digit, at) => total + (at % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2), 0);
  return isKnown && new Set(digits).size > 1 && sum % 10 === 0;
}

function isIban(text: string): boolean {
  const compact = text.replace(/ /g, "");
  if (compact.length < 15 || compact.length > 34) return false;
  let rest = 0;
  for (const letter of compact.slice(4) + compact.slice(0, 4)) {
    const value = parseInt(letter, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

/** The functions that a rule may name. */
export const CHECKS: Readonly<Record<string, (text: string) => boolean>> = {
  value: (text) => !isPlaceholder(text),
  word: isWord,
  random: isRandom,
  varied: isVaried,
  mixed: (text) => isMixed(text) && isRandom(text),
  basic: isBasic,
  card: isCard,
  iban: isIban,
  phone: isPhone,
};
