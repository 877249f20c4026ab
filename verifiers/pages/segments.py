"""The catalog and the segment files."""
import collections
import itertools
import json
import re
import shutil
import sqlite3
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pages.common import UNREADABLE, sha, u64, unsigned
from pages.entries import KNOWN, UNSIGNED

FILE_NAME = re.compile(r"([0-9a-f]{16})-([0-9a-f]{16})-([a-z_]+)(?:\.[1-9]\d*)?\.parquet")  # [segment] first paragraph


def read_catalog(folder, report):
    """What the catalog says of each file, and the position. [catalog]"""
    path, copy = folder / "catalog.sqlite", tempfile.TemporaryDirectory()
    for name in filter(lambda n: (folder / n).exists(), (path.name, path.name + "-wal")):  # what a crash left in it counts
        shutil.copy(folder / name, copy.name)
    if not path.exists():
        raise sqlite3.Error("it is not there")
    base = sqlite3.connect(Path(copy.name, path.name))
    base.row_factory = sqlite3.Row
    if (version := base.execute("PRAGMA user_version").fetchone()[0]) not in (1, 2, 3, 4):  # these have the same tables of files
        raise ValueError(f"catalog of version {version}")
    report.note("catalog: `agents`, `api_keys`, `holds` and `edits` are NOT CHECKED here")
    for (line,) in base.execute("PRAGMA integrity_check"):
        if line != "ok":
            report.find("catalog", path.name, line)
    text, listed = (lambda t: u64(len(t.encode())) + t.encode()), {}
    for row in map(dict, base.execute("SELECT * FROM segments")):
        numbers = [u64(row[k]) for k in ("first", "last", "rows", "bytes", "time_min", "time_max")]
        if row["checksum"] != sha(b"tacho/catalog/segment/v1\0", text(row["name"]), text(row["class"]), *numbers, row["digest"]):
            report.find("catalog", row["name"], "checksum of its row is wrong")
        listed[row["name"]] = row | {k: unsigned(row[k]) for k in ("first", "last", "rows", "bytes")}
    index, record, checksum = base.execute("SELECT next_index, next_record, checksum FROM position").fetchone()
    if checksum != sha(b"tacho/catalog/position/v1\0", u64(index), u64(record)):
        report.find("catalog", "position", "its checksum is wrong")
    return listed, (unsigned(index), unsigned(record))


def plain(array):
    """A column as Python values: texts as bytes, times and dates as integers."""
    if pa.types.is_string(array.type):
        array = array.cast(pa.binary())
    elif pa.types.is_timestamp(array.type) or pa.types.is_date(array.type):
        array = array.cast(pa.int64() if pa.types.is_timestamp(array.type) else pa.int32())
    return array.to_pylist()


def read_rows(file, name, report):
    """The rows in order. Where a page can't be read its column is named, and the rest of the row group passed over."""
    columns = [c for c in file.schema_arrow.names if c in KNOWN]
    for group in range(file.num_row_groups):
        try:
            for batch in file.iter_batches(4096, row_groups=[group], columns=columns):
                data = {c: plain(batch.column(c)) for c in columns if batch.column(c).null_count < len(batch)}
                data |= {c: [v if v is None else unsigned(v) for v in data[c]] for c in UNSIGNED if c in data}
                yield from (dict(zip(data, values)) for values in zip(*data.values()))
        except UNREADABLE:
            for column in columns:
                try:
                    plain(file.read_row_group(group, columns=[column])[column])
                except UNREADABLE as why:
                    report.find("segment", name, f"row group {group}, column {column} can't be read: {str(why)[:100]}")


def check_segment(path, said, origin, rows, report):
    """One file, its rows, and what the catalog says of it. [catalog: What a check compares]"""
    data, name = path.read_bytes(), path.name
    is_so = {"bytes": len(data), "digest": sha(data), "rows": 0}
    indexes, times, faults = [], [], collections.Counter()
    match = FILE_NAME.fullmatch(name)
    try:
        file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
        meta = {k.decode(): v.decode() for k, v in (file.metadata.metadata or {}).items()}
        if (meta.get("tachograph.format"), meta.get("tachograph.origin")) != ("1", origin):
            report.find("segment", name, "metadata is not format 1 and this log's origin")
        if strange := [c for c in file.schema_arrow.names if c not in KNOWN]:  # [segment] later versions add columns
            report.note(f"segment {name}: not looked at, because not known here: {', '.join(strange)}")
        for row in read_rows(file, name, report):
            is_so["rows"] += 1
            indexes += [row["index"]] if "index" in row else []
            times += [row["timestamp"]] if "timestamp" in row else []
            faults["rows are of another class"] += not match or row.get("retention") != match[3].encode()
            rows.check(row, name)
    except UNREADABLE as why:
        report.find("segment", name, f"can't be read: {str(why)[:200]}")
    faults["rows are not in strictly ascending order"] = sum(a >= b for a, b in zip(indexes, indexes[1:]))
    if indexes and times:
        is_so |= {"first": indexes[0], "last": indexes[-1], "time_min": min(times), "time_max": max(times)}
    for fault, count in faults.items():
        if count:
            report.find("segment", name, f"{count} {fault}")
    show = lambda value: value.hex() if isinstance(value, bytes) else value
    for key, value in is_so.items() if said else ():
        if value != said[key]:
            report.find("segment", name, f"{key} is {show(value)}, the catalog says {show(said[key])}")
    by_name = match and (int(match[1], 16), int(match[2], 16), match[3])
    if not match or (said and by_name != (said["first"], said["last"], said["class"])):
        report.find("segment", name, "the name does not say what the catalog does: first and last index, class")


def check_written(rows, listed, report):
    """The digest that the log itself holds of each file. [catalog: What a check compares]"""
    newest, told, events = {}, 0, []
    for index, time, output in sorted(rows.written, key=lambda event: event[0]):
        try:
            said = json.loads(output)
            events.append((index, time, said["file"], said["sha256"], said["first_index"], said["last_index"], said.get("replaces")))
        except UNREADABLE:
            report.note(f"entry {index}: this segment_written says nothing that can be read")
    for _, together in itertools.groupby(events, key=lambda event: event[1]):
        end = told
        for index, _, name, digest, first, last, replaces in together:
            if first < told and replaces == [] and newest.get(name, (0, ""))[1] != digest:
                report.find("entry", index, f"tells of {name}, which takes the place of others unsaid")
            newest[name], end = (index, digest), max(end, last + 1)
        told = end
    new = 0
    for name, row in sorted(listed.items()):
        index, digest = newest.get(name, (None, None))
        if index is not None and digest != row["digest"].hex():
            report.find("segment", name, f"entry {index} (segment_written) says {digest}")
        elif index is None and row["first"] < told:  # a new name must not end the digest's protection
            report.find("segment", name, f"no segment_written about it, and the log tells of files up to entry {told - 1}")
        new += index is None and row["first"] >= told
    if new:
        report.note(f"{new} of {len(listed)} segments are newer than every segment_written: only their catalog rows have their digests")
