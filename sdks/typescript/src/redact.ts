/**
 * Takes secrets and personal data out of an event before it reaches a disk or the network.
 *
 * The rules are generated from the server's own (src/patterns.json); the server redacts again, with more than regular
 * expressions can say. A text that holds none of a rule's needles costs one look.
 */
import { CHECKS, isPlaceholder, isWordForNothing } from "./checks.js";
import type { Json } from "./plain.js";
import { Needles } from "./needles.js";
import { Names, type Kind, type NameRules } from "./names.js";
import { patterns } from "./patterns.js";
import { isPath, redactAssigned } from "./values.js";

export interface Patterns {
  version: number;
  replacement: string;
  names: NameRules & { needles: readonly string[] };
  rules: readonly { name: string; needles?: readonly string[]; gate?: string; check?: string; any_case?: boolean; regex: string }[];
}

interface Rule {
  /** Numbers of its needles; it is looked at where one of them stands. */
  needles: readonly number[];
  /** Or where this matches. */
  gate: RegExp | undefined;
  check: (text: string) => boolean;
  regex: RegExp;
}

/** JSON within a string is read as JSON so many levels deep. */
const NESTING_MAX = 4;
/** What is taken out may have hidden the bounds of a secret next to it. */
const PASSES_MAX = 4;
/** `{"name": "TOKEN", "value": …}`: members that name a value, and those that are it. */
const NAMING = /^(?:[Nn]ame|[Kk]ey|header|selector|element|field|label)$/;
const NAMED = /^(?:[Vv]alue|val|text)$/;
/** Members that are stamped by the client itself. */
const OURS = new Set(["event_id", "communication_id", "timestamp", "producer"]);

export class Redactor {
  private static made: Redactor | undefined;
  private readonly names: Names;
  private readonly rules: Rule[];
  readonly replacement: string;
  private readonly needles: Needles;
  private readonly found: Uint8Array;
  /** Needles from here on are those of names. */
  private readonly nameNeedles: number;

  constructor(from: Patterns) {
    this.names = new Names(from.names);
    this.replacement = from.replacement;
    const words = [...new Set(from.rules.flatMap((rule) => rule.needles ?? []))];
    this.nameNeedles = words.length;
    this.needles = new Needles([...words, ...from.names.needles]);
    this.found = new Uint8Array(words.length + from.names.needles.length);
    this.rules = from.rules.map((rule) => ({
      needles: (rule.needles ?? []).map((needle) => words.indexOf(needle)),
      gate: rule.gate === undefined ? undefined : new RegExp(rule.gate),
      check: (rule.check === undefined ? undefined : CHECKS[rule.check]) ?? (() => true),
      regex: new RegExp(rule.regex, rule.any_case ? "gdi" : "gd"),
    }));
  }

  /** The rules that came with the package. */
  static standard(): Redactor {
    return (Redactor.made ??= new Redactor(patterns));
  }

  /** One event as one line of JSON. */
  line(text: string): string {
    if (!this.isSuspect(text)) return text;
    return JSON.stringify(this.value(JSON.parse(text) as Json));
  }

  /** A copy of a value. */
  value(value: Json): Json {
    return this.walk(value, undefined, 0, 0);
  }

  isSecretName(name: string): boolean {
    return this.names.kind(name) !== undefined;
  }

  /**
   * Whether all of a value goes, whatever it is: under a secret's name, and a list also under its plural, which else
   * may count (`tokens`). `pwd` may be a path.
   */
  hides(name: string, value: Json): boolean {
    const isList = Array.isArray(value) && name.endsWith("s");
    const kind = this.names.kind(name) ?? (isList ? this.names.kind(name.slice(0, -1)) : undefined);
    return kind !== undefined && kind !== "directory";
  }

  /** Whether a member is a value that another member of its object gives a secret's name. */
  isNamedSecret(name: string, within: { [name: string]: Json }): boolean {
    return NAMED.test(name) && Object.entries(within).some(([other, item]) => this.namedBy(other, item) !== undefined);
  }

  /** The kind of what follows an option in a list of arguments. */
  armedBy(item: Json | undefined): Kind | undefined {
    return typeof item === "string" && /^-[^= \\]*$/.test(item) ? this.names.kind(item) : undefined;
  }

  private namedBy(name: string, item: Json): Kind | undefined {
    if (!NAMING.test(name) || typeof item !== "string") return undefined;
    return this.names.kind(item.replace(/ (?:field|input)$/, ""));
  }

  private walk(value: Json, kind: Kind | undefined, level: number, depth: number): Json {
    if (typeof value === "string") return this.replaces(value, kind) ? this.replacement : this.text(value, level);
    if (typeof value === "number") {
      const few = kind === "code" && String(value).length < 3;
      return kind === undefined || few || isWordForNothing(String(value)) ? value : this.replacement;
    }
    if (value === null || typeof value === "boolean") return value;
    if (Array.isArray(value)) return this.items(value, kind, level, depth);
    return this.members(value, kind, level, depth);
  }

  private items(items: Json[], kind: Kind | undefined, level: number, depth: number): Json[] {
    // An option in a list of arguments: the next one is its value.
    let armed: Kind | undefined;
    return items.map((item) => {
      const done = this.walk(item, kind ?? armed, level, depth + 1);
      armed = this.armedBy(item);
      return done;
    });
  }

  private members(object: { [name: string]: Json }, kind: Kind | undefined, level: number, depth: number): Json {
    let named: Kind | undefined;
    const members = Object.entries(object).map(([name, item]): [string, Json] => {
      if (depth === 0 && OURS.has(name)) return [name, item];
      const paired = NAMED.test(name) ? named : undefined;
      if (NAMING.test(name) && typeof item === "string") named = this.namedBy(name, item);
      const own = this.names.kind(name);
      // What describes a value, as JSON Schema does, does not hold it.
      const describes = own !== undefined && isDescription(item);
      const inner = kind ?? (describes ? undefined : own) ?? paired;
      return [this.text(name, level), this.walk(item, inner, level, depth + 1)];
    });
    return Object.fromEntries(members);
  }

  /** Whether a string under a secret's name is replaced whole. */
  private replaces(text: string, kind: Kind | undefined): boolean {
    if (kind === undefined || text === this.replacement) return false;
    if (kind === "directory" && isPath(text)) return false;
    if (kind === "code" && text.replace(/\D/g, "").length < 3) return false;
    return !isWordForNothing(text) && !isPlaceholder(text);
  }

  /** One string: as JSON of its own where it is that, else as text. */
  private text(text: string, level: number): string {
    if (!this.isSuspect(text)) return text;
    if (level + 1 < NESTING_MAX && /^\s*[{["]/.test(text)) {
      try {
        const inner = JSON.parse(text) as Json;
        const done = JSON.stringify(this.walk(inner, undefined, level + 1, 1));
        return done === JSON.stringify(inner) ? text : done;
      } catch {
        // no JSON
      }
    }
    let now = text;
    for (let pass = 0; pass < PASSES_MAX; pass++) {
      const next = this.pass(now);
      if (next === now) break;
      now = next;
    }
    return now;
  }

  /** Whether a rule has to look at it. */
  private isSuspect(text: string): boolean {
    return this.needles.find(text, this.found) || this.rules.some(({ gate }) => gate?.test(text));
  }

  private pass(text: string): string {
    const { found } = this;
    found.fill(0);
    this.needles.find(text, found);
    const isNamed = found.includes(1, this.nameNeedles);
    const rules = this.rules.filter(({ needles, gate }) => gate?.test(text) ?? needles.some((needle) => found[needle] === 1));
    const out = isNamed ? redactAssigned(text, this.names, this.replacement) : text;
    return rules.reduce((now, { regex, check }) => replaceFound(now, regex, check, this.replacement), out);
  }
}

function isDescription(item: Json): boolean {
  if (typeof item !== "object" || item === null || Array.isArray(item)) return false;
  const [first] = Object.keys(item);
  return first !== undefined && ["type", "description", "title", "$ref", "anyOf"].includes(first);
}

/** Replaces the first group where there is one, else the whole match, if the check agrees. */
function replaceFound(text: string, regex: RegExp, check: (text: string) => boolean, replacement: string): string {
  let out = "";
  let from = 0;
  regex.lastIndex = 0;
  for (let found = regex.exec(text); found !== null; found = regex.exec(text)) {
    if (found[0] === "") regex.lastIndex++;
    const [start, end] = found.indices?.[1] ?? found.indices![0]!;
    const secret = text.slice(start, end);
    if (start < from || secret === replacement || secret.startsWith(replacement) || !check(secret)) continue;
    out += text.slice(from, start) + replacement;
    from = end;
  }
  return from === 0 ? text : out + text.slice(from);
}
