// Judges a log with @sigstore/verify: node judge.mjs LOG VKEYS PROOFS [OLD_CHECKPOINT].
//
// Theirs: the checkpoint's signature and form (tlog/checkpoint), and every inclusion proof (tlog/merkle), both
// those in PROOFS and one for each entry bundle that is built here from the tiles. They read no tiles and know
// no consistency proofs: folding all leaf tiles up to the signed root, and to the old one, is done here, with
// Node's SHA-256. Ed25519 only: the ML-DSA-44 line is a stranger's to them.
//
// Exit code 0: everything verifies; 1: something does not (said on stdout); 2: usage; 3: the judge is broken.
import { createHash, createPublicKey } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

// Node's own exit code for an error nobody caught is 1, which would pass for a refusal.
process.on("uncaughtException", (error) => {
  console.log(`broken: ${error.stack}`);
  process.exit(3);
});

const require = createRequire(import.meta.url);
const { verifyCheckpoint } = require("@sigstore/verify/dist/tlog/checkpoint.js");
const { verifyMerkleInclusion } = require("@sigstore/verify/dist/tlog/merkle.js");

const WIDTH = 256;

class Refused extends Error {}

function refuseIf(condition, reason) {
  if (condition) throw new Refused(reason);
}

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const leafHash = (entry) => sha256(Buffer.of(0), entry);
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);

// The log's Ed25519 key in the form the library looks keys up by: id and name.
function logOf(vkey) {
  const [name, id, ...key] = vkey.split("+");
  const material = Buffer.from(key.join("+"), "base64");
  refuseIf(material.length !== 33 || material[0] !== 1, "first key is not an ed25519 key");
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), material.subarray(1)]);
  const publicKey = createPublicKey({ key: spki, format: "der", type: "spki" });
  return { name, baseURL: name, logID: Buffer.from(id, "hex"), publicKey };
}

function openCheckpoint(envelope, log) {
  const checkpoint = verifyCheckpoint({ inclusionProof: { checkpoint: { envelope } } }, [log]);
  refuseIf(checkpoint.origin !== log.name, `origin is ${checkpoint.origin}, not the key's name`);
  return { ...checkpoint, size: Number(checkpoint.logSize) };
}

function tilePath(level, index, width) {
  let path = String(index % 1000).padStart(3, "0");
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    path = `x${String(rest % 1000).padStart(3, "0")}/${path}`;
  }
  return `tile/${level}/${path}${width < WIDTH ? `.p/${width}` : ""}`;
}

// All hashes that the tiles of a level hold.
function readLevel(dir, level, count) {
  const hashes = [];
  for (let index = 0; index * WIDTH < count; index++) {
    const width = Math.min(WIDTH, count - index * WIDTH);
    const path = tilePath(level, index, width);
    const bytes = readFileSync(join(dir, path));
    refuseIf(bytes.length !== width * 32, `${path} has ${bytes.length} bytes, expected ${width * 32}`);
    for (let at = 0; at < width; at++) hashes.push(bytes.subarray(at * 32, at * 32 + 32));
  }
  return hashes;
}

// Perfect subtrees of every height over the leaves; heights 8, 16, … are also tiles and must be the same.
function foldTiles(dir, size) {
  const heights = [readLevel(dir, 0, size)];
  for (let height = 1; heights.at(-1).length > 1; height++) {
    const below = heights.at(-1);
    const row = [];
    for (let at = 0; at + 1 < below.length; at += 2) row.push(nodeHash(below[at], below[at + 1]));
    heights.push(row);
    if (height % 8 === 0) {
      const tiles = readLevel(dir, height / 8, row.length);
      const wrong = row.findIndex((hash, at) => !hash.equals(tiles[at]));
      refuseIf(wrong >= 0, `level ${height / 8} hash ${wrong} is not that of the tile below`);
    }
  }
  return heights;
}

function rangeHash(heights, start, end) {
  if (start === end) return sha256();
  const height = Math.floor(Math.log2(end - start));
  const left = heights[height][start / 2 ** height];
  const middle = start + 2 ** height;
  return middle === end ? left : nodeHash(left, rangeHash(heights, middle, end));
}

function pathOf(heights, index, start, end) {
  if (end - start === 1) return [];
  const middle = start + 2 ** Math.ceil(Math.log2(end - start) - 1);
  return index < middle
    ? [...pathOf(heights, index, start, middle), rangeHash(heights, middle, end)]
    : [...pathOf(heights, index, middle, end), rangeHash(heights, start, middle)];
}

function checkInclusion(entry, index, hashes, checkpoint) {
  verifyMerkleInclusion({ canonicalizedBody: entry, inclusionProof: { logIndex: index, hashes } }, checkpoint);
}

function checkBundles(dir, heights, checkpoint) {
  if (!existsSync(join(dir, "tile/entries"))) return;
  for (let start = 0; start < checkpoint.size; start += WIDTH) {
    const width = Math.min(WIDTH, checkpoint.size - start);
    const path = tilePath("entries", start / WIDTH, width);
    let rest = readFileSync(join(dir, path));
    for (let at = start; at < start + width; at++) {
      refuseIf(rest.length < 2 || rest.length < 2 + rest.readUInt16BE(), `${path} ends inside entry ${at}`);
      const entry = rest.subarray(2, 2 + rest.readUInt16BE());
      refuseIf(!leafHash(entry).equals(heights[0][at]), `${path}: entry ${at} is not its leaf`);
      if (at === start) checkInclusion(entry, at, pathOf(heights, at, 0, checkpoint.size), checkpoint);
      rest = rest.subarray(2 + entry.length);
    }
    refuseIf(rest.length > 0, `${path} has bytes after its last entry`);
  }
}

function checkProofs(dir, log) {
  const names = readdirSync(dir).filter((name) => name.endsWith(".tlog-proof"));
  refuseIf(names.length === 0, "no proofs to judge");
  for (const name of names) {
    const text = readFileSync(join(dir, name), "utf8");
    const entry = readFileSync(join(dir, name.replace(/tlog-proof$/, "entry")));
    const end = text.indexOf("\n\n");
    const [header, ...lines] = text.slice(0, Math.max(end, 0)).split("\n");
    refuseIf(header !== "c2sp.org/tlog-proof@v1", `${name} is not a tlog-proof`);
    if (lines[0]?.startsWith("extra ")) lines.shift();
    const index = /^index (0|[1-9]\d*)$/.exec(lines.shift() ?? "")?.[1];
    refuseIf(index === undefined, `${name} has no index`);
    const hashes = lines.map((line) => Buffer.from(line, "base64"));
    checkInclusion(entry, index, hashes, openCheckpoint(text.slice(end + 2), log));
  }
  return names.length;
}

function judge(dir, vkeys, proofs, old) {
  const log = logOf(readFileSync(vkeys, "utf8").split("\n", 1)[0]);
  const checkpoint = openCheckpoint(readFileSync(join(dir, "checkpoint"), "utf8"), log);
  const heights = foldTiles(dir, checkpoint.size);
  const rooted = (size, root) => rangeHash(heights, 0, size).equals(root);
  refuseIf(!rooted(checkpoint.size, checkpoint.logHash), "tiles do not fold to the signed root");
  checkBundles(dir, heights, checkpoint);
  const proved = checkProofs(proofs, log);
  if (old) {
    const before = openCheckpoint(readFileSync(old, "utf8"), log);
    refuseIf(before.size > checkpoint.size, `the log shrank from ${before.size}`);
    refuseIf(!rooted(before.size, before.logHash), `first ${before.size} leaves do not fold to the old root`);
  }
  return `${checkpoint.size} leaves, ${proved} proofs`;
}

const args = process.argv.slice(2);
if (args.length !== 3 && args.length !== 4) {
  console.error("usage: node judge.mjs LOG VKEYS PROOFS [OLD_CHECKPOINT]");
  process.exit(2);
}
try {
  console.log(judge(...args));
} catch (error) {
  const refused = error instanceof Refused || error.name === "VerificationError" || error.code === "ENOENT"
    || error instanceof SyntaxError; // BigInt of what is not a number
  if (!refused) throw error;
  console.log(error.message);
  process.exit(1);
}
