"""What is handed in: an event on its way to be a line, or one that was not taken."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ._options import EVENT_BYTES_MAX, Options
from ._plain import encode, fitted, plain, timestamp
from ._redact import REDACTOR

_BARE = ("event_id", "communication_id", "timestamp", "agent_id", "session_id")
_ID_FIRST = re.compile(rb'\{"(?:event_id|communication_id)":"([A-Za-z0-9_.:/-]+)"')


@dataclass(slots=True)
class Item:
    """An event on the queue; `raw` until it is redacted and encoded, which the writer does for a large one.

    `number` is its place in the order of the calls, `seq` that among those without an id of the caller's. Logged again, one with
    such an id is the same event: it has no `seq`, nothing that is new each time.
    """

    number: int
    seq: int | None
    born: float
    body: bytes
    raw: dict[str, Any] | None
    size: int
    event_id: str

    def clean(self) -> None:
        """Twice at the same time does no harm."""
        raw = self.raw
        if raw is not None:
            self.body = wire(raw)
            self.raw = None

    def line(self, producer: bytes) -> bytes:
        self.clean()
        if self.seq is None:
            return self.body
        return b'%b,"producer":"%b","producer_seq":%d}' % (self.body[:-1], producer, self.seq)


class Refused(NamedTuple):
    """An event that was not taken in."""

    event_id: str
    status: Literal["lost", "rejected"]
    reason: str


def wire(event: dict[str, Any]) -> bytes:
    try:
        return fitted(REDACTOR.event(event), EVENT_BYTES_MAX)
    except Exception as error:  # what could not be looked at is not written
        kept = {name: event[name] for name in _BARE if isinstance(event.get(name), str)}
        return encode(kept | {"action_name": "unreadable", "error": type(error).__name__})


def id_of(line: bytes) -> str:
    found = _ID_FIRST.match(line)
    if found:
        return found[1].decode()
    event = json.loads(line)
    return str(event.get("event_id") or event.get("communication_id") or "")


def new_id() -> str:
    """A UUID of version 7: its beginning is the time, so ids sort as they were given."""
    now = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (now & 0xFFFF_FFFF_FFFF) << 80 | random & 0xFFFF_FFFF_FFFF_FFFF_FFFF
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def lost_event(count: int, options: Options) -> dict[str, Any]:
    """The event that tells how many found no room."""
    agent = {"agent_id": options.agent_id} if options.agent_id else {}
    event: dict[str, Any] = plain(
        {
            "event_id": new_id(),
            "timestamp": timestamp(),
            **agent,
            "session_id": options.session_id,
            "action_type": "log",
            "action_name": "events_lost",
            "level": "WARNING",
            "action_details": {"count": count},
        }
    )
    return event
