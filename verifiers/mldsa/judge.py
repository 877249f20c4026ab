"""Judges a log by its ML-DSA-44 line alone: judge.py LOG VKEYS PROOFS [OLD_CHECKPOINT].

Theirs: the signature check (`cryptography`, that is OpenSSL), and the tree (aics-tlog, see `python/judge.py`,
which also says what the exit codes mean). Ours is the signed message, written from C2SP tlog-cosignature and
not from tacho-merkle: a log's own line is a cosignature by the log's name of the tree from 0 to its size.
"""

import base64
import hashlib
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))

from judge import Refused, main, refuse_if

try:
    from aics_tlog import parse_checkpoint, parse_note
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
except ImportError as error:
    print(f"broken: {error}")
    sys.exit(3)

ML_DSA_44 = 0x06


def signed_message(name, timestamp, checkpoint):
    """struct cosigned_message of tlog-cosignature, section "ML-DSA-44 signed message"."""
    name, origin = name.encode(), checkpoint.origin.encode()
    return b"".join([
        b"subtree/v1\n\0",
        struct.pack(">B", len(name)), name,
        struct.pack(">Q", timestamp),
        struct.pack(">B", len(origin)), origin,
        struct.pack(">QQ", 0, checkpoint.size),
        checkpoint.root,
    ])


def mldsa_opener(vkeys):
    name, key_id, encoded = vkeys.splitlines()[1].split("+", 2)
    material = base64.b64decode(encoded, validate=True)
    refuse_if(material[:1] != bytes([ML_DSA_44]), "second key is not an ml-dsa-44 key")
    expected = hashlib.sha256(name.encode() + b"\n" + material).digest()[:4]
    refuse_if(expected.hex() != key_id, "key id is not that of the key")
    key = MLDSA44PublicKey.from_public_bytes(material[1:])

    def open_checkpoint(text):
        note = parse_note(text)
        checkpoint = parse_checkpoint(note.text)
        lines = [line for line in note.signatures if (line.name, line.key_id) == (name, expected)]
        refuse_if(len(lines) != 1, f"{len(lines)} lines of the ml-dsa-44 key, expected one")
        signature = lines[0].signature
        refuse_if(len(signature) != 8 + 2420, f"cosignature has {len(signature)} bytes")
        refuse_if(checkpoint.extension_lines, "extension lines, which this key does not sign")
        (timestamp,) = struct.unpack(">Q", signature[:8])
        try:
            key.verify(signature[8:], signed_message(name, timestamp, checkpoint))
        except InvalidSignature:
            raise Refused("checkpoint: ml-dsa-44 signature does not match") from None
        return checkpoint.origin, checkpoint.size, checkpoint.root

    return open_checkpoint


if __name__ == "__main__":
    sys.exit(main(mldsa_opener))
