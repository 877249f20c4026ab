// Reads cards, one JSON array on standard input, with the library that Teams' own cards are drawn by: cards.mjs MODULES
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import path from "node:path";

const require = createRequire(import.meta.url);
// What it exports by its name can't be loaded without a bundler.
const { AdaptiveCard, SerializationContext } = require(path.resolve(process.argv[2], "adaptivecards/dist/adaptivecards.js"));

function texts(value) {
  if (Array.isArray(value)) return value.flatMap(texts);
  if (value === null || typeof value !== "object") return [];
  const own = ["text", "title", "value", "url"].filter((key) => typeof value[key] === "string").map((key) => value[key]);
  return own.concat(Object.values(value).flatMap(texts));
}

const cards = JSON.parse(readFileSync(0, "utf8"));
for (const ours of cards) {
  const context = new SerializationContext();
  const card = new AdaptiveCard();
  card.parse(ours, context);
  const events = Array.from({ length: context.eventCount }, (_, at) => context.getEventAt(at).message);
  const wrong = events.concat(card.validateProperties().validationEvents.map((event) => event.message));
  if (wrong.length > 0) throw new Error(wrong.join("; "));
  const [read, sent] = [texts(card.toJSON()).sort(), texts(ours).sort()];
  if (JSON.stringify(read) !== JSON.stringify(sent)) throw new Error(`not all of a card is read: ${JSON.stringify([sent, read])}`);
}
console.log(cards.length);
