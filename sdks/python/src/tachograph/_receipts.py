"""What became of each event, as far as memory allows."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Literal

RECEIPTS_MAX = 20_000

Status = Literal["waiting", "recorded", "duplicate", "rejected", "lost"]


@dataclass(frozen=True)
class Receipt:
    """What became of an event. `index` is its place in the log, where the answer tells it."""

    id: str
    status: Status
    index: int | None = None
    reason: str | None = None

    @property
    def is_final(self) -> bool:
        return self.status != "waiting"


@dataclass
class Stats:
    """Counts of events since the client was made. `recorded`, `duplicates`, `rejected` and `waiting` count also its own
    `events_lost`, which nobody logged: their sum with `lost` may be more than `logged`."""

    logged: int = 0
    recorded: int = 0
    duplicates: int = 0
    rejected: int = 0
    lost: int = 0
    #: Logged, and not answered for yet.
    waiting: int = 0
    #: Of these in memory; the others are on disk.
    in_memory: int = 0
    #: Sent for processes that had ended before they could.
    adopted: int = 0
    #: Lines of the spool that a crash had cut off.
    torn: int = 0
    #: Why the last request failed; None when it did not.
    last_error: str | None = field(default=None)


class Receipts:
    """The receipts of the newest events. The caller holds the client's lock."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Receipt] = OrderedDict()

    def put(self, receipt: Receipt) -> None:
        self._known[receipt.id] = receipt
        while len(self._known) > RECEIPTS_MAX:
            self._known.popitem(last=False)

    def settle(self, receipt: Receipt) -> None:
        """Only for an event that is still known: an old one does not push out a new one."""
        if receipt.id in self._known:
            self._known[receipt.id] = receipt

    def get(self, event_id: str) -> Receipt | None:
        return self._known.get(event_id)
