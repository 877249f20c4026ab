#!/usr/bin/env python3
"""Rebuilds the log from the segments of a data folder, by the pages in docs/formats alone.

    rebuild.py [--each] DATA [MASTER_KEY]

Renders every entry from the columns, compares its leaf hash with the tiles and the tree's root with the checkpoint,
opens the key ring and checks every section against the entry's `body`. MASTER_KEY is the file of the master key, by
default DATA/keyring/master.key; `none` leaves every section SEALED. Shares no code with tachograph.

OPEN: there, and as committed. SEALED: there, but a secret that its entry needs is gone. ERASED, EXPIRED: taken
out, the commitment is left. TAMPERED: there, and not what the entry commits to. `--each` prints every section.

Changes nothing. Exit code 0: good; 1: a finding; 3: could not run.
"""
import base64
import collections
import hashlib
import hmac
import json
import os
import sqlite3
import struct
import sys

TEXTS = ("input", "output", "error", "decision", "access", "extra")
SECTIONS = ("who", "facts") + TEXTS
WIDTH = 256  # hashes in a full tile
# segment.md: entry member -> column, for those that stand in the entry as they stand in the column.
PLAIN = {
    "action": "action_name", "type": "action_type", "agent": "agent_id", "agent_version": "agent_version",
    "call": "call_id", "parent": "parent_id", "phase": "phase", "class": "class", "level": "level",
    "outcome": "outcome_status", "id": "event_id", "known": "known", "retention": "retention",
    "session": "session_uuid", "source": "source", "time": "recorded_at", "v": "v", "writer": "writer",
}
UNSIGNED = {"producer_seq": "producer_seq", "session_seq": "session_seq"}
HEADER = set(PLAIN.values()) | set(UNSIGNED) | {
    "index", "timestamp", "time_claimed", "period", "subject_tag", "body", "revision", "content", "gone"}


class CannotRun(Exception):
    """The folder cannot be judged at all."""


class Report:
    """What was found, and how many sections are in which state."""

    def __init__(self, each):
        self.each, self.findings, self.states = each, [], collections.Counter()

    def find(self, place, what):
        self.findings.append(f"{place}: {what}")

    def section(self, index, name, state):
        self.states[name, state] += 1
        if self.each:
            print(f"entry {index} {name} {state}")


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def hmac256(key, *parts):
    return hmac.digest(key, b"".join(parts), "sha256")


def unsigned(number):
    return number & (2**64 - 1)


def canonical(members):
    """RFC 8785 for objects of strings and integers with ASCII names."""
    return json.dumps(members, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


# ---- the tree: RFC 6962 over C2SP tiles ----


def node(left, right):
    return sha256(b"\x01", left, right)


def root_of(hashes):
    """Root over hashes of one level; a lone hash moves up unchanged, as RFC 6962 splits."""
    if not hashes:
        return sha256()
    level = list(hashes)
    while len(level) > 1:
        paired = [node(*level[i:i + 2]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(level) & ~1:]
    return level[0]


def tile_path(level, number):
    digits = f"{number:03d}"
    digits = digits.zfill((len(digits) + 2) // 3 * 3)
    groups = [digits[i:i + 3] for i in range(0, len(digits), 3)]
    return f"tile/{level}/" + "/".join(["x" + group for group in groups[:-1]] + groups[-1:])


def read_tile(log, level, number, width):
    """The first `width` hashes of a tile: from the full one, or the narrowest partial one that has them."""
    path = os.path.join(log, tile_path(level, number))
    partial = sorted(int(name) for name in os.listdir(path + ".p") if name.isdigit()) if os.path.isdir(path + ".p") else []
    for name in [path] * os.path.isfile(path) + [f"{path}.p/{have}" for have in partial if have >= width]:
        with open(name, "rb") as file:
            data = file.read()
        if len(data) >= 32 * width:
            return [data[i:i + 32] for i in range(0, 32 * width, 32)]
    return None


def read_level(log, level, count, report):
    """All `count` hashes of a level, `None` where a tile is missing."""
    hashes = []
    for first in range(0, count, WIDTH):
        width = min(WIDTH, count - first)
        tile = read_tile(log, level, first // WIDTH, width)
        if tile is None:
            report.find("log/" + tile_path(level, first // WIDTH), "the tile is missing or too short")
        hashes += tile or [None] * width
    return hashes


def check_tree(data, leaves, position, report):
    """Rebuilt leaves against the tiles of level 0, every level against the one below, the root against the checkpoint."""
    log = os.path.join(data, "log")
    try:
        with open(os.path.join(log, "checkpoint"), encoding="utf-8") as file:
            origin, size, root = file.read().split("\n")[:3]
        size, root = int(size), base64.b64decode(root, validate=True)
    except (OSError, ValueError) as error:
        report.find("log/checkpoint", str(error))
        return None
    if position > size:
        report.find("log/checkpoint", f"covers {size} entries, segments hold {position}")
    tiles = read_level(log, 0, size, report)
    covered = min(position, size)
    for index in range(covered):
        if index in leaves and tiles[index] is not None and leaves[index] != tiles[index]:
            report.find(f"entry {index}", "gives another leaf hash than the tile has")
    below, level = tiles, 0
    while len(below) >= WIDTH:
        level += 1
        above = read_level(log, level, len(below) // WIDTH, report)
        for number, found in enumerate(above):
            under = below[number * WIDTH:(number + 1) * WIDTH]
            if found is not None and None not in under and found != root_of(under):
                report.find("log/" + tile_path(level, number // WIDTH), f"hash {number} is not over the level below")
        below = above
    # Segments give the leaves that they hold; the journal's are taken from the tiles.
    whole = [leaves.get(index) for index in range(covered)] + tiles[covered:]
    if None not in whole and root_of(whole) != root:
        report.find("log/checkpoint", f"its root is not that of {covered} entries from segments and {size - covered} from tiles")
    print(f"tree: {size} entries under the checkpoint of {origin}, {covered} of them from segments; "
          f"root over those {root_of([leaves.get(i, bytes(32)) for i in range(covered)]).hex()}")
    return origin


# ---- catalog.md ----


def text(value):
    data = value.encode()
    return struct.pack(">Q", len(data)) + data


def read_catalog(data, report):
    """The listed segments, and up to which index they hold the log."""
    path = os.path.join(data, "catalog.sqlite")
    if not os.path.isfile(path):
        raise CannotRun(f"{path} is not there")
    try:
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        if (version := database.execute("PRAGMA user_version").fetchone()[0]) != 1:
            raise CannotRun(f"{path} has version {version}, expected 1")
        if (said := database.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            report.find("catalog.sqlite", said)
        listed = database.execute('SELECT name, "first", "last", "rows", bytes, time_min, time_max, class, digest,'
                                  ' checksum FROM segments ORDER BY "first", class').fetchall()
        position = database.execute("SELECT next_index, next_record, checksum FROM position").fetchone()
        database.close()
    except sqlite3.Error as error:
        raise CannotRun(f"{path}: {error}") from error
    for name, first, last, rows, size, time_min, time_max, kind, digest, checksum in listed:
        numbers = struct.pack(">4Q2q", *map(unsigned, (first, last, rows, size)), time_min, time_max)
        if checksum != sha256(b"tacho/catalog/segment/v1\0", text(name), text(kind), numbers, digest):
            report.find("catalog.sqlite", f"the row of {name} does not give its checksum")
    next_index, next_record, checksum = position
    if checksum != sha256(b"tacho/catalog/position/v1\0", struct.pack(">2Q", unsigned(next_index), unsigned(next_record))):
        report.find("catalog.sqlite", "the position does not give its checksum")
    return listed, unsigned(next_index)


# ---- keyring.md ----


def read_ring(data, master):
    """Name -> secret."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    path, magic = os.path.join(data, "keyring", "ring"), b"tachograph ring1"
    with open(path, "rb") as file:
        ring = file.read()
    if not ring.startswith(magic):
        raise ValueError("has no magic of version 1")
    secrets, at, number = {}, 76, 0
    try:
        cipher = AESGCM(AESGCM(master).decrypt(ring[16:28], ring[28:76], magic))
        while at + 2 <= len(ring):
            end = at + 2 + struct.unpack_from("<H", ring, at)[0]
            if end > len(ring):
                break  # a torn end: no synced batch can have used it
            plain = cipher.decrypt(ring[at + 2:at + 14], ring[at + 14:end], struct.pack("<Q", number))
            secrets[plain[32:].decode()] = plain[:32]
            at, number = end, number + 1
    except InvalidTag as error:
        raise ValueError(f"what stands at byte {at} does not open") from error
    return secrets


# ---- entry.md, segment.md ----


def entry_of(row):
    """The permanent bytes of a row."""
    members = {member: row[column] for member, column in PLAIN.items()}
    members |= {member: row[column] if row[column] is None else unsigned(row[column]) for member, column in UNSIGNED.items()}
    members["claimed"] = row["timestamp"] if row["time_claimed"] else None
    members["period"] = row["period"].isoformat()
    members["subject"] = row["subject_tag"].hex() if row["subject_tag"] else None
    members["body"] = row["body"].hex()
    members["revision"] = row["revision"] or None
    return canonical({name: value for name, value in members.items() if value is not None})


def section_bytes(row, name, facts):
    """What is committed of a section that is there, else `None`."""
    if name in TEXTS:
        return None if row[name] is None else row[name].encode()
    columns = {c[4:]: c for c in row if c.startswith("who_") and c[4:] not in ("commitment", "length")} if name == "who" \
        else {c: c for c in facts}
    members = {member: row[column] for member, column in columns.items() if row[column] is not None}
    return canonical(members) if members else None


class Salts:
    """Salt keys of owners and periods, by the secrets of the ring."""

    def __init__(self, secrets):
        self.secrets, self.tag_keys, self.owners = secrets, {}, {}

    def tag(self, owner, event):
        if owner not in self.tag_keys:
            self.tag_keys[owner] = hmac256(self.secrets[owner], b"tacho/tag/v1")
        return hmac256(self.tag_keys[owner], event)[:16]

    def owner(self, row, event):
        """Name of the secret of the event's user, also when section `who` is gone: the tag tells."""
        if row["subject_tag"] is None:
            return "subject"
        if row["who_user"] is not None:
            return "subject " + row["who_user"]
        likely = self.owners.get(row["session_uuid"])
        for name in [likely] * (likely is not None) + [name for name in self.secrets if name.startswith("subject ")]:
            if self.tag(name, event) == row["subject_tag"]:
                self.owners[row["session_uuid"]] = name
                return name
        return None

    def commitment(self, row, event, owner, section, data):
        subject = self.secrets.get("subject" if section == "facts" else owner)
        day = row["period"].isoformat()
        period = self.secrets.get(f"period personal {day}" if section == "who" else f"period {row['retention']} {day[:7]}")
        if subject is None or period is None:
            return None
        salt = hmac256(hmac256(subject + period, b"tacho/salt/v1"), event, section.encode())
        return sha256(b"tacho/commit/v1\0", salt, struct.pack(">Q", len(data)), data)


def check_sections(row, facts, salts, report):
    """Every section of a row against its `body`."""
    index, event = unsigned(row["index"]), bytes.fromhex(row["event_id"].replace("-", ""))
    owner, listed, states = salts.owner(row, event), [], {}
    gone = dict(part.split("=") for part in (row["gone"] or "").split(" ") if part)
    for name in SECTIONS:
        data, commitment, length = section_bytes(row, name, facts), row[name + "_commitment"], row[name + "_length"]
        if (commitment is None) != (length is None) or (commitment is None) != (name not in gone) or \
                (data is not None and commitment is not None):
            report.find(f"entry {index}", f"section {name} is both there and gone, or gone without its rest")
        elif data is not None:
            commitment, length, states[name] = salts.commitment(row, event, owner, name, data), len(data), "OPEN"
        elif commitment is not None:
            states[name] = gone[name].upper()
        if data is not None or commitment is not None:
            listed.append((name, length, commitment))
    problem = None
    if any(commitment is None for _, _, commitment in listed):
        problem = "SEALED"  # without one commitment the body says nothing of the others
    else:
        parts = [bytes([len(n)]) + n.encode() + struct.pack(">Q", unsigned(s)) + c for n, s, c in listed]
        tagged = row["subject_tag"] is None or owner not in salts.secrets or salts.tag(owner, event) == row["subject_tag"]
        if sha256(b"tacho/body/v1\0", *parts) != row["body"] or not tagged:
            problem = "TAMPERED"
            report.find(f"entry {index}", "TAMPERED: its sections are not what the entry commits to")
    for name, state in states.items():
        report.section(index, name, problem if problem and state == "OPEN" else state)


def rows_of(path):
    """The rows of a segment as dictionaries, times as integers, and which columns are facts."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet
    table = parquet.read_table(path, partitioning=None)
    names = table.column_names
    others = HEADER | set(TEXTS) | {f"{s}_{rest}" for s in SECTIONS for rest in ("commitment", "length")}
    facts = [name for name in names if name not in others and not name.startswith("who_")]
    for number, field in enumerate(table.schema):
        if arrow.types.is_timestamp(field.type):
            table = table.set_column(number, field.name, table.column(number).cast(arrow.int64()))
    # Any reader may leave out a column that it does not know; those that are missing read as null.
    missing = dict.fromkeys(others | {"who_user"} - set(names))
    metadata = parquet.read_metadata(path).metadata or {}
    return (missing | row for batch in table.to_batches(4096) for row in batch.to_pylist()), facts, metadata


def check_segment(data, listed, leaves, salts, report):
    """One listed segment: file, rows, sections. Returns the origin that it names."""
    name, first, last, count, size, low, high, kind, digest, _ = listed
    path, place = os.path.join(data, "segments", name), "segments/" + name
    with open(path, "rb") as file:
        found = file.read()
    if len(found) != size or sha256(found) != digest:
        report.find(place, "is not the file that the catalog lists")
    rows, facts, metadata = rows_of(path)
    if metadata.get(b"tachograph.format") != b"1":
        report.find(place, "does not say that it has format 1")
    seen, before, times = 0, -1, []
    for row in rows:
        index = unsigned(row["index"])
        seen, times = seen + 1, times + [row["timestamp"]]
        if index <= before or not first <= index <= last or row["retention"] != kind:
            report.find(place, f"entry {index} does not belong there")
        if index in leaves:
            report.find(place, f"entry {index} stands in another row, too")
        before, leaves[index] = index, sha256(b"\0", entry_of(row))
        check_sections(row, facts, salts, report)
    if (seen, min(times, default=0), max(times, default=0)) != (count, low, high):
        report.find(place, "has not the number of rows or not the times that the catalog says")
    return metadata.get(b"tachograph.origin", b"").decode()


def run(data, key, report):
    if not os.path.isdir(os.path.join(data, "segments")):
        raise CannotRun(f"{data} is no data folder: it has no segments/")
    listed, position = read_catalog(data, report)
    if not listed:
        raise CannotRun(f"{data} has no segments yet")
    secrets = {}
    try:
        if key != "none":
            with open(key or os.path.join(data, "keyring", "master.key"), encoding="ascii") as file:
                secrets = read_ring(data, bytes.fromhex(file.read().strip()))
    except (OSError, ValueError) as error:
        report.find("keyring", str(error))
    salts, leaves, origins = Salts(secrets), {}, set()
    present = set(os.listdir(os.path.join(data, "segments")))
    for name in sorted(present - {row[0] for row in listed}):
        report.find("segments/" + name, "the catalog does not list it")
    for row in listed:
        try:
            origins.add(check_segment(data, row, leaves, salts, report))
        except Exception as error:  # a reader of Parquet fails in many ways, and each is a finding
            report.find("segments/" + row[0], f"cannot be read: {type(error).__name__}: {error}")
    for index in range(position):
        if index not in leaves:
            report.find(f"entry {index}", "stands below the position, and no segment has it")
    if beyond := [index for index in leaves if index >= position]:
        report.find("catalog.sqlite", f"the position is {position}, a segment holds entry {min(beyond)}")
    origin = check_tree(data, leaves, position, report)
    if origins - {origin}:
        report.find("segments", f"they name the origins {sorted(origins)}, the checkpoint names {origin}")


def main(arguments):
    each = "--each" in arguments
    arguments = [argument for argument in arguments if argument != "--each"]
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 3
    report = Report(each)
    try:
        import pyarrow.parquet  # noqa: F401: said before anything is read
        import cryptography  # noqa: F401
        run(arguments[0], arguments[1] if len(arguments) == 2 else None, report)
    except (CannotRun, ImportError, OSError) as error:
        print(f"rebuild.py: {error}", file=sys.stderr)
        return 3
    for finding in report.findings[:100]:
        print("FOUND", finding)
    if len(report.findings) > 100:
        print(f"… and {len(report.findings) - 100} more")
    for (name, state), count in sorted(report.states.items(), key=lambda item: (SECTIONS.index(item[0][0]), item[0][1])):
        print(f"{name:9}{state:9}{count}")
    print("good" if not report.findings else f"{len(report.findings)} findings")
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
