"""What an answer of the server means for a batch. Pure; the table is in sdks/conformance/README.md."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

RETRY_AFTER_S_MAX = 600.0
_REASON_CHARS_MAX = 500


@dataclass
class Answer:
    """An HTTP answer as far as it matters. Status 0: none came, and `body` says why."""

    status: int
    body: bytes = b""
    retry_after: str | None = None


@dataclass
class Taken:
    """The server has answered for every line; these, from zero, it refused."""

    accepted: int
    duplicates: int
    first_index: int | None = None
    last_index: int | None = None
    refused: dict[int, str] = field(default_factory=dict)


@dataclass
class Split:
    """The request can't be read as a whole."""

    reason: str


@dataclass
class Wait:
    """The events are good; the same again after so long. `asked`: the server named the time."""

    seconds: float
    reason: str
    asked: bool = False


def judge(answer: Answer, lines: int, failures: int, min_s: float, max_s: float) -> Taken | Split | Wait:
    """The answer to a batch of so many lines, after so many failures in a row."""
    if answer.status in (200, 422):
        taken = _receipt(answer.body, lines)
        if taken is not None:
            return taken
        if answer.status == 422:
            return Split(_told(answer))
        return _wait("what answers at this address is no tachograph", None, failures, min_s, max_s)
    if answer.status not in (401, 403, 404, 405, 407, 408, 425, 429) and 400 <= answer.status < 500:
        return Split(_told(answer))
    return _wait(_told(answer), answer.retry_after, failures, min_s, max_s)


def _wait(reason: str, retry_after: str | None, failures: int, min_s: float, max_s: float) -> Wait:
    if retry_after and retry_after.strip().isdigit():
        return Wait(min(max(float(retry_after), min_s), RETRY_AFTER_S_MAX), reason, asked=True)
    longest = min(max_s, min_s * 2.0 ** min(failures, 30))
    # Clients that failed together must not come back together.
    return Wait(max(min_s, longest * random.uniform(0.5, 1.0)), reason)


def _receipt(body: bytes, lines: int) -> Taken | None:
    """A receipt, when it accounts for every line and names each that was refused."""
    try:
        receipt = json.loads(body)
        accepted, duplicates = _count(receipt["accepted"]), _count(receipt["duplicates"])
        refused = {_count(item["line"]) - 1: str(item["reason"]) for item in receipt["rejected"]}
        counted = _count(receipt["rejected_count"])
    except (ValueError, KeyError, TypeError):
        return None
    named = len(refused) == counted and all(0 <= line < lines for line in refused)
    if not named or accepted + duplicates + counted < lines:
        return None
    return Taken(accepted, duplicates, receipt.get("first_index"), receipt.get("last_index"), refused)


def _count(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError


def _told(answer: Answer) -> str:
    if answer.status == 0:
        return answer.body.decode("utf-8", "replace")
    try:
        problem = json.loads(answer.body)
        told = ": ".join(str(problem[name]) for name in ("title", "detail") if problem.get(name))
    except (ValueError, AttributeError):
        told = ""
    return f"the server answered {answer.status}{': ' if told else ''}{told}"[:_REASON_CHARS_MAX]
