"""What all pages share: numbers, digests, canonical JSON, and the report."""
import hashlib
import hmac
import json
import struct

import pyarrow as pa

# What a damaged value or file raises when it is read.
UNREADABLE = (pa.ArrowException, OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError)


def unsigned(number):
    return number & (1 << 64) - 1


def u64(number):
    return struct.pack(">Q", unsigned(number))


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def mac(key, message):
    return hmac.digest(key, message, "sha256")


def canonical(members):
    """RFC 8785 for ASCII names, strings and integers. [entry] [segment: Sections]"""
    return json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


class Report:
    """Every finding is printed as it is met; none is the last one."""
    findings = notes = 0

    def find(self, what, name, why):
        self.findings += 1
        print(f"FINDING  {what} {name}: {why}")

    def note(self, text):
        self.notes += 1
        print(f"note     {text}")
