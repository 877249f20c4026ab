"""Judges a log with aics-tlog: judge.py LOG VKEYS PROOFS [OLD_CHECKPOINT].

Theirs: notes, checkpoints, tiles and bundles up to the signed root (audit_tiles), inclusion, consistency.
Ours are file names and the lines of tlog-proof texts. Ed25519 only: aics-tlog ignores the ML-DSA-44 line;
`mldsa/judge.py` runs the same checks on a root that only that line vouches for.

Exit code 0: everything verifies; 1: something does not (said on stdout); 2: usage; 3: the judge is broken.
"""

import base64
import re
import sys
import traceback
from pathlib import Path

try:
    import aics_tlog
    from aics_tlog.verified import VerifiedTileReader, audit_tiles
except ImportError as error:
    # Python's own exit code for this is 1, which would pass for a refusal.
    print(f"broken: {error}")
    sys.exit(3)


class Refused(Exception):
    pass


def refuse_if(condition, reason):
    if condition:
        raise Refused(reason)


def ed25519_opener(vkeys):
    """A function from a signed checkpoint's bytes to (origin, size, root)."""
    key = aics_tlog.parse_vkey(vkeys.splitlines()[0])

    def open_checkpoint(text):
        result = aics_tlog.verify_checkpoint(aics_tlog.parse_note(text), key)
        refuse_if(not (result.ok and result.log_ok), f"checkpoint: {result.error}")
        refuse_if(result.origin != key.name, f"origin is {result.origin}, not the key's name")
        return result.origin, result.size, result.root

    return open_checkpoint


def check_proof(path, open_checkpoint):
    head, separator, note = path.read_bytes().partition(b"\n\n")
    lines = head.decode().split("\n")
    refuse_if(not separator or lines.pop(0) != "c2sp.org/tlog-proof@v1", "not a tlog-proof")
    if lines and lines[0].startswith("extra "):
        lines.pop(0)
    index = re.fullmatch(r"index (0|[1-9][0-9]*)", lines.pop(0) if lines else "")
    refuse_if(index is None, "no index")
    hashes = [base64.b64decode(line, validate=True) for line in lines]
    _, size, root = open_checkpoint(note)
    entry = path.with_suffix(".entry").read_bytes()
    proved = aics_tlog.verify_leaf_inclusion(entry, int(index[1]), size, hashes, root)
    refuse_if(not proved, "entry is not proved")


def check_consistency(old, tiles, size, root, open_checkpoint):
    _, old_size, old_root = open_checkpoint(Path(old).read_bytes())
    refuse_if(old_size > size, f"the log shrank from {old_size}")
    proof = aics_tlog.consistency_proof_from_tiles(VerifiedTileReader(tiles, size, root), old_size, size)
    good = aics_tlog.verify_consistency(old_size, size, old_root, root, proof)
    refuse_if(not good, f"not consistent with size {old_size}")


def judge(open_checkpoint, log, proofs, old=None):
    _, size, root = open_checkpoint(Path(log, "checkpoint").read_bytes())
    tiles = aics_tlog.FileSystemTileReader(log)
    audit_tiles(tiles, size, root, entries=Path(log, "tile/entries").exists())
    paths = sorted(Path(proofs).glob("*.tlog-proof"))
    refuse_if(not paths, "no proofs to judge")
    for path in paths:
        try:
            check_proof(path, open_checkpoint)
        except (Refused, ValueError) as error:
            raise Refused(f"{path.name}: {error}") from error
    if old is not None:
        check_consistency(old, tiles, size, root, open_checkpoint)
    return f"{size} leaves, {len(paths)} proofs"


def main(opener):
    if len(sys.argv) not in (4, 5):
        print("usage: judge.py LOG VKEYS PROOFS [OLD_CHECKPOINT]", file=sys.stderr)
        return 2
    log, vkeys, *rest = sys.argv[1:]
    try:
        print(judge(opener(Path(vkeys).read_text()), log, *rest))
    except (Refused, ValueError, OSError) as error:
        print(error)
        return 1
    except Exception:
        print(f"broken: {traceback.format_exc()}")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(ed25519_opener))
