"""Any value becomes JSON, and an event of any size one that the server takes."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
import uuid
from collections import OrderedDict
from decimal import Decimal
from pathlib import Path

import pytest

from tachograph._plain import DEPTH_MAX, encode, fitted, plain, timestamp


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


@pytest.mark.parametrize(
    "content",
    ["x" * 3_000_000, ["y" * 1000] * 3000, list(range(600_000)), {f"m{n}": n for n in range(9000)}, {"k" * 2_000_000: 1}],
    ids=["text", "texts", "numbers", "members", "name"],
)
def test_an_event_over_the_limits_is_cut(content: object) -> None:
    event = {"event_id": "e-1", "action_name": "big", "content": content}
    made = json.loads(fitted(event, 1 << 20))
    assert len(encode(made)) <= 1 << 20 and made["event_id"] == "e-1" and made["cut_bytes"] > 0
    assert made["content"]


def test_an_event_of_nothing_but_members_keeps_its_name() -> None:
    event = {"event_id": "e-1", **{f"m{n}": "x" * 400 for n in range(90_000)}}
    made = json.loads(fitted(event, 1 << 20))
    assert made["event_id"] == "e-1" and made["cut_bytes"] > 1 << 20
