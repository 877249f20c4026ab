"""The journal: records to entries, as docs/formats/journal.md says."""
import struct
import uuid
import zlib

from pages.common import UNREADABLE
from pages.entries import FACT_INTS, FACT_TEXTS, SECTIONS, WHO

CODES = {
    "action_type": """tool skill external decision error communication model_decision trade audit auth lifecycle
        settings workflow memory metric log""".split(),
    "class": "critical high_priority standard".split(),
    "level": "CRITICAL HIGH ERROR WARNING INFO DEBUG".split(),
    "outcome_status": "success failure partial running unknown".split(),
    "known": "observed self_reported imported".split(),
    "phase": "proposed asked decided executed result message".split(),
    "retention": "critical high_priority standard".split(),
}
TEXT = {1: "agent_id", 2: "agent_version", 5: "call_id", 6: "parent_id", 7: "action_name", 8: "source"}
TEXT |= dict(enumerate(WHO, 16)) | dict(enumerate(SECTIONS[2:], 24)) | dict(enumerate(FACT_TEXTS, 128))


def varint(data, at):
    number = shift = 0
    while True:
        number |= (data[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 128:
            return number, at


def event(data):
    """The columns of a row that the journal has: all but place, session number and revision."""
    (ident, body, time, flags, *codes, content, writer, period, _, former) = struct.unpack("<16s32sq8BQ8siIQ", data[:96])
    if former and not flags & 4:
        raise ValueError("an event has a former fingerprint without its flag")
    row = {"event_id": str(uuid.UUID(bytes=ident)).encode(), "body": body, "timestamp": time, "writer": writer.hex().encode(),
           "time_claimed": bool(flags & 1), "period": period, "v": 1}
    if flags & 2:
        row["content"] = content
    if flags & 4:
        row["former"] = former
    row |= {name: words[code - 1].encode() for (name, words), code in
            zip(((n, CODES[n]) for n in ("action_type", "class", "level", "outcome_status", "known", "phase", "retention")), codes)
            if code}
    at, last = 96, -1
    while at < len(data):
        tag, (number, at) = data[at], varint(data, at + 1)
        if tag <= last:
            raise ValueError(f"field {tag} behind field {last}")
        last = tag
        if tag == 4:
            row["producer_seq"] = number
        elif 32 <= tag < 128:
            row[FACT_INTS[tag - 32]] = number >> 1 ^ -(number & 1)
        else:
            value, at = data[at:at + number], at + number
            if tag == 3:
                row["session_uuid"] = str(uuid.UUID(bytes=value)).encode()
            elif tag == 9:
                row["subject_tag"] = value
            else:
                row[TEXT[tag]] = value
    return row


def frame_at(data, at):
    """Number, unsynced, time, payload and end of a whole frame; `None` where there is none."""
    if len(data) < at + 32:
        return None
    crc, length, mark, unsynced, number, time = struct.unpack("<II4sIQq", data[at:at + 32])
    end, salt = at + 32 + length, data[16:28]
    if mark != salt[:4] or end > len(data) or zlib.crc32(salt[4:] + data[at + 4:end]) != crc:
        return None
    return number, unsynced, time, data[at + 32:end], end


def is_damage(data, at, number):
    """Whether a whole frame behind a hole was written after the record there was synced. [journal: Holes]"""
    at = data.find(data[16:20], at)
    while at >= 0:
        frame = frame_at(data, at - 8)
        if frame and frame[0] - frame[1] > number:
            return True
        at = data.find(data[16:20], at + 1)
    return False


def frames(path, number, is_last, report):
    """The whole frames of a file: number, time and payload of each record, from `number` on."""
    data, at, name = path.read_bytes(), 32, f"wal/{path.name}"
    if data[:16] != b"tachograph wal 1" or len(data) < 32 or zlib.crc32(data[:28]) != struct.unpack("<I", data[28:32])[0]:
        return report.find("journal", name, "its header is damaged")
    while at < len(data):
        frame = frame_at(data, at)
        if frame is None or frame[0] != number:
            if is_last and not is_damage(data, at, number):  # whether entries are lost with it is for the checkpoint to say
                return report.note(f"{name}: a torn end from byte {at} of {len(data)} on")
            return report.find("journal", name, f"no whole frame of record {number} at byte {at}")
        yield number, frame[2], frame[3]
        at, number = frame[4], number + 1


def events(payload):
    version, _, count = struct.unpack("<BBI", payload[:6])
    if version != 1:
        raise ValueError(f"a batch of version {version}")
    at = 6
    for _ in range(count):
        size = struct.unpack("<I", payload[at:at + 4])[0]
        yield event(payload[at + 4:at + 4 + size])
        at += 4 + size
    if at != len(payload):
        raise ValueError("a batch is longer than its events")


class Sequence:
    """Which place each event gets. [journal: From records to entries]"""

    def __init__(self):
        self.index = self.time = 0
        self.states, self.sessions = {}, {}

    def behind(self, rows, index):
        """Where the first records are gone: goes on behind the segments."""
        self.index, self.time = index, max(rows.times.values(), default=0)
        self.states = {key: list(states) for key, states in rows.contents.items()}
        self.sessions = {session: len(places) for session, places in rows.sessions.items()}

    def place(self, row):
        """The row with its place; `None` for a duplicate."""
        row["revision"] = 0
        if "content" in row:
            states = self.states.setdefault((row["writer"], row["event_id"]), [])
            if row["content"] in states or row.pop("former", None) in states:
                return None
            row["revision"] = len(states)
            states.append(row["content"])
        if "session_uuid" in row:
            row["session_seq"] = self.sessions.get(row["session_uuid"], 0)
            self.sessions[row["session_uuid"]] = row["session_seq"] + 1
        row |= {"index": self.index, "recorded_at": self.time}
        self.index += 1
        return row


def read_journal(folder, position, rows, report):
    """Every entry of `wal/`: those at and above the position are taken, the others compared with the segments."""
    index, record = position
    files = sorted(path for path in (folder / "wal").glob("*.wal") if len(path.stem) == 16)
    while record is not None and len(files) > 1 and int(files[1].stem, 16) <= record and int(files[0].stem, 16) > 0:
        files.pop(0)  # may stand before a gap, when a crash brought it back
    sequence, number = Sequence(), int(files[0].stem, 16) if files else record or 0
    if record is None:
        if number > 0:
            return report.note("the journal was not read: only the catalog says which of its entries is the first")
        record = 0
    if number > record:
        report.find("journal", "wal", f"begins with record {number}, the catalog needs those from {record} on")
    if number > 0:
        sequence.behind(rows, index)
    skipped = record if number > 0 else 0
    for path in files:
        if int(path.stem, 16) != number:
            return report.find("journal", f"wal/{path.name}", f"record {number} was to be the next")
        for number, time, payload in frames(path, number, path == files[-1], report):
            number += 1
            if number <= skipped:
                continue
            sequence.time = max(sequence.time, time)
            try:
                for row in filter(None, map(sequence.place, events(payload))):
                    if row["index"] >= index:
                        rows.check(row, f"wal/{path.name}")
                    else:
                        rows.compare(row, f"wal/{path.name}")
            except (*UNREADABLE, IndexError, struct.error) as why:
                return report.find("journal", f"wal/{path.name}", f"record {number - 1} can't be read: {why}")
