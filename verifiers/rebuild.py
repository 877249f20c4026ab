#!/usr/bin/env python3
"""Rebuilds a tachograph log from its data folder at rest, and says what does not fit. It changes nothing.

Written from docs/formats/*.md and docs/threat-model.md alone; `pages/` holds what they say. [entry], [segment], [catalog],
[keyring], [archive], [journal], [durability] name the page a rule comes from; [c2sp] marks tlog-tiles, tlog-checkpoint,
signed-note and tlog-cosignature, which the pages only point to.

Needs pyarrow, and cryptography (AES-256-GCM, Ed25519, ML-DSA-44).
Exit: 0 all good, 1 at least one finding, 2 usage, 3 could not run.
"""
import argparse
import re
import sqlite3
import sys
from pathlib import Path

try:
    from pages.common import UNREADABLE, Report
    from pages.entries import Rows, read_ring
    from pages.journal import read_journal
    from pages.segments import FILE_NAME, check_segment, check_written, read_catalog
    from pages.tree import check_checkpoint, check_tiles, parse_checkpoint, read_tiles, verifier_keys
except ImportError as missing:
    print(f"could not run: {missing}", file=sys.stderr)
    sys.exit(3)


def check_places(rows, position, report):
    """[catalog] in segments: every index below the position, none above."""
    at, beyond = 0, sorted(i for i in rows.leaves if i >= position)
    if beyond:
        report.find("entries", f"{beyond[0]} to {beyond[-1]}", f"{len(beyond)} in rows, but not below the catalog's position, {position}")
    for index in sorted(rows.leaves.keys() | {position}):
        if at < min(index, position):
            report.find("entries", f"{at} to {min(index, position) - 1}", "in no row that could be read")
        at = max(at, index + 1)


def check_order(rows, report):
    """[entry] `time` and `session_seq`."""
    newest = 0
    for index in sorted(rows.leaves):
        if rows.times[index] < newest:
            report.find("entry", f"{index} in {rows.where[index]}", "its time is earlier than that of an entry before")
        newest = max(newest, rows.times[index])
    for places in rows.sessions.values():
        for want, (index, number) in enumerate(sorted(places, key=lambda pair: pair[0])):
            if number != want:
                report.find("entry", f"{index} in {rows.where[index]}", f"session_seq is {number}, not {want}")
                break


def open_ring(args, folder, report):
    master = Path(args.master_key or folder / "keyring/master.key")
    if not master.exists():
        report.find("key ring", master, "is not there: every section is SEALED (say --no-secrets if that is meant)")
    elif not re.fullmatch("[0-9a-f]{64}\n?", text := master.read_text()):
        report.find("key ring", master, "is not 64 lower-case hexadecimal digits")
    else:
        return read_ring(Path(args.ring or folder / "keyring/ring"), bytes.fromhex(text), report)
    return {}


def check_segments(folder, origin, rows, report):
    """All files of `segments/`; gives what the catalog says of each, and its position."""
    present = {p.name: p for p in (folder / "segments").iterdir()} if (folder / "segments").is_dir() else {}
    try:
        listed, position = read_catalog(folder, report)
    except (sqlite3.Error, TypeError) as why:  # then every file that can be one counts
        report.find("catalog", "catalog.sqlite", f"can't be read, nothing is compared with it: {why}")
        listed = dict.fromkeys(filter(FILE_NAME.fullmatch, present))
        position = max((int(FILE_NAME.fullmatch(n)[2], 16) + 1 for n in listed), default=0), None
    for name in sorted(present.keys() | listed.keys()):
        if name not in listed and not (FILE_NAME.fullmatch(name) or name.endswith(".tmp")):
            report.find("segment", name, "is no file that can be a segment")  # [catalog: What a check compares]
        elif name not in listed:  # [segment: When a file counts]
            report.note(f"segment {name}: the catalog does not list it, so it does not count")
        elif name not in present:
            report.find("segment", name, "listed, and not there")
        else:
            check_segment(present[name], listed[name], origin, rows, report)
    return listed, position


def check_notes(folder, args, origin, keys, leaves, rows, in_tiles, report):
    """All checkpoints: those from elsewhere, the published one, the archive."""
    older, notes = 0, {str(path): Path(path).read_bytes() for path in args.checkpoint}
    size = published_size(folder)
    if (folder / "log/checkpoint").exists():
        notes["log/checkpoint"] = (folder / "log/checkpoint").read_bytes()
    archive = sorted((folder / "log/archive").iterdir()) if (folder / "log/archive").is_dir() else []
    notes |= {p.relative_to(folder).as_posix(): p.read_bytes() for p in archive if p.suffix != ".tmp"}
    for name, data in notes.items():
        if name.startswith("log/archive/"):  # [archive] each covers more than the one before, none more than the published one
            match = re.match(rb"[^\n]*\n(\d{1,18})\n", data)
            if match and (not older < int(match[1]) <= (size if size is not None else 1 << 63)):
                report.find("checkpoint", name, f"size {int(match[1])} is not above the one before, {older}, up to the published {size}")
            older = int(match[1]) if match else older
            if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d\d0Z", Path(name).name):
                report.find("checkpoint", name, "is no name of the archive")
        check_checkpoint(name, data, origin, keys, leaves, rows, in_tiles, report)


def published_size(folder):
    try:
        return parse_checkpoint((folder / "log/checkpoint").read_bytes())[2]
    except UNREADABLE:
        return None  # check_notes names it


def run(args):
    folder, report = Path(args.folder), Report()
    origin = (folder / "origin").read_text().removesuffix("\n")  # [keyring]
    ring = {} if args.no_secrets else open_ring(args, folder, report)
    rows = Rows(ring, report, args.states)
    listed, position = check_segments(folder, origin, rows, report)
    in_segments, below = len(rows.leaves), position[0]
    check_places(rows, below, report)
    read_journal(folder, position, rows, report)
    for secret, places in sorted(rows.lost.items() if ring else ()):  # [segment: What a checker says]
        report.find("key ring", f"secret {secret!r}", f"is gone, and sections of {len(places)} entries are there: entry {places[0]}"
                    f"{' and others' if len(places) > 1 else ''} can't be checked")
    check_written(rows, {n: said for n, said in listed.items() if said}, report)
    check_order(rows, report)

    size = published_size(folder)
    if not (folder / "log/checkpoint").exists() and rows.leaves:
        report.find("checkpoint", "log/checkpoint", "is not there")
    elif size is not None and size < below:
        report.find("checkpoint", "log/checkpoint", f"size {size} is below the catalog's position, {below}")
    tiles = read_tiles(folder, min(size or 0, below + (1 << 24)), report)  # a size that was made up asks for no end of tiles
    in_tiles = {n * 256 + i: h for (level, n, _), hashes in sorted(tiles.items(), key=lambda t: t[0][2])
                if level == 0 for i, h in enumerate(hashes)}  # what a wider tile says counts
    total = max([0, *(i + 1 for i in in_tiles), *(i + 1 for i in rows.leaves)])
    leaves = [rows.leaves.get(i) or in_tiles.get(i) for i in range(total)]
    check_tiles(tiles, leaves, report)
    for index in sorted(i for i in rows.leaves if in_tiles.get(i, rows.leaves[i]) != rows.leaves[i]):
        report.find("entry", f"{index} in {rows.where[index]}", "its leaf hash is not the one in the tiles"
                    " (the checkpoint's root tells which of the two was changed)")
    if lost := [i for i in range(below, min(size or 0, total)) if i not in rows.leaves]:
        report.find("entries", f"{lost[0]} to {lost[-1]}", f"{len(lost)} are signed, and neither in a segment nor in the journal")
    keys = verifier_keys(args.keys, origin, ring, report)
    print(f"keys     {len(keys)}, {'pinned' if args.keys else 'made from the seeds in the key ring: pin them elsewhere'}")
    check_notes(folder, args, origin, keys, leaves, rows, in_tiles, report)
    states = ", ".join(f"{rows.states[s]} {s}" for s in ("OPEN", "SEALED", "ERASED", "EXPIRED", "TAMPERED"))
    print(f"rows     {in_segments} entries in {len(listed)} segments, {len(rows.leaves) - in_segments} in the journal,"
          f" {rows.damaged} damaged; sections: {states}")
    print(f"{'BAD' if report.findings else 'good'}: {report.findings} findings, {report.notes} notes")
    return 1 if report.findings else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="the data folder, closed")
    parser.add_argument("--master-key", help="file of the master key, instead of keyring/master.key")
    parser.add_argument("--ring", help="the key ring, instead of keyring/ring")
    parser.add_argument("--no-secrets", action="store_true", help="leave the key ring shut: every section is SEALED")
    parser.add_argument("--keys", help="pinned verifier keys, as `tachograph keys` prints them")
    parser.add_argument("--checkpoint", action="append", default=[], help="a checkpoint kept elsewhere; may be repeated")
    parser.add_argument("--states", action="store_true", help="name each entry whose sections are not all OPEN")
    args = parser.parse_args()
    try:
        return run(args)
    except (OSError, ValueError) as why:
        print(f"could not run: {why}", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main())
