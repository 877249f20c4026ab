// Reads what a call took and gave, and says how each piece of it wants to be shown. Anything that is not recognised
// stays JSON: nothing is left out.

import { type DiffLine, lineDiff, parsePatch } from "./diff.ts";

export interface Option {
  name: string;
  why: string | null;
  score: number | null;
}

export type Part =
  | { kind: "terminal"; label: string; command?: string; output?: string }
  | { kind: "diff"; label: string; path: string | null; lines: DiffLine[] }
  | { kind: "prose"; label: string; text: string }
  | { kind: "decision"; question: string | null; chosen: string | null; options: Option[] }
  | { kind: "json"; label: string; value: unknown };

export interface Texts {
  action_name: string;
  action_type: string;
  action_details: string | null;
  outcome_result: string | null;
  outcome_error: string | null;
  decision: string | null;
}

type Fields = Record<string, unknown>;

export function parseJson(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const isFields = (value: unknown): value is Fields => value !== null && typeof value === "object" && !Array.isArray(value);
const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** Takes the first of these members that is a text, out of the copy. */
function take(fields: Fields, ...names: string[]): string | undefined {
  for (const name of names) {
    const text = textOf(fields[name]);
    if (text !== undefined) {
      delete fields[name];
      return text;
    }
  }
  return undefined;
}

function left(label: string, value: unknown): Part[] {
  if (value === undefined || value === null) return [];
  if (typeof value === "string") return value === "" ? [] : [{ kind: "prose", label, text: value }];
  if (typeof value === "object" && Object.keys(value).length === 0) return [];
  return [{ kind: "json", label, value }];
}

export function partsOf(texts: Texts): Part[] {
  const decision = parseJson(texts.decision);
  const shown = isFields(decision) && ("chosen" in decision || "options_considered" in decision);
  const same = texts.decision !== null && texts.decision === texts.action_details;
  const input = same ? undefined : parseJson(texts.action_details);
  const [output, error] = [parseJson(texts.outcome_result), parseJson(texts.outcome_error)];
  const head = shown ? decisionParts(decision) : left(same ? "Decision" : "Explanation", decision);
  return [...head, ...callParts(input, output, error, texts.action_type === "communication" ? "Message" : "Input")];
}

function decisionParts(decision: Fields): Part[] {
  const { question, chosen, options_considered: options, ...rest } = decision;
  const read = (option: unknown): Option => {
    if (!isFields(option)) return { name: String(option), why: null, score: null };
    const score = typeof option.score === "number" ? option.score : null;
    return { name: String(option.option ?? option.name ?? JSON.stringify(option)), why: textOf(option.reasoning ?? option.reason) ?? null, score };
  };
  const list = Array.isArray(options) ? options.map(read) : [];
  return [{ kind: "decision", question: textOf(question) ?? null, chosen: textOf(chosen) ?? null, options: list }, ...left("About the decision", rest)];
}

function callParts(input: unknown, output: unknown, error: unknown, name: string): Part[] {
  const fields = isFields(input) ? { ...input } : null;
  const result = isFields(output) ? { ...output } : null;
  const failure = isFields(error) ? { ...error } : null;
  const parts: Part[] = [];
  const printed = result !== null && (typeof result.stdout === "string" || typeof result.stderr === "string");
  if (printed || typeof fields?.command === "string") {
    const command = fields ? take(fields, "command") : undefined;
    const said = [
      result ? take(result, "stdout", "output", "output_preview", "content") : textOf(output),
      result ? take(result, "stderr") : undefined,
    ].filter((text) => text !== undefined);
    const message = failure ? take(failure, "message") : textOf(error);
    if (message !== undefined && !said.includes(message)) said.push(message);
    parts.push({ kind: "terminal", label: "Command and its output", command, output: said.join("\n") });
    return [...parts, ...left(command === undefined ? name : "Also given", fields ?? input), ...left("Result", result ?? undefined), ...left("Error", failure ?? undefined)];
  }
  parts.push(...changeParts(fields));
  parts.push(...left(name, fields ? takeProse(fields, parts) : input));
  const patch = typeof output === "string" ? parsePatch(output) : null;
  if (patch) parts.push({ kind: "diff", label: "Change", path: null, lines: patch });
  else parts.push(...left("Result", output));
  return [...parts, ...left("Error", error)];
}

/** Edits and writes as diffs. */
function changeParts(fields: Fields | null): Part[] {
  if (!fields) return [];
  const [before, after] = [fields.old_string, fields.new_string];
  const path = textOf(fields.file_path) ?? textOf(fields.path) ?? null;
  if (typeof before === "string" && typeof after === "string") {
    for (const name of ["old_string", "new_string", "file_path"]) delete fields[name];
    return [{ kind: "diff", label: "Change", path, lines: lineDiff(before, after) }];
  }
  const content = fields.content;
  if (path !== null && typeof content === "string") {
    for (const name of ["content", "file_path"]) delete fields[name];
    return [{ kind: "diff", label: "New text", path, lines: lineDiff("", content) }];
  }
  const patch = take(fields, "patch", "diff");
  const lines = patch === undefined ? null : parsePatch(patch);
  if (patch !== undefined && lines === null) return [{ kind: "prose", label: "Change", text: patch }];
  return lines ? [{ kind: "diff", label: "Change", path, lines }] : [];
}

/** A prompt or message leads; what else was given follows as JSON. */
function takeProse(fields: Fields, parts: Part[]): Fields {
  const text = take(fields, "prompt", "message", "content", "text", "last_assistant_message");
  if (text !== undefined) parts.push({ kind: "prose", label: "Message", text });
  return fields;
}
