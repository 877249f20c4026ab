// SHA-256 and signature checks: WebCrypto where the browser has it, an audited library where it does not (a page
// that came without TLS from another machine has no WebCrypto, and older browsers have no Ed25519).

import type { Bytes } from "./bytes.ts";

const subtle = (): SubtleCrypto | undefined => globalThis.crypto?.subtle;

export async function sha256(bytes: Bytes): Promise<Bytes> {
  const native = subtle();
  if (native) return new Uint8Array(await native.digest("SHA-256", bytes));
  const { sha256: hash } = await import("@noble/hashes/sha2.js");
  return new Uint8Array(hash(bytes));
}

async function ed25519Native(key: Bytes, signature: Bytes, message: Bytes): Promise<boolean | null> {
  const native = subtle();
  if (!native) return null;
  try {
    const imported = await native.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return await native.verify({ name: "Ed25519" }, imported, signature, message);
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotSupportedError") return null;
    return error instanceof DOMException ? false : null;
  }
}

export async function ed25519(key: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
  const answer = await ed25519Native(key, signature, message);
  if (answer !== null) return answer;
  const { ed25519: curve } = await import("@noble/curves/ed25519.js");
  try {
    return curve.verify(signature, message, key, { zip215: false });
  } catch {
    return false;
  }
}

/** FIPS 204; no browser has it yet. */
export async function mlDsa44(key: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
  const { ml_dsa44 } = await import("@noble/post-quantum/ml-dsa.js");
  try {
    return ml_dsa44.verify(signature, message, key);
  } catch {
    return false;
  }
}
