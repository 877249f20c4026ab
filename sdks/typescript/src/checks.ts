/** Checksums and shapes by which a rule tells a secret from what only looks like one. */

const NOTHING = new Set(
  "true false null none nil undefined yes no required optional redacted hidden unset empty n/a missing invalid expired 0 1".split(" "),
);

/** What stands for a secret without being one: `${TOKEN}`, `<password>`, `****`. */
export function isPlaceholder(value: string): boolean {
  return (
    /^[*.]*$/.test(value) ||
    /^[*.xX•…\-_#?]{3,}$/.test(value) ||
    /^(?:\$\{\{|\{\{|\$\{|\$\(|\{|<|%\(|\[)[^{}<>]+(?:\}\}|\}|\)|>|\)s|\])$/.test(value) ||
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
function random(text: string): boolean {
  return /\d/.test(text) && new Set(text).size >= 6;
}

/** Letters of both cases and digits. */
function mixed(text: string): boolean {
  return /\d/.test(text) && /[A-Z]/.test(text) && /[a-z]/.test(text) && random(text);
}

function basic(text: string): boolean {
  const decoded = Buffer.from(text, "base64").toString("latin1");
  return decoded.includes(":") && /^[\x20-\x7e]+$/.test(decoded);
}

function luhn(text: string): boolean {
  const digits = [...text.replace(/\D/g, "")].reverse().map(Number);
  const sum = digits.reduce((total, digit, at) => total + (at % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2), 0);
  return sum % 10 === 0;
}

/** Card numbers begin with 2 to 6, or are no card numbers. */
function card(text: string): boolean {
  const digits = text.replace(/\D/g, "");
  return /^[2-6]/.test(digits) && new Set(digits).size > 1 && luhn(digits);
}

function iban(text: string): boolean {
  const compact = text.replace(/ /g, "");
  if (compact.length < 15 || compact.length > 34) return false;
  let rest = 0;
  for (const letter of compact.slice(4) + compact.slice(0, 4)) {
    const value = parseInt(letter, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

function phone(text: string): boolean {
  const digits = text.replace(/\D/g, "");
  return digits.length >= 7 && digits.length <= 15 && new Set(digits).size > 2;
}

const value = (text: string) => text !== "" && !isPlaceholder(text);
const word = (text: string) => value(text) && !isWordForNothing(text) && !text.startsWith("-");

/** The functions that a rule may name. */
export const CHECKS: Record<string, (text: string) => boolean> = { value, word, random, mixed, basic, card, iban, phone };
