"""Any Python value as plain JSON values, as much of it as a call may cost. Never raises, whatever it is given.

Numbers that JSON does not know become texts, cycles and depths are cut, arrays of numpy and tables of pandas become
lists without importing either.

*The bound.* A walk looks at so many values, and keeps so many characters, however large what it is given is: of a text it
reads the beginning and the length, of a list the first items. What is left out is said where it was. A text may have half of
the characters that are left, so that those behind it have some; an object inside of another leaves values for its neighbours.
"""

from __future__ import annotations

import array
import dataclasses
import datetime
import enum
import itertools
import json
import math
from collections import UserList, deque
from collections.abc import ItemsView, Iterable, KeysView, Mapping, ValuesView
from typing import Any, NamedTuple, cast

DEPTH_MAX = 32
ARRAY_HEAD = 1_000
REPR_CHARS_MAX = 1_000
INT_BITS_MAX = 64
TEXT_LEAST = 16
#: A value that is not JSON's own costs as much as so many others.
FOREIGN_COST = 10
#: Values that an object inside of another leaves for each of its neighbours.
RESERVE = 16
_WORD_MAX = 256


class Size(NamedTuple):
    """How much one event may hold. The same numbers in every language: sdks/conformance."""

    values: int
    chars: int


FULL = Size(4000, 128 << 10)
#: While memory is more than half full.
TIGHT = Size(250, 4 << 10)

_UTC = datetime.timezone.utc
_MS_FROM = 1e11  # as seconds this is the year 5138
_HUGE_BITS = 4096
_YEARS = range(1970, 2200)  # of others the server says that the clock is broken

Json = Any
_OBJECT_STR: Any = object.__str__
_LISTS = (list, tuple, set, frozenset, deque, array.array, KeysView, ValuesView, ItemsView, UserList)


def plain(value: Any) -> Json:
    """The value as dicts, lists, texts, numbers, booleans and None."""
    return Walk().value(value)


def event_of(members: dict[str, Any], size: Size = FULL) -> tuple[dict[str, Any], int]:
    """The event, with what was left out in `cut_bytes` and `cut_values`, and about how many bytes it has."""
    walk = Walk(size)
    made: dict[str, Any] = walk.value(members)
    if walk.cut_chars:
        made["cut_bytes"] = walk.cut_chars
    if walk.left_out:
        made["cut_values"] = walk.left_out
    return made, (size.chars - walk.chars) + 8 * (size.values - walk.values)


class Frozen(NamedTuple):
    """A value as it was at another time, with what was left out of it then, and what it took of the bound."""

    made: Json
    values: int
    chars: int
    cut_chars: int
    left_out: int

    @classmethod
    def of(cls, value: Any) -> Frozen:
        walk = Walk()
        made = walk.value(value)
        return cls(made, FULL.values - walk.values, FULL.chars - walk.chars, walk.cut_chars, walk.left_out)


class Walk:
    """One look at a value."""

    def __init__(self, size: Size = FULL) -> None:
        self.values, self.chars = size
        self.cut_chars = 0
        self.left_out = 0
        self._above: set[int] = set()

    def value(self, value: Any, depth: int = 0, floor: int = 0) -> Json:
        """`floor`: so many values are left for others."""
        if value is None or value is True or value is False:
            return value
        kind = type(value)
        if kind is str:
            return self._text(value)
        if kind is int:
            return value if value.bit_length() <= INT_BITS_MAX else self._text(_huge(value))
        if kind is float:
            return value if math.isfinite(value) else str(value)
        if kind is Frozen:
            self.cut_chars += value.cut_chars
            self.left_out += value.left_out
            if value.values > self.values - floor or value.chars > self.chars:
                return self.value(value.made, depth, floor)
            self.values -= value.values
            self.chars -= value.chars
            return value.made
        if depth >= DEPTH_MAX:
            return "[too deep]"
        if id(value) in self._above:
            return "[cycle]"
        self._above.add(id(value))
        try:
            if kind is dict:
                return self._members(value.items(), len(value), depth + 1, floor)
            if kind is list or kind is tuple:
                return self._items(value, len(value), depth + 1, floor)
            return self._foreign(value, depth + 1, floor)
        except Exception as error:  # a value's own code may raise anything
            return _unreadable(value, error)
        finally:
            self._above.discard(id(value))

    def _text(self, text: str, whole: int | None = None) -> str:
        """At most half of the characters that are left. `whole`: what it was cut from before."""
        size = len(text) if whole is None else whole
        room = max(self.chars >> 1, TEXT_LEAST)
        if size <= room:
            self.chars -= size
            return text
        kept = _words(text[:room])
        self.chars -= len(kept)
        self.cut_chars += size - len(kept)
        return f"{kept}… [{size - len(kept)} characters cut]"

    def _items(self, items: Iterable[Any], size: int, depth: int, floor: int) -> list[Json]:
        made: list[Json] = []
        for item in items:
            if self.values <= floor:
                break
            self.values -= 1
            made.append(self.value(item, depth, floor))
        left_out = size - len(made)
        if left_out > 0:
            self.left_out += left_out
            made.append(f"… [{left_out} items left out]")
        return made

    def _members(self, members: Iterable[tuple[Any, Any]], size: int, depth: int, floor: int) -> dict[str, Json]:
        made: dict[str, Json] = {}
        left = size
        for key, item in members:
            if self.values <= floor:
                break
            self.values -= 1
            left -= 1
            reserve = min(RESERVE * left, (self.values - floor) // 2) if left else 0
            name = self._text(key) if type(key) is str else self._key(key)
            made[name] = self.value(item, depth, floor + reserve)
        if left > 0:
            self.left_out += left
            made["members_left_out"] = left
        return made

    def _key(self, key: Any) -> str:
        made = self.value(key, DEPTH_MAX - 2)
        return made if isinstance(made, str) else json.dumps(made)

    def _foreign(self, value: Any, depth: int, floor: int) -> Json:
        """What is not JSON's own: first as something that is, then as any other."""
        self.values -= FOREIGN_COST - 1
        if isinstance(value, str):
            start = str.__getitem__(value, slice(0, max(self.chars >> 1, TEXT_LEAST)))
            return self._text(start, str.__len__(value))
        if isinstance(value, (bytes, bytearray, memoryview)):
            kept = bytes(value[: max(self.chars >> 1, TEXT_LEAST)])
            text = kept.decode("utf-8", "backslashreplace")
            return self._text(text, len(text) + len(value) - len(kept))
        room = max(self.values - floor, 0)
        is_mapping, is_list = isinstance(value, Mapping), isinstance(value, _LISTS)
        try:
            size = len(value) if is_mapping or is_list else 0
            if is_mapping:
                made: Any = list(itertools.islice(value.items(), room))
            else:
                made = list(itertools.islice(value, room)) if is_list else _simpler(value, room)
        except (SystemExit, GeneratorExit) as error:  # a value's own code is no reason to end the program
            return _unreadable(value, error)
        if is_mapping:
            return self._members(made, size, depth, floor)
        return self._items(made, size, depth, floor) if is_list else self.value(made, depth, floor)


def few(members: Mapping[Any, Any]) -> dict[Any, Any]:
    """A copy for changes that costs no more than a call may, with the number of those that are not in it."""
    if len(members) <= FULL.values:
        return dict(members)
    kept = dict(itertools.islice(members.items(), FULL.values))
    return {**kept, "members_left_out": len(members) - len(kept)}


def _unreadable(value: Any, error: BaseException) -> str:
    return f"[unreadable {type(value).__name__}: {type(error).__name__}]"


def _words(kept: str) -> str:
    """Without the word that the cut has gone through: half a secret is no longer known for one."""
    space = max(kept.rfind(" ", -_WORD_MAX), kept.rfind("\n", -_WORD_MAX))
    return kept[: space + 1] if space > 0 else kept


def _huge(value: int) -> str:
    # Python refuses to spell very long numbers in decimal, and the work grows with them.
    over = max(value.bit_length() - _HUGE_BITS, 0)
    text = hex(value >> over)[:REPR_CHARS_MAX]
    return f"{text}… [{value.bit_length()} bits]" if over else text


def _simpler(value: Any, room: int) -> Any:
    """A value of another library as one that is nearer to JSON, known by what it can do."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, datetime.datetime):
        return timestamp(value)
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return f"{value.total_seconds()}s"
    if isinstance(value, BaseException):
        return {"type": type(value).__name__, "message": str(value)}
    if isinstance(value, type):
        return repr(value)[:REPR_CHARS_MAX]
    if dataclasses.is_dataclass(value):
        return {member.name: getattr(value, member.name) for member in dataclasses.fields(value)}
    size = getattr(value, "size", None)
    if callable(getattr(value, "tolist", None)) and isinstance(size, int):  # numpy, pandas.Series
        return value.tolist() if size <= room else _head(value, size, room)
    if callable(getattr(value, "to_dict", None)) and hasattr(value, "columns"):  # pandas.DataFrame
        return _table(value, room)
    if callable(getattr(value, "model_dump", None)):  # pydantic
        return value.model_dump()
    if callable(getattr(value, "item", None)) and callable(getattr(value, "detach", None)):  # torch
        tensor = value.detach()
        return (tensor if tensor.numel() <= room else tensor.flatten()[:ARRAY_HEAD]).cpu().numpy()
    if getattr(type(value), "__str__", None) is not _OBJECT_STR:  # UUID, Decimal, Path and their kin
        return str(value)
    return repr(value)[:REPR_CHARS_MAX]


def _head(many: Any, size: int, room: int) -> dict[str, Any]:
    """The beginning of an array. In another shape, one that is not in one piece would be a copy of it all."""
    flat = getattr(many, "flat", getattr(many, "iloc", many))
    shape, kind = getattr(many, "shape", (size,)), getattr(many, "dtype", "")
    return {"shape": list(shape), "dtype": str(kind), "head": flat[: min(ARRAY_HEAD, room)].tolist()}


def _table(table: Any, room: int) -> dict[str, Any]:
    rows, columns = table.shape
    kept_columns = min(columns, 100)
    kept_rows = min(rows, ARRAY_HEAD, max(room // max(kept_columns, 1), 1))
    head = table.iloc[:kept_rows, :kept_columns].to_dict(orient="list")
    is_whole = (kept_rows, kept_columns) == (rows, columns)
    return cast("dict[str, Any]", head) if is_whole else {"shape": [rows, columns], "head": head}


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
    """Whether the text may be a moment; which of them are is the server's to say. None is outside of `_YEARS`."""
    is_date = text[4:5] == "-" and text[:4].isdecimal()
    return int(text[:4]) in _YEARS if is_date else text[:1].isdigit() and "e" not in text


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
    """The event in at most so many bytes. Within the limits of a walk only texts of control characters are over: they are
    cut, and the event says how much."""
    body = encode(event)
    whole = len(body)
    for chars in (8192, 1024, 16):
        if len(body) <= bytes_max:
            break
        cut = {name: _shorter(value, chars) for name, value in event.items()}
        body = encode(cut | {"cut_bytes": whole - len(encode(cut)) + event.get("cut_bytes", 0)})
    return body


def _shorter(value: Json, chars: int) -> Json:
    if isinstance(value, str):
        return value if len(value) <= chars + 64 else f"{value[:chars]}… [{len(value) - chars} characters cut]"
    if isinstance(value, list):
        return [_shorter(item, chars) for item in value]
    if isinstance(value, dict):
        return {_shorter(key, chars): _shorter(item, chars) for key, item in value.items()}
    return value
