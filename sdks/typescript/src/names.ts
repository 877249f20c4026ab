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

/** `code`: a few digits are a secret, too. `directory`: `pwd`, which may be a path. `header`: goes on to the line's end. */
export type Kind = "secret" | "code" | "header" | "directory";

const CODES = new Set(["pin", "otp", "cvv", "cvc", "ssn", "socialsecuritynumber", "cardnumber", "creditcard", "passcode", "phonenumber"]);
const HEADERS = new Set(["authorization", "cookie", "cookies"]);
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
      const found = this.phrases.find((phrase) => this.ends(words, phrase));
      if (found !== undefined) {
        if (CODES.has(found)) return "code";
        if (HEADERS.has(found)) return "header";
        return found === "pwd" ? "directory" : "secret";
      }
      const last = words.at(-1);
      if (last === undefined || words.length === 1) return undefined;
      if (!this.trailing.has(last) && !/^\d+$/.test(last)) return undefined;
      words.pop();
    }
  }

  private ends(words: readonly string[], phrase: string): boolean {
    let at = words.length;
    let tail = "";
    while (at > 0 && tail.length < phrase.length) tail = words[--at] + tail;
    // `password2` is a password.
    const bare = tail.replace(/\d+$/, "");
    if (tail === phrase || bare === phrase) {
      const before = words[at - 1];
      if (before === undefined) return true;
      return !this.notSecret.has(before) && !(phrase === "token" && this.notToken.has(before));
    }
    return this.glued.has(phrase) && (tail.endsWith(phrase) || bare.endsWith(phrase));
  }
}

/** Words in lower case, split at punctuation and at camelCase. */
function split(name: string): string[] {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/([A-Z])([A-Z][a-z])/g, "$1 $2");
  return spaced.toLowerCase().split(/[^a-z0-9]+/).filter(Boolean);
}
