// The proof check against a real proof, and against every way to spoil it that a liar has.

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { fromBase64, utf8 } from "./bytes.ts";
import { checkProof, parseProof } from "./check.ts";
import { ed25519 } from "./crypto.ts";
import { climb, leafHash, nodeHash } from "./merkle.ts";
import { type VerifierKey, parseCheckpoint, parseKey } from "./note.ts";

const file = (name: string) => readFileSync(new URL(`./testdata/${name}`, import.meta.url), "utf8");
const proof = file("event.tlog-proof");
let keys: VerifierKey[] = [];

beforeAll(async () => {
  keys = await Promise.all(file("keys.txt").trim().split("\n").map(parseKey));
});

const spoiled = (change: (text: string) => string) => {
  const text = change(proof);
  expect(text).not.toBe(proof);
  return text;
};
const failing = async (text: string, shown = {}) => {
  const report = await checkProof(text, keys, shown);
  return report.steps.filter((step) => step.verdict === "bad").map((step) => step.title);
};

describe("a proof of a real log", () => {
  it("is good under both pinned keys", async () => {
    const report = await checkProof(proof, keys, { agent: String((await entry()).agent) });
    expect(report.steps.map((step) => step.verdict)).toEqual(["good", "good", "good", "good", "good"]);
    expect(report.verdict).toBe("good");
  });

  it("is open without a pinned key, never good", async () => {
    expect((await checkProof(proof, [], {})).verdict).toBe("open");
  });

  it("does not fit a page that shows something else", async () => {
    expect(await failing(proof, { agent: "somebody-else" })).toEqual(["What you see is what was recorded"]);
    expect(await failing(proof, { phase: "result" })).toEqual(["What you see is what was recorded"]);
  });

  it("breaks with any changed byte of the entry", async () => {
    const text = spoiled((text) => text.replace(/^extra (.{40})(.)/m, (_, start, letter) => `extra ${start}${letter === "A" ? "B" : "A"}`));
    expect(await failing(text).catch((error: Error) => [error.message])).not.toEqual([]);
  });

  it("breaks at another place, with a hash more, fewer, or other", async () => {
    const root = ["The fingerprint leads to the log's root"];
    expect(await failing(spoiled((text) => text.replace(/^index \d+$/m, "index 5")))).toEqual(root);
    const first = /^index \d+\n(.+\n)/m.exec(proof)?.[1] ?? "";
    expect(await failing(spoiled((text) => text.replace(first, "")))).toEqual(root);
    expect(await failing(spoiled((text) => text.replace(first, first + first)))).toEqual(root);
    const other = `${first[0] === "A" ? "B" : "A"}${first.slice(1)}`;
    expect(await failing(spoiled((text) => text.replace(first, other)))).toEqual(root);
  });

  it("breaks when the checkpoint states another size or root", async () => {
    const { size } = parseCheckpoint(proof.slice(proof.indexOf("\n\n") + 2));
    const larger = await failing(spoiled((text) => text.replace(`\n${size}\n`, `\n${size + 1}\n`)));
    expect(larger).toContain("The root is signed by the key you pinned (Ed25519)");
    expect(larger).toContain("The root is signed by the key you pinned (ML-DSA-44)");
  });

  it("is not good when a pinned key's signature is missing", async () => {
    const text = proof.trimEnd().split("\n").slice(0, -1).join("\n");
    expect(await failing(`${text}\n`)).toEqual(["The root is signed by the key you pinned (ML-DSA-44)"]);
  });
});

async function entry(): Promise<Record<string, unknown>> {
  return JSON.parse(new TextDecoder().decode(parseProof(proof).entry)) as Record<string, unknown>;
}

describe("formats have one spelling", () => {
  it("refuses base64 with spare bits or without padding", () => {
    for (const text of ["QR==", "QQ", "QQ=", "Q Q=", "QQ==\n"]) expect(() => fromBase64(text)).toThrow();
    expect([...fromBase64("QQ==")]).toEqual([65]);
  });

  it("refuses a key whose id is not its own", async () => {
    const text = keys[0]?.text ?? "";
    const other = text.replace(/\+[0-9a-f]{8}\+/, "+00000000+");
    await expect(parseKey(other)).rejects.toThrow("but the key gives");
    await expect(parseKey("not a key")).rejects.toThrow("no verifier key");
  });

  it("refuses numbers that are not canonical", () => {
    expect(() => parseProof(proof.replace(/^index (\d+)$/m, "index 0$1"))).toThrow();
    expect(() => parseProof("c2sp.org/tlog-proof@v2\n")).toThrow();
    expect(() => parseCheckpoint("origin\n01\nAAAA\n\n")).toThrow();
  });
});

describe("the way up the tree", () => {
  it("leads from each leaf to the root, for every size up to 20", async () => {
    const leaves = await Promise.all(Array.from({ length: 20 }, (_, place) => leafHash(utf8(`entry ${place}`))));
    type Hash = Awaited<ReturnType<typeof leafHash>>;
    const split = (size: number) => 2 ** Math.floor(Math.log2(size - 1));
    const root = async (part: Hash[]): Promise<Hash> => (part.length === 1 ? (part[0] as Hash) : nodeHash(await root(part.slice(0, split(part.length))), await root(part.slice(split(part.length)))));
    const path = async (index: number, part: Hash[]): Promise<Hash[]> => {
      if (part.length === 1) return [];
      const cut = split(part.length);
      const [mine, other, inner] = index < cut ? [part.slice(0, cut), part.slice(cut), index] : [part.slice(cut), part.slice(0, cut), index - cut];
      return [...(await path(inner, mine)), await root(other)];
    };
    for (let size = 1; size <= leaves.length; size += 1) {
      const part = leaves.slice(0, size);
      const wanted = await root(part);
      for (let index = 0; index < size; index += 1) {
        const leaf = part[index] as Hash;
        const steps = await climb(index, size, leaf, await path(index, part));
        expect(steps.at(-1)?.result ?? leaf).toEqual(wanted);
      }
    }
    await expect(climb(3, 3, leaves[0] as Hash, [])).rejects.toThrow("not in a tree");
  });
});

describe("Ed25519", () => {
  // RFC 8032, 7.1, test 2.
  const hexed = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const key = hexed("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const signature = hexed("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");

  it("accepts the RFC's signature and refuses another message, natively and by the library", async () => {
    const message = Uint8Array.of(0x72);
    expect(await ed25519(key, signature, message)).toBe(true);
    expect(await ed25519(key, signature, Uint8Array.of(0x73))).toBe(false);
    const native = globalThis.crypto;
    Object.defineProperty(globalThis, "crypto", { value: { getRandomValues: native.getRandomValues.bind(native) }, configurable: true });
    try {
      expect(await ed25519(key, signature, message)).toBe(true);
      expect(await ed25519(key, signature, Uint8Array.of(0x73))).toBe(false);
      expect((await checkProof(proof, keys, {})).verdict).toBe("good");
    } finally {
      Object.defineProperty(globalThis, "crypto", { value: native, configurable: true });
    }
  });
});
