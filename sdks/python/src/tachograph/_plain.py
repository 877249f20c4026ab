"""Any Python value as plain JSON values. Never raises, whatever it is given.

Numbers that JSON does not know become texts, cycles and depths are cut, arrays of numpy and tables of pandas become
lists without importing either.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
import math
from collections.abc import Mapping
from typing import Any, cast

DEPTH_MAX = 32
ARRAY_ITEMS_MAX = 10_000
ARRAY_HEAD = 1_000
REPR_CHARS_MAX = 1_000
INT_BITS_MAX = 64
MEMBERS_MAX = 4000  # the server takes 4096, and a few are put in last

_UTC = datetime.timezone.utc
_MS_FROM = 1e11  # as seconds this is the year 5138

Json = Any
_OBJECT_STR: Any = object.__str__


def plain(value: Any, depth: int = 0, inside: frozenset[int] = frozenset()) -> Json:
    """The value as dicts, lists, texts, numbers, booleans and None."""
    if value is None or value is True or value is False or type(value) is str:
        return value
    if type(value) is int:
        return value if value.bit_length() <= INT_BITS_MAX else _huge(value)
    if type(value) is float:
        return value if math.isfinite(value) else str(value)
    if depth >= DEPTH_MAX:
        return "[too deep]"
    if id(value) in inside:
        return "[cycle]"
    try:
        return _compound(value, depth + 1, inside | {id(value)})
    except Exception as error:  # a value's own code may raise anything
        return f"[unreadable {type(value).__name__}: {type(error).__name__}]"


def _huge(value: int) -> str:
    # Python refuses to spell very long numbers in decimal.
    return hex(value)[:REPR_CHARS_MAX]


def _compound(value: Any, depth: int, inside: frozenset[int]) -> Json:
    if isinstance(value, Mapping):
        return {_key(key): plain(item, depth, inside) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item, depth, inside) for item in value]
    if isinstance(value, enum.Enum):
        return plain(value.value, depth, inside)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return plain(int(value), depth, inside)
    if isinstance(value, float):
        return plain(float(value), depth, inside)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "backslashreplace")
    if isinstance(value, datetime.datetime):
        return timestamp(value)
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return f"{value.total_seconds()}s"
    if isinstance(value, BaseException):
        return {"type": type(value).__name__, "message": str(value)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        named = {member.name: getattr(value, member.name) for member in dataclasses.fields(value)}
        return plain(named, depth, inside)
    return _foreign(value, depth, inside)


def _foreign(value: Any, depth: int, inside: frozenset[int]) -> Json:
    """Values of other libraries, known by what they can do."""
    if not isinstance(value, type):
        size = getattr(value, "size", None)
        if callable(getattr(value, "tolist", None)) and isinstance(size, int):  # numpy, pandas.Series
            if size > ARRAY_ITEMS_MAX:
                head = value.reshape(-1)[:ARRAY_HEAD] if hasattr(value, "reshape") else value[:ARRAY_HEAD]
                shape = getattr(value, "shape", (size,))
                cut = {"shape": list(shape), "dtype": str(getattr(value, "dtype", "")), "head": head.tolist()}
                return plain(cut, depth, inside)
            return plain(value.tolist(), depth, inside)
        if callable(getattr(value, "to_dict", None)) and hasattr(value, "columns"):  # pandas.DataFrame
            return plain(value.head(ARRAY_HEAD).to_dict(orient="list"), depth, inside)
        if callable(getattr(value, "model_dump", None)):  # pydantic
            return plain(value.model_dump(), depth, inside)
        if callable(getattr(value, "item", None)) and callable(getattr(value, "detach", None)):  # torch
            return plain(value.detach().cpu().numpy(), depth, inside)
        if getattr(type(value), "__str__", None) is not _OBJECT_STR:  # UUID, Decimal, Path and their kin
            return str(value)[: 1 << 20]
    return repr(value)[:REPR_CHARS_MAX]


def _key(key: Any) -> str:
    if type(key) is str:
        return key
    if key is None or isinstance(key, (bool, int, float)):
        return json.dumps(key)
    made = plain(key)
    return made if isinstance(made, str) else json.dumps(made)


def timestamp(moment: Any = None) -> str:
    """A moment as RFC 3339 in UTC. A time without a zone is local time, a number is Unix seconds, or milliseconds when
    it is that large; a day is its midnight in UTC, numpy's `datetime64` is UTC. What is no moment comes as text."""
    if isinstance(moment, str):
        return moment
    try:
        return _rfc3339(_moment(moment))
    except Exception:  # a value's own code may raise anything
        made = "NaT" if (found := plain(moment)) is None else found
        return made if isinstance(made, str) else json.dumps(made)


def is_moment(text: str) -> bool:
    """Whether the text may be a moment; which of them are is the server's to say."""
    return text.lstrip("-")[:1].isdigit()


def _moment(value: Any) -> datetime.datetime:
    if value is None:
        return datetime.datetime.now(_UTC)
    if type(value).__name__ == "datetime64":
        return cast(datetime.datetime, value.astype("datetime64[us]").item().replace(tzinfo=_UTC))
    if not isinstance(value, (int, float, datetime.date)) and callable(getattr(value, "item", None)):
        value = value.item()  # the numbers of numpy
    if isinstance(value, datetime.datetime):
        return value
    if isinstance(value, datetime.date):
        return datetime.datetime(value.year, value.month, value.day, tzinfo=_UTC)
    seconds = float(value)
    return datetime.datetime.fromtimestamp(seconds / 1000 if abs(seconds) >= _MS_FROM else seconds, _UTC)


def _rfc3339(moment: datetime.datetime) -> str:
    return moment.astimezone(_UTC).replace(tzinfo=None).isoformat("T", "microseconds") + "Z"


def encode(value: Json) -> bytes:
    """Strict JSON without white space. What is no Unicode becomes `?`."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def fitted(event: dict[str, Any], bytes_max: int) -> bytes:
    """The event in at most so many bytes and members: long texts are cut, then long lists and objects, and the event
    says how much."""
    body = encode(event)
    if len(body) <= bytes_max and _members(body) <= MEMBERS_MAX:
        return body
    whole = len(body)
    for chars, items in ((65536, 1 << 20), (8192, 1 << 20), (8192, 10_000), (1024, 1000), (128, 100), (64, 10)):
        cut = {name: _cut(value, chars, items) for name, value in event.items()}
        body = encode(cut)
        if len(body) <= bytes_max - 64 and _members(body) < MEMBERS_MAX:
            cut["cut_bytes"] = whole - len(body)
            return encode(cut)
    kept = {name: value for name, value in event.items() if isinstance(value, (str, int)) and len(str(value)) < 256}
    return encode(dict(list(kept.items())[:64]) | {"cut_bytes": whole})


def _members(body: bytes) -> int:
    """At least as many as there are members: texts may hold the same bytes."""
    return body.count(b'":')


def _cut(value: Json, chars: int, items: int) -> Json:
    if isinstance(value, str):
        return value if len(value) <= chars else value[:chars] + "…"
    if isinstance(value, list):
        return [_cut(item, chars, items) for item in value[:items]]
    if isinstance(value, dict):
        return {key[:chars]: _cut(item, chars, items) for key, item in list(value.items())[:items]}
    return value
