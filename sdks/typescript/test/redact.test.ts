import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Json } from "../src/plain.js";
import { Redactor } from "../src/redact.js";

/** The detectors' own corpus: crates/tacho-redact/tests/corpus says how it is written. */
function rows(name: string, columns: number): string[][] {
  const file = fileURLToPath(new URL(`../../../../../crates/tacho-redact/tests/corpus/${name}`, import.meta.url));
  const lines = readFileSync(file, "utf8").split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const parts = line.split("\t");
    return [...parts.slice(0, columns - 1), parts.slice(columns - 1).join("\t")];
  });
}

const joined = (text: string) => text.replaceAll("¦", "").replaceAll("␤", "\n");
const redactor = Redactor.standard();

function redacted(form: string, text: string): string {
  if (form === "json") return JSON.stringify((redactor.value({ x: JSON.parse(text) as Json }) as { x: Json }).x);
  return (redactor.value({ x: text }) as { x: string }).x;
}

function isGone(secret: string, around: string, output: string): boolean {
  if (secret.length < 6) return output !== around.replace("§", () => secret);
  const parts = Array.from({ length: secret.length - 5 }, (_, at) => secret.slice(at, at + 6));
  return !parts.some((part) => output.includes(part) && !around.includes(part));
}

for (const [part, recall] of [["", 0.98], ["held-out-", 0.97]] as const) {
  test(`secrets of the ${part}corpus are found`, () => {
    const all = rows(`${part}secrets.tsv`, 4).map((row) => row.map(joined) as [string, string, string, string]);
    const missed = all.filter(([, form, secret, around]) => !isGone(secret, around, redacted(form, around.replace("§", () => secret))));
    const told = missed.map(([kind, , secret, around]) => `${kind}: ${around.replace("§", () => secret)}`);
    assert.ok(all.length > 100 && 1 - missed.length / all.length >= recall, `${missed.length} of ${all.length}\n${told.join("\n")}`);
  });
}

for (const [part, wrong] of [["", 0], ["held-out-", 2]] as const) {
  test(`lookalikes of the ${part}corpus stay`, () => {
    const all = rows(`${part}lookalikes.tsv`, 2).map((row) => row.map(joined) as [string, string]);
    const same = (form: string, text: string) => redacted(form, text) === (form === "json" ? JSON.stringify(JSON.parse(text)) : text);
    const changed = all.filter(([form, text]) => !same(form, text));
    assert.ok(changed.length <= wrong, `${changed.length} of ${all.length}\n${changed.map(([form, text]) => `${text}\n    ${redacted(form, text)}`).join("\n")}`);
  });
}

test("what is redacted is not redacted again, and stamps stay", () => {
  const event = { event_id: "password=x", password: "x1y2z3", text: "token=abcdef123 Bearer abcdef123456", url: "https://a:b@c.de/" };
  const once = redactor.line(JSON.stringify(event));
  assert.deepEqual(JSON.parse(once), {
    event_id: "password=x",
    password: "[REDACTED]",
    text: "[REDACTED] Bearer [REDACTED]",
    url: "https://a:[REDACTED]@c.de/",
  });
  assert.equal(redactor.line(once), once);
});
