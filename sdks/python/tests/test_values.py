"""Any value becomes JSON, and an event of any size one that the server takes."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
import uuid
from collections import OrderedDict, deque
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tachograph._options import EVENT_BYTES_MAX
from tachograph._plain import (
    DEPTH_MAX,
    FOREIGN_COST,
    FULL,
    TEXT_LEAST,
    TIGHT,
    Size,
    Walk,
    encode,
    event_of,
    fitted,
    plain,
    timestamp,
)


@dataclasses.dataclass
class Order:
    price: Decimal
    side: str


class Side(enum.Enum):
    BUY = "buy"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (float("inf"), "inf"),
        (10**20, hex(10**20)),
        (2**63, 2**63),
        (b"abc\xff", "abc\\xff"),
        ({1: "a", None: "b", (1, 2): "c"}, {"1": "a", "null": "b", "[1, 2]": "c"}),
        ((1, {2}), [1, [2]]),
        (Side.BUY, "buy"),
        (Order(Decimal("1.10"), "buy"), {"price": "1.10", "side": "buy"}),
        (OrderedDict(a=1), {"a": 1}),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Path("/tmp/x"), "/tmp/x"),
        (datetime.timedelta(seconds=2.5), "2.5s"),
        (ValueError("no"), {"type": "ValueError", "message": "no"}),
        (True, True),
    ],
    ids=repr,
)
def test_values_of_python_become_values_of_json(given: object, expected: object) -> None:
    assert plain(given) == expected


def test_cycles_and_depths_are_cut() -> None:
    cycle: list[object] = []
    cycle.append(cycle)
    assert plain(cycle) == ["[cycle]"]
    shared = {"a": 1}
    assert plain([shared, shared]) == [shared, shared]
    deep: object = 1
    for _ in range(10_000):
        deep = [deep]
    text = json.dumps(plain(deep))
    assert text.count("[") == DEPTH_MAX + 1 and "too deep" in text


def test_times_are_utc() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=2))
    assert timestamp(datetime.datetime(2026, 3, 2, 11, 0, tzinfo=zone)) == "2026-03-02T09:00:00.000000Z"
    assert timestamp(0.5) == "1970-01-01T00:00:00.500000Z"
    assert timestamp("yesterday") == "yesterday"


def test_an_event_within_the_limits_is_left_alone() -> None:
    event = {"text": "äöü \ud800", "n": [1, 2.5, None]}
    assert fitted(event, 1000) == encode(event) == '{"text":"äöü ?","n":[1,2.5,null]}'.encode()


class Counted(dict[str, int]):
    """Counts what is looked at."""

    seen = 0

    def items(self) -> Any:
        for item in super().items():
            Counted.seen += 1
            yield item


def nested(levels: int, width: int) -> Any:
    return [nested(levels - 1, width) for _ in range(width)] if levels else "word " * 20


@pytest.mark.parametrize(
    "content",
    [
        "word " * 600_000,
        "x" * 3_000_000,
        b"\xff" * 3_000_000,
        ["y" * 1000] * 3000,
        list(range(600_000)),
        {f"m{n}": n for n in range(90_000)},
        {"k" * 2_000_000: 1},
        [{"id": n, "name": f"row {n}", "when": datetime.datetime.now()} for n in range(20_000)],
        nested(6, 9),
        {n: "z" * n for n in range(5000)},
        Exception("e" * 3_000_000),
        deque(range(500_000)),
        {n: n for n in range(90_000)}.values(),
        1 << 40_000_000,
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("size", [FULL, TIGHT], ids=["full", "tight"])
def test_however_large_a_value_is_a_call_looks_at_no_more_than_so_much(content: object, size: Size) -> None:
    walk = Walk(size)
    made = walk.value({"event_id": "e-1", "content": content, "status": "success", "after": {"n": [1]}})
    assert size.values - walk.values < size.values + FOREIGN_COST * 2
    texts, values = spelt(made)
    assert texts <= size.chars + 2 * TEXT_LEAST * size.values and values <= size.values + 40
    assert (made["event_id"], made["status"], made["after"]) == ("e-1", "success", {"n": [1]})
    assert made["content"]
    assert walk.cut_chars or walk.left_out or isinstance(content, int)


def spelt(value: Any) -> tuple[int, int]:
    """The characters and the values of plain JSON, without the marks."""
    if isinstance(value, str):
        return (len(value.rpartition("… [")[0]) or len(value)), 1
    parts = [(key, item) for key, item in value.items()] if isinstance(value, dict) else value if isinstance(value, list) else []
    found = [(0, 0)] + [spelt(part) for pair in parts for part in (pair if isinstance(pair, tuple) else (pair,))]
    texts, values = (sum(column) for column in zip(*found))
    return texts, (values - len(parts) if isinstance(value, dict) else values) + 1


def test_what_is_behind_the_bound_is_not_looked_at() -> None:
    Counted.seen = 0
    made = plain(Counted({f"m{n}": n for n in range(90_000)}))
    assert Counted.seen <= FULL.values and made["members_left_out"] == 90_000 - (len(made) - 1)


def test_what_is_cut_says_how_much() -> None:
    made, _ = event_of({"text": "word " * 50_000, "list": list(range(50_000)), "token": "a " + "s3cr3t" * 30_000})
    assert made["text"].endswith(f" characters cut]") and len(made["text"]) < 66_000
    kept = [item for item in made["list"] if isinstance(item, int)]
    assert made["list"][-1] == f"… [{50_000 - len(kept)} items left out]" and 3000 < len(kept) < 4000
    assert made["cut_values"] == 50_000 - len(kept) and made["cut_bytes"] > 250_000


def test_the_cut_leaves_no_half_of_a_word() -> None:
    made = plain("x" * 65_400 + " password=hunter2" + "y" * 9 + "z " * 90_000)
    assert "hunter2" not in made[:65_410] and made[65_400:65_402] in (" …", " p")
    assert "password=h" not in plain("x" * 65_520 + " password=hunter2 and " + "z " * 90_000)


def test_control_characters_are_longer_as_json_than_the_server_takes() -> None:
    event, _ = event_of({"event_id": "e-1", "texts": ["\x00" * 60_000] * 4000})
    made = fitted(event, EVENT_BYTES_MAX)
    assert len(made) <= EVENT_BYTES_MAX and json.loads(made)["event_id"] == "e-1" and json.loads(made)["cut_bytes"] > 1 << 20


class Exits:
    def __str__(self) -> str:
        raise SystemExit(3)

    __repr__ = __str__


class Interrupts:
    def __str__(self) -> str:
        raise KeyboardInterrupt


def test_a_value_does_not_end_the_program_but_a_key_of_the_keyboard_does() -> None:
    assert plain({"a": Exits(), "b": 1}) == {"a": "[unreadable Exits: SystemExit]", "b": 1}
    with pytest.raises(KeyboardInterrupt):
        plain([Interrupts()])
