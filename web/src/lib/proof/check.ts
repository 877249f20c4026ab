// The whole check of one event's proof, step by step. It trusts the pinned keys and nothing that the server says.

import { type Bytes, fromBase64, hex } from "./bytes.ts";
import { type Climb, climb, leafHash } from "./merkle.ts";
import { type Checkpoint, type VerifierKey, checkSignature, parseCheckpoint, sameRoot } from "./note.ts";

export interface TlogProof {
  entry: Bytes;
  index: number;
  path: Bytes[];
  checkpoint: Checkpoint;
}

/** Reads a C2SP tlog-proof that carries its entry as extra data. */
export function parseProof(text: string): TlogProof {
  const cut = text.indexOf("\n\n");
  const [version, extra, index, ...hashes] = text.slice(0, Math.max(cut, 0)).split("\n");
  if (version !== "c2sp.org/tlog-proof@v1") throw new Error(`expected a c2sp.org/tlog-proof@v1, found "${text.slice(0, 40)}"`);
  const number = /^index (0|[1-9]\d{0,15})$/.exec(index ?? "");
  if (!extra?.startsWith("extra ") || !number) throw new Error("the proof has no entry or no index");
  const path = hashes.map(fromBase64);
  if (path.length > 63 || path.some((hash) => hash.length !== 32)) throw new Error("a hash of the proof is not 32 bytes");
  return { entry: fromBase64(extra.slice(6)), index: Number(number[1]), path, checkpoint: parseCheckpoint(text.slice(cut + 2)) };
}

export type Verdict = "good" | "bad" | "open";

export interface Step {
  title: string;
  verdict: Verdict;
  /** What was found, in a sentence. */
  found: string;
}

export interface Report {
  verdict: Verdict;
  steps: Step[];
  entry: Record<string, unknown>;
  /** The permanent bytes, which are UTF-8. */
  text: string;
  leaf: string;
  climb: Climb[];
  checkpoint: Checkpoint;
  index: number;
}

/** What the page shows about the event, by the entry's own names; each given one must be what was proved. */
export type Shown = Record<string, string | number | null | undefined>;

export async function checkProof(text: string, keys: VerifierKey[], shown: Shown): Promise<Report> {
  const proof = parseProof(text);
  const leaf = await leafHash(proof.entry);
  const bytes = new TextDecoder("utf-8", { fatal: true }).decode(proof.entry);
  const entry = JSON.parse(bytes) as Record<string, unknown>;
  const steps: Step[] = [compareShown(entry, shown), fingerprint(leaf, proof.entry)];
  let way: Climb[] = [];
  try {
    way = await climb(proof.index, proof.checkpoint.size, leaf, proof.path);
    steps.push(rootStep(proof, way.at(-1)?.result ?? leaf));
  } catch (error) {
    steps.push({ title: "The fingerprint leads to the log's root", verdict: "bad", found: (error as Error).message });
  }
  steps.push(...(await signatureSteps(proof.checkpoint, keys)));
  const worst = (["bad", "open"] as const).find((word) => steps.some((step) => step.verdict === word));
  return { verdict: worst ?? "good", steps, entry, text: bytes, leaf: hex(leaf), climb: way, checkpoint: proof.checkpoint, index: proof.index };
}

function compareShown(entry: Record<string, unknown>, shown: Shown): Step {
  const title = "What you see is what was recorded";
  const given = Object.entries(shown).filter(([, value]) => value !== undefined);
  const wrong = given.filter(([name, value]) => (entry[name] ?? null) !== value);
  if (wrong.length === 0) {
    return { title, verdict: "good", found: `${given.length} fields on this page are those of the permanent entry: ${given.map(([name]) => name).join(", ")}` };
  }
  const found = wrong.map(([name, value]) => `${name} is ${JSON.stringify(entry[name] ?? null)} in the entry and ${JSON.stringify(value)} on this page`);
  return { title, verdict: "bad", found: found.join("; ") };
}

function fingerprint(leaf: Bytes, entry: Bytes): Step {
  const found = `SHA-256 over the ${entry.length} bytes of the entry gives ${hex(leaf)}`;
  return { title: "The entry has one fingerprint", verdict: "good", found };
}

function rootStep({ index, path, checkpoint }: TlogProof, root: Bytes): Step {
  const good = sameRoot(checkpoint, root);
  const way = `entry ${index} of ${checkpoint.size}, ${path.length} hashes on the way`;
  const found = good ? `The root that comes out is the one in the checkpoint (${way})` : `Another root comes out than the checkpoint states (${way})`;
  return { title: "The fingerprint leads to the log's root", verdict: good ? "good" : "bad", found };
}

async function signatureSteps(checkpoint: Checkpoint, keys: VerifierKey[]): Promise<Step[]> {
  const title = "The root is signed by the key you pinned";
  if (keys.length === 0) {
    const found = "No key is pinned in this browser. Without one, the proof shows only that the server agrees with itself";
    return [{ title, verdict: "open", found }];
  }
  const steps = keys.map(async (key): Promise<Step> => {
    const answer = await checkSignature(checkpoint, key);
    const words = {
      good: `${key.algorithm}: the signature of ${key.name} (key ${key.id}) fits the checkpoint`,
      bad: `${key.algorithm}: the signature of ${key.name} (key ${key.id}) does not fit`,
      absent: `${key.algorithm}: the checkpoint carries no signature of ${key.name} (key ${key.id})`,
    };
    return { title: `${title} (${key.algorithm})`, verdict: answer === "good" ? "good" : "bad", found: words[answer] };
  });
  return Promise.all(steps);
}
