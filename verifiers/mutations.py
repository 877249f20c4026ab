#!/usr/bin/env python3
"""Changes a data folder in many ways, as somebody who writes files would who knows the formats, and has each copy judged by
rebuild.py and by `tachograph verify`: both must find it, or both must call it good.

    mutations.py DATA TACHOGRAPH [NAME …]

Where it says "made to fit", the file's digest and everything else that the catalog says of it are right again, so that only
the log can tell. Exit code 0: as expected; 1: not so; 3: could not run.
"""
import os
import secrets
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pages.common import Report, sha
from pages.entries import FACT_INTS, FACT_TEXTS, SECTIONS, WHO, commit, day_text, read_ring, section_bytes
from pages.segments import read_rows

REBUILD = Path(__file__).with_name("rebuild.py")


class Folder:
    """A copy that is changed. `name` is a segment, `row` an index in it with a user and an input."""

    def __init__(self, path, name, row):
        self.path, self.name, self.row = path, name, row

    def file(self, name):
        return self.path / name

    def segment(self):
        return self.path / "segments" / self.name

    def sql(self, *statement):
        with sqlite3.connect(self.file("catalog.sqlite")) as base:
            base.execute(*statement)
        base.close()

    def flip(self, name, at, bits=1):
        data = bytearray(self.file(name).read_bytes())
        data[at] ^= bits
        self.file(name).write_bytes(data)

    def rows(self):
        return {row["index"]: row for row in read_rows(pq.ParquetFile(self.segment()), self.name, Report())}

    def edit(self, changes, fit=True, drop=False):
        """Other values in one row, or the row left out."""
        file = pq.ParquetFile(self.segment())
        table, metadata = file.read(), file.metadata.metadata
        at = table["index"].to_pylist().index(self.row)
        if drop:
            table = pa.concat_tables([table.slice(0, at), table.slice(at + 1)])
        for name, value in changes.items():
            place = table.schema.get_field_index(name)
            field = table.schema.field(place)
            plain = {pa.timestamp("us", "UTC"): pa.int64(), pa.date32(): pa.int32()}.get(field.type, field.type)
            values = table[name].cast(plain).to_pylist()
            values[at] = value
            table = table.set_column(place, field, pa.array(values, plain).cast(field.type))
        kept = {key: value for key, value in metadata.items() if key.startswith(b"tachograph.")}
        pq.write_table(table.replace_schema_metadata(kept), self.segment(), compression="zstd")
        if fit:
            self.fit()

    def fit(self, was=None):
        """The catalog's row as the file is now."""
        data, table = self.segment().read_bytes(), pq.read_table(self.segment(), partitioning=None)
        times, indexes = table["timestamp"].cast(pa.int64()).to_pylist(), table["index"].to_pylist()
        numbers = [indexes[0], indexes[-1], len(indexes), len(data), min(times), max(times)]
        kind, digest = self.name.rsplit("-", 1)[1].split(".")[0], sha(data)
        text = [struct.pack(">Q", len(word)) + word.encode() for word in (self.name, kind)]
        checksum = sha(b"tacho/catalog/segment/v1\0", *text, struct.pack(">6q", *numbers), digest)
        self.sql('UPDATE segments SET name = ?, "first" = ?, "last" = ?, "rows" = ?, bytes = ?, time_min = ?, time_max = ?,'
                 " digest = ?, checksum = ? WHERE name = ?", (self.name, *numbers, digest, checksum, was or self.name))

    def rename(self):
        """A later file of the same range, as a compaction or an erasure would write it."""
        was, old = self.name, self.segment()
        self.name = was.replace(".parquet", ".1.parquet")
        old.rename(self.segment())
        self.fit(was)

    def secrets(self):
        master = bytes.fromhex(self.file("keyring/master.key").read_text())
        return master, read_ring(self.file("keyring/ring"), master, Report())

    def destroy(self, *names):
        """The ring written anew without these."""
        master, kept = self.secrets()
        for name in names:
            del kept[name]
        key, nonce, magic = secrets.token_bytes(32), secrets.token_bytes(12), b"tachograph ring1"
        out = magic + nonce + AESGCM(master).encrypt(nonce, key, magic)
        for number, (name, secret) in enumerate(kept.items()):
            nonce = secrets.token_bytes(12)
            frame = nonce + AESGCM(key).encrypt(nonce, secret + name.encode(), struct.pack("<Q", number))
            out += struct.pack("<H", len(frame)) + frame
        self.file("keyring/ring").write_bytes(out)

    def take_out(self, *sections, why="erased", **more):
        """An erasure that nobody asked for: commitments and lengths stay."""
        row, (_, ring) = self.rows()[self.row], self.secrets()
        event, day = bytes.fromhex(row["event_id"].decode().replace("-", "")), day_text(row["period"])
        there, changes, gone = section_bytes(row), {}, []
        for section in (s for s in SECTIONS if s in sections and s in there):
            user = "" if section == "facts" or "who_user" not in row else " " + row["who_user"].decode()
            period = f"personal {day}" if section == "who" else f"{row['retention'].decode()} {day[:7]}"
            data = there[section]
            changes[section + "_commitment"] = commit(data, ring["subject" + user], ring["period " + period], event, section)
            changes[section + "_length"] = len(data)
            gone.append(f"{section}={why}")
            columns = {"who": WHO, "facts": [*FACT_INTS, *FACT_TEXTS]}.get(section, [section])
            changes |= dict.fromkeys(set(columns) & set(pq.read_schema(self.segment()).names))
        self.edit(changes | {"gone": " ".join(gone)} | more)

    def replace(self, name, old, new):
        data = self.file(name).read_bytes()
        assert old in data, (name, old)
        self.file(name).write_bytes(data.replace(old, new, 1))

    def line(self, name, number, change):
        lines = self.file(name).read_text().split("\n")
        lines[number] = change(lines[number])
        self.file(name).write_text("\n".join(lines))

    def tile(self, level, partial):
        paths = [p for p in (self.path / f"log/tile/{level}").rglob("*") if p.is_file() and (".p" in str(p.parent)) == partial]
        return max(paths, key=lambda p: (p.parent, int(p.name))).relative_to(self.path)

    def journal(self):
        return max((self.path / "wal").glob("*.wal")).relative_to(self.path)


def another(text):
    return ("B" if text[9] == "A" else "A").join((text[:9], text[10:]))


def twice(folder, *steps):
    for step in steps:
        step(folder)


# What is done, whether `tachograph verify` and rebuild.py must find it, and what both must then say.
CASES = {
    "nothing": (lambda f: None, False),
    "a byte of a page": (lambda f: f.flip("segments/" + f.name, 20_000), True),
    "a byte of the footer": (lambda f: f.flip("segments/" + f.name, -30, 255), True),
    "a text, not made to fit": (lambda f: f.edit({"input": '{"x": 2}'}, fit=False), True),
    "a text, made to fit": (lambda f: f.edit({"input": '{"x": 2}'}), True, "TAMPERED"),
    "an agent, made to fit": (lambda f: f.edit({"agent_id": "odd"}), True),
    "a user that the ring does not know": (lambda f: f.edit({"who_user": "nobody"}), True, "TAMPERED"),
    "no tag": (lambda f: f.edit({"subject_tag": None}), True),
    "a fingerprint": (lambda f: f.edit({"content": 1}), True, "segment_written|the log"),
    "a fingerprint, the file renamed": (lambda f: twice(f, lambda f: f.edit({"content": 1}), Folder.rename), True,
                                        "segment_written|the log"),
    "the file renamed": (Folder.rename, True, "segment_written|the log"),
    "a row left out": (lambda f: f.edit({}, drop=True), True),
    "a time of acceptance": (lambda f: f.edit({"recorded_at": 5}), True),
    "a session number": (lambda f: f.edit({"session_seq": 1 << 40}), True),
    "sections taken out": (lambda f: f.take_out("who", "input"), True, "segment_written|the log"),
    "sections taken out, another commitment": (lambda f: f.take_out("input", input_commitment=bytes(32)), True, "TAMPERED"),
    "all sections taken out, another commitment": (lambda f: f.take_out(*SECTIONS, input_commitment=bytes(32)), True, "TAMPERED"),
    "taken out for no known reason": (lambda f: f.take_out("input", gone="input=lost"), True, "gone"),
    "taken out twice": (lambda f: f.take_out("input", gone="input=erased input=expired"), True, "gone"),
    "taken out what never was": (lambda f: f.take_out("input", gone="input=erased decision=erased"), True, "decision"),
    "taken out and there": (lambda f: f.take_out("input", input="1"), True),
    "taken out without length": (lambda f: f.take_out("input", input_length=None), True),
    "a segment is missing": (lambda f: f.segment().unlink(), True),
    "a segment is not listed": (lambda f: f.sql("DELETE FROM segments WHERE name = ?", (f.name,)), True),
    "a wrong checksum": (lambda f: f.sql("UPDATE segments SET time_min = 1 WHERE name = ?", (f.name,)), True, f"catalog"),
    "a position too low": (lambda f: f.sql("UPDATE position SET next_index = 1"), True),
    "no catalog": (lambda f: f.file("catalog.sqlite").write_bytes(b"x" * 8192), True),
    "a copy that nobody lists": (lambda f: shutil.copy(f.segment(), f.segment().with_suffix(".1.parquet")), False),
    "a foreign file": (lambda f: f.file("segments/readme.txt").write_text("x"), True),
    "a full tile": (lambda f: f.flip(f.tile(0, False), 100), True),
    "a partial tile": (lambda f: f.flip(f.tile(0, True), -1), True),
    "no full tile": (lambda f: f.file(f.tile(0, False)).unlink(), True),
    "an empty tile": (lambda f: f.file(f.tile(0, False)).write_bytes(b""), True),
    "another size": (lambda f: f.line("log/checkpoint", 1, lambda line: str(int(line) - 1)), True),
    "another root": (lambda f: f.line("log/checkpoint", 2, another), True),
    "a first signature": (lambda f: f.line("log/checkpoint", 4, lambda line: line[:-12] + another(line[-12:])), True),
    "a second signature": (lambda f: f.line("log/checkpoint", 5, lambda line: line[:-12] + another(line[-12:])), True),
    "half a checkpoint": (lambda f: f.file("log/checkpoint").write_bytes(f.file("log/checkpoint").read_bytes()[:900]), True),
    "no checkpoint": (lambda f: f.file("log/checkpoint").unlink(), True),
    "a torn checkpoint.tmp": (lambda f: f.file("log/checkpoint.tmp").write_bytes(b"x"), False),
    "a user's secret destroyed": (lambda f: f.destroy("subject " + f.rows()[f.row]["who_user"].decode()), True),
    "a day's secret destroyed": (lambda f: f.destroy("period personal " + day_text(f.rows()[f.row]["period"])), True),
    "a byte of the ring": (lambda f: f.flip("keyring/ring", 200), True),
    "a torn end of the ring": (lambda f: f.file("keyring/ring").write_bytes(f.file("keyring/ring").read_bytes() + b"\x50\0x"), False),
    "a byte of the journal": (lambda f: f.flip(f.journal(), 60), True),
    "a torn end of the journal": (lambda f: f.file(f.journal()).write_bytes(f.file(f.journal()).read_bytes() + b"\0"), False),
}


def judge(folder, tachograph):
    """Exit codes and words of both."""
    runs = {"rebuild.py": [sys.executable, "-B", REBUILD, folder], "verify": [tachograph, "--data", folder, "verify"]}
    done = {who: subprocess.run(command, capture_output=True, text=True) for who, command in runs.items()}
    return {who: (run.returncode, run.stdout + run.stderr) for who, run in done.items()}


def main(data, tachograph, *only):
    wrong = 0
    names = [path.name for path in (Path(data) / "segments").glob("*-standard.parquet")]
    found = {}
    for name in sorted(names):
        for index, row in Folder(Path(data), name, 0).rows().items():
            if row.get("who_user") and row.get("input") and row.get("session_uuid"):
                found[name] = index
    if not found:
        print("could not run: no row with a user, a session and an input", file=sys.stderr)
        return 3
    name, row = min(found.items())
    for title, (change, is_bad, *words) in CASES.items():
        if only and title not in only:
            continue
        with tempfile.TemporaryDirectory() as work:
            folder = Folder(Path(work, "data"), name, row)
            shutil.copytree(data, folder.path)
            change(folder)
            said = judge(folder.path, tachograph)
        for who, (code, text) in said.items():
            findings = [line for line in text.splitlines() if line.startswith(("FINDING", "INTEGRITY", "COMPLETENESS"))]
            has_words = not words or any(word in text for word in words[0].split("|"))
            as_expected = code == int(is_bad) and has_words
            wrong += not as_expected
            verdict = "as expected" if as_expected else f"NOT AS EXPECTED, exit code {code}"
            print(f"{title}: {who}: {verdict}: {findings[0][:160] if findings else 'good'}", flush=True)
            if not as_expected:
                print("\n".join(f"    {line[:200]}" for line in text.splitlines()[:12]))
    print(f"{wrong} not as expected" if wrong else "all as expected")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) < 3 or not os.path.isdir(sys.argv[1]):
        print(__doc__, file=sys.stderr)
        sys.exit(3)
    sys.exit(main(*sys.argv[1:]))
