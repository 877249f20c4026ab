"""The tree: tiles, checkpoints, and the keys that sign them."""
import base64
import re
import struct
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pages.common import UNREADABLE, sha, u64

try:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
except ImportError:
    MLDSA44PrivateKey = MLDSA44PublicKey = None


def fold(hashes):
    """RFC 6962 root: neighbours are joined, an odd one at the end moves up as it is."""
    while len(hashes) > 1:
        odd = hashes[-1:] if len(hashes) % 2 else []
        hashes = [sha(b"\1", a, b) for a, b in zip(hashes[::2], hashes[1::2])] + odd
    return hashes[0] if hashes else sha()


def tile_path(level, number, width):
    """[entry: The tree]; [c2sp] from the thousandth on in groups of three digits, all but the last with an x."""
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03}")
    return f"log/tile/{level}/{'/'.join(groups)}" + (f".p/{width}" if width < 256 else "")


def read_tiles(folder, size, report):
    """All tiles, by level, number and width. [entry: The tree]"""
    tiles, pattern = {}, re.compile(r"log/tile/(\d+)/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d*))?")
    for path in sorted(p for p in (folder / "log/tile").rglob("*") if not p.is_dir()):
        name = path.relative_to(folder).as_posix()
        match = pattern.fullmatch(name)
        key = match and (int(match[1]), int(re.sub("[x/]", "", match[2])), int(match[3] or 256))
        if not match or tile_path(*key) != name:
            report.find("tile", name, "is no name of a tile")
        elif len(data := path.read_bytes()) != 32 * key[2]:
            report.find("tile", name, f"{len(data)} bytes, not {32 * key[2]}")
        else:
            tiles[key] = [data[i:i + 32] for i in range(0, len(data), 32)]
    level, count = 0, size
    while count:
        for key in [(level, n, 256) for n in range(count // 256)] + ([(level, count // 256, count % 256)] if count % 256 else []):
            if key not in tiles:
                report.find("tile", tile_path(*key), f"missing or not whole; the checkpoint's size, {size}, asks for it")
        level, count = level + 1, count // 256
    return tiles


def check_tiles(tiles, leaves, report):
    """All tiles against the tree over these leaf hashes. [entry: The tree]"""
    levels = [leaves]
    while len(levels[-1]) >= 256:
        groups = [levels[-1][n:n + 256] for n in range(0, len(levels[-1]) // 256 * 256, 256)]
        levels.append([None if None in g else fold(g) for g in groups])
    for (level, number, width), hashes in sorted(tiles.items()):
        first, mine = number * 256, levels[level] if level < len(levels) else []
        wrong = [first + i for i, h in enumerate(hashes) if first + i >= len(mine) or mine[first + i] not in (None, h)]
        if wrong:
            report.find("tile", tile_path(level, number, width), f"{len(wrong)} of {width} hashes are not the tree's: "
                        + ("entry " if level == 0 else f"level {level} hash ") + ", ".join(map(str, wrong[:8])))


KINDS = {1: "Ed25519", 6: "ML-DSA-44"}  # signature types [c2sp]; that the second line is of type 6 is [tried]


def key_hash(name, key):
    return sha(name.encode(), b"\n", key)[:4]  # [c2sp] signed-note


def verifier_keys(pinned, origin, ring, report):
    """Type byte and key, by key hash. The folder publishes no key: they are the pinned lines, or made from the seeds."""
    keys = []
    if pinned:
        for line in filter(None, Path(pinned).read_text().splitlines()):
            name, given, key = line.split("+", 2)
            keys.append(base64.b64decode(key, validate=True))
            if (name, given) != (origin, key_hash(origin, keys[-1]).hex()):
                report.find("verifier key", f"{name}+{given}", "is not of this log, or its hash is wrong")
    else:
        if seed := ring.get("log ed25519"):
            keys.append(b"\1" + Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())
        try:
            if (seed := ring.get("log ml-dsa-44")) and MLDSA44PrivateKey:
                keys.append(b"\6" + MLDSA44PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw())
        except UnsupportedAlgorithm:
            pass
    return {key_hash(origin, key): key for key in keys}


def parse_checkpoint(data):
    """Text, origin, size, root and signatures of a signed note. [entry: The tree] [c2sp]"""
    text, lines = data.decode().split("\n\n", 1)
    origin, size, root = text.split("\n")[:3]
    root, size_fits = base64.b64decode(root, validate=True), re.fullmatch(r"0|[1-9]\d{0,17}", size)
    signatures = [re.fullmatch("— ([^ +]+) ([A-Za-z0-9+/]{8,}=*)", line).groups() for line in lines.split("\n")[:-1]]
    if not size_fits or len(root) != 32 or not lines.endswith("\n"):
        raise ValueError("size, root or end of the note")
    return (text + "\n").encode(), origin, int(size), root, [(n, base64.b64decode(s, validate=True)) for n, s in signatures]


def check_signatures(name, note, keys, report):
    """Says how each kind of signature stands."""
    text, origin, size, root, signatures = note
    stands = dict.fromkeys(KINDS.values(), "missing")
    for signer, blob in signatures:
        key = keys.get(blob[:4], b"\0")
        if key[0] not in KINDS or (key[0] == 6 and not MLDSA44PublicKey):
            continue
        try:
            if key[0] == 1:
                Ed25519PublicKey.from_public_bytes(key[1:]).verify(blob[4:], text)
            else:  # [c2sp] tlog-cosignature: timestamp and signature of a cosigned_message over [0, size)
                field = lambda t: bytes([len(t.encode())]) + t.encode()
                message = b"subtree/v1\n\0" + field(signer) + blob[4:12] + field(origin) + u64(0) + u64(size) + root
                MLDSA44PublicKey.from_public_bytes(key[1:]).verify(blob[12:], message)
            stands[KINDS[key[0]]] = "good"
        except (InvalidSignature, ValueError):
            stands[KINDS[key[0]]] = "wrong"
    for number, kind in KINDS.items():
        if not any(key[0] == number for key in keys.values()) or (number == 6 and not MLDSA44PublicKey):
            stands[kind] = "NOT CHECKED (no key, or no library)"
        elif stands[kind] != "good":
            report.find("checkpoint", name, f"the {kind} signature of the log's key is {stands[kind]}")
    return ", ".join(f"{kind} {how}" for kind, how in stands.items())


def check_checkpoint(name, data, origin, keys, leaves, rows, in_tiles, report):
    try:
        note = parse_checkpoint(data)
    except UNREADABLE as why:
        return report.find("checkpoint", name, f"is no checkpoint: {why}")
    _, said_origin, size, root, _ = note
    if said_origin != origin:
        report.find("checkpoint", name, f"is of the log {said_origin!r}")
    signed, below = check_signatures(name, note, keys, report), leaves[:size]
    if len(below) < size or None in below:
        lost = size - len(below) + below.count(None)
        return report.find("checkpoint", name, f"{lost} of its {size} leaf hashes are nowhere: no root; signatures: {signed}")
    if fold(below) == root:
        own = sum(i < size for i in rows.leaves)
        return print(f"good     checkpoint {name}: root {root.hex()} at {size}, {own} leaf hashes from entries and "
                     f"{size - own} from tiles; signatures: {signed}")
    tiles = [in_tiles.get(i, b"") for i in range(size)]
    whose = "give it: the entries are not those that were signed" if fold(tiles) == root else "do not give it either"
    report.find("checkpoint", name, f"root {root.hex()} at {size}, but the rebuilt tree gives {fold(below).hex()};"
                f" the tiles {whose}; signatures: {signed}")
