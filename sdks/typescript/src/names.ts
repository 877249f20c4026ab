/**
 * Which names carry secrets: `db_password`, `X-Api-Key` and `clientSecret`, but not `input_tokens`. As the server judges
 * them (crates/tacho-redact/src/keys.rs): by their end, word by word.
 */
export interface NameRules {
  phrases: readonly string[];
  /** Phrases that count also without a boundary before them: `PGPASSWORD`. */
  glued: readonly string[];
  /** Words behind the phrase that change nothing: `password_value`. */
  trailing: readonly string[];
  /** Words before it that make it something else: `has_password`, `next_page_token`. */
  not_secret: readonly string[];
  not_token: readonly string[];
  name_chars_max: number;
}

/**
 * `password`: an ordinary word may be one. `code`: a few digits are a secret, too. `directory`: `pwd`, which may be a path.
 * `header`: goes on to the line's end. `phrase`: several words.
 */
export type Kind = "secret" | "password" | "code" | "header" | "directory" | "phrase";

const CODES = new Set(["pin", "otp", "cvv", "cvc", "ssn", "socialsecuritynumber", "cardnumber", "creditcard", "passcode", "phonenumber"]);
const HEADERS = new Set(["authorization", "cookie", "cookies"]);
const PHRASES = new Set(["passphrase", "mnemonic", "seedphrase", "recoveryphrase"]);
/** Names come again and again. */
const KNOWN_MAX = 2000;

export class Names {
  private readonly phrases: readonly string[];
  private readonly glued: ReadonlySet<string>;
  private readonly trailing: ReadonlySet<string>;
  private readonly notSecret: ReadonlySet<string>;
  private readonly notToken: ReadonlySet<string>;
  private readonly max: number;
  private readonly known = new Map<string, Kind | undefined>();

  constructor(rules: NameRules) {
    // The longest first: `access_token` before `token`.
    this.phrases = [...rules.phrases].sort((a, b) => b.length - a.length);
    this.glued = new Set(rules.glued);
    this.trailing = new Set(rules.trailing);
    this.notSecret = new Set(rules.not_secret);
    this.notToken = new Set(rules.not_token);
    this.max = rules.name_chars_max;
  }

  /** The kind of secret that a name stands for, if any. */
  kind(name: string): Kind | undefined {
    if (this.known.has(name)) return this.known.get(name);
    const kind = this.judge(name.slice(-this.max));
    if (this.known.size >= KNOWN_MAX) this.known.clear();
    if (name.length <= this.max) this.known.set(name, kind);
    return kind;
  }

  private judge(name: string): Kind | undefined {
    const words = split(name);
    for (;;) {
      const found = this.ends(words);
      if (found !== undefined) return kindOf(found);
      const last = words.at(-1);
      if (last === undefined || words.length === 1) return undefined;
      if (!this.trailing.has(last) && !/^\d+$/.test(last)) return undefined;
      words.pop();
    }
  }

  private ends(words: readonly string[]): string | undefined {
    const whole = words.join("");
    const before = new Map<number, string>(); // where a word begins, and the word before
    let at = 0;
    for (const [nth, word] of words.entries()) {
      before.set(at, words[nth - 1] ?? "");
      at += word.length;
    }
    return this.phrases.find((phrase) => {
      if (!whole.endsWith(phrase)) return false;
      const start = whole.length - phrase.length;
      const word = before.get(start);
      if (start === 0) return true;
      if (word === undefined) return this.glued.has(phrase);
      return !this.notSecret.has(word) && !(phrase === "token" && this.notToken.has(word));
    });
  }
}

function kindOf(phrase: string): Kind {
  if (HEADERS.has(phrase)) return "header";
  if (CODES.has(phrase)) return "code";
  if (phrase === "pwd") return "directory";
  if (PHRASES.has(phrase)) return "phrase";
  return phrase === "pw" || phrase.startsWith("pass") || phrase.endsWith("pass") ? "password" : "secret";
}

/** Words in lower case: runs of letters and digits, split at camelCase. */
function split(name: string): string[] {
  return (name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+/g) ?? []).map((word) => word.toLowerCase());
}
