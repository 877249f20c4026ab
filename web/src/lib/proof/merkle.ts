// RFC 6962: the hash of an entry, and the way from it to the root of the tree.

import { type Bytes, concat } from "./bytes.ts";
import { sha256 } from "./crypto.ts";

export function leafHash(entry: Bytes): Promise<Bytes> {
  return sha256(concat(Uint8Array.of(0), entry));
}

export function nodeHash(left: Bytes, right: Bytes): Promise<Bytes> {
  return sha256(concat(Uint8Array.of(1), left, right));
}

export interface Climb {
  /** Where the neighbour stands. */
  side: "left" | "right";
  neighbour: Bytes;
  result: Bytes;
}

/**
 * Hashes its way up from a leaf (RFC 9162, 2.1.3.2). Refuses a proof that has a hash too many or too few, so there
 * is one proof for one place.
 */
export async function climb(index: number, size: number, leaf: Bytes, path: Bytes[]): Promise<Climb[]> {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) {
    throw new Error(`entry ${index} is not in a tree of ${size} entries`);
  }
  let [node, last] = [index, size - 1];
  const half = (value: number) => Math.floor(value / 2);
  const steps: Climb[] = [];
  let hash = leaf;
  for (const neighbour of path) {
    if (last === 0) throw new Error("the proof has more hashes than the tree has levels");
    const right = node % 2 === 1 || node === last;
    hash = right ? await nodeHash(neighbour, hash) : await nodeHash(hash, neighbour);
    steps.push({ side: right ? "left" : "right", neighbour, result: hash });
    if (right && node % 2 === 0) {
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    }
    [node, last] = [half(node), half(last)];
  }
  if (last !== 0) throw new Error("the proof has fewer hashes than the tree has levels");
  return steps;
}
