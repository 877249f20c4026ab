"""Questions to the server and its answers."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ._plain import timestamp


@dataclass
class Page:
    """Events, newest first, each as a dict of its columns that have a value."""

    events: list[dict[str, Any]] = field(default_factory=list)
    next_cursor: str | None = None

    @classmethod
    def of(cls, answer: dict[str, Any]) -> Page:
        rows = answer.get("rows", [])
        events = [{name: value for name, value in row.items() if value is not None} for row in rows]
        return cls(events, answer.get("cursor"))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)


def parameters(
    query: str,
    event_type: str | None,
    status: str | None,
    agent: str | None,
    session: str | None,
    user: str | None,
    start: datetime.datetime | datetime.date | float | str | None,
    end: datetime.datetime | datetime.date | float | str | None,
    limit: int | None,
    cursor: str | None,
) -> dict[str, Any]:
    asked = {
        "q": query or None,
        "type": event_type,
        "status": status,
        "agent": agent,
        "session": session,
        "user": user,
        "from": None if start is None else timestamp(start),
        "to": None if end is None else timestamp(end),
        "limit": limit,
        "cursor": cursor,
    }
    return {name: value for name, value in asked.items() if value is not None}
