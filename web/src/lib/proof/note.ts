// C2SP signed notes and checkpoints, and the keys that sign them.

import { type Bytes, base64, concat, equal, fromBase64, hex, u64, utf8 } from "./bytes.ts";
import { ed25519, mlDsa44, sha256 } from "./crypto.ts";

export interface Signature {
  name: string;
  id: string;
  bytes: Bytes;
}

export interface Checkpoint {
  /** What is signed, with the line feed at its end. */
  text: string;
  origin: string;
  size: number;
  root: Bytes;
  signatures: Signature[];
}

export type Algorithm = "Ed25519" | "ML-DSA-44";

export interface VerifierKey {
  text: string;
  name: string;
  id: string;
  algorithm: Algorithm;
  key: Bytes;
}

const ALGORITHMS: Record<number, { algorithm: Algorithm; length: number }> = {
  1: { algorithm: "Ed25519", length: 32 },
  6: { algorithm: "ML-DSA-44", length: 1312 },
};

/** Reads `name+id+base64`; the id must be the one that the key itself gives. */
export async function parseKey(text: string): Promise<VerifierKey> {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text.trim());
  if (!match) throw new Error(`"${text.slice(0, 40)}" is no verifier key: expected name+id+base64, as "tachograph keys" prints`);
  const [, name = "", id = "", encoded = ""] = match;
  const material = fromBase64(encoded);
  const kind = ALGORITHMS[material[0] ?? 0];
  if (!kind || material.length !== kind.length + 1) throw new Error(`the key ${name}+${id} is of a kind that is not known here`);
  const expected = hex((await sha256(concat(utf8(`${name}\n`), material))).slice(0, 4));
  if (expected !== id) throw new Error(`the key ${name} says its id is ${id}, but the key gives ${expected}`);
  return { text: text.trim(), name, id, algorithm: kind.algorithm, key: material.slice(1) };
}

export function parseCheckpoint(note: string): Checkpoint {
  const cut = note.indexOf("\n\n");
  if (cut < 0) throw new Error("the checkpoint has no signatures");
  const text = note.slice(0, cut + 1);
  const [origin = "", sizeText = "", rootText = "", ...rest] = text.split("\n");
  if (rest.length !== 1 || !/^(0|[1-9]\d{0,15})$/.test(sizeText)) throw new Error("the checkpoint is not of the form origin, size, root");
  const root = fromBase64(rootText);
  if (root.length !== 32) throw new Error("the checkpoint's root is not 32 bytes");
  const lines = note.slice(cut + 2).split("\n").filter((line) => line !== "");
  return { text, origin, size: Number(sizeText), root, signatures: lines.map(signature) };
}

function signature(line: string): Signature {
  const match = /^— (\S+) (\S+)$/.exec(line);
  if (!match) throw new Error(`"${line.slice(0, 40)}" is no signature line`);
  const bytes = fromBase64(match[2] ?? "");
  return { name: match[1] ?? "", id: hex(bytes.slice(0, 4)), bytes: bytes.slice(4) };
}

/** The bytes that ML-DSA-44 signs: C2SP tlog-cosignature's structure, not the text. */
function subtree(key: VerifierKey, checkpoint: Checkpoint, time: Bytes): Bytes {
  const short = (text: string) => concat(Uint8Array.of(utf8(text).length), utf8(text));
  const label = concat(utf8("subtree/v1\n"), Uint8Array.of(0));
  return concat(label, short(key.name), time, short(checkpoint.origin), u64(0), u64(checkpoint.size), checkpoint.root);
}

/** Whether the key signed the checkpoint: `absent` when there is no line of it. */
export async function checkSignature(checkpoint: Checkpoint, key: VerifierKey): Promise<"good" | "bad" | "absent"> {
  const found = checkpoint.signatures.filter((line) => line.name === key.name && line.id === key.id);
  const only = found[0];
  if (!only) return "absent";
  if (found.length > 1 || checkpoint.origin !== key.name) return "bad";
  if (key.algorithm === "Ed25519") {
    return (await ed25519(key.key, only.bytes, utf8(checkpoint.text))) ? "good" : "bad";
  }
  const [time, bytes] = [only.bytes.slice(0, 8), only.bytes.slice(8)];
  return (await mlDsa44(key.key, bytes, subtree(key, checkpoint, time))) ? "good" : "bad";
}

export function sameRoot(checkpoint: Checkpoint, root: Bytes): boolean {
  return equal(checkpoint.root, root);
}

export function short(bytes: Bytes): string {
  const text = base64(bytes);
  return `${text.slice(0, 8)}…${text.slice(-5)}`;
}
