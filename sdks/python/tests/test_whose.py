"""Whose an event is: what it says of agent and session itself stands, and the client's default only where it says nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tachograph import EventLogger, Options

from conftest import Recorder

NATIVE = {"action": {"type": "tool", "name": "RawX"}}
LINE = {"levelname": "WARNING", "message": "AGENT_SLOW: me-1 exceeded 3s threshold (4.1s)"}
ENTRY = {"action": "AGENT_PAUSED", "entityType": "agent", "entityId": "me-1"}
# The event, and the agent and session that the server is to record: `test/agent` and `s-1` are the client's own.
SAID: list[tuple[dict[str, Any], str, str]] = [
    ({"agent": {"id": "me-1"}, **NATIVE}, "me-1", "s-1"),
    ({"agent": {"agent_id": "me-1", "session_id": "s-9"}, **NATIVE}, "me-1", "s-9"),
    ({"agent": {"name": "Me", "session_id": "s-9"}, **NATIVE}, "test/agent", "s-9"),
    ({"agent": {"id": "", "session_id": None}, **NATIVE}, "test/agent", "s-1"),
    ({"agent": "me-1", "session": "s-9", **NATIVE}, "me-1", "s-9"),
    ({"agentId": "me-1", "sessionId": "s-9", **NATIVE}, "me-1", "s-9"),
    ({"agent_id": "me-1", "session_id": "s-9", **NATIVE}, "me-1", "s-9"),
    ({"agent_id": None, "session_id": "", **NATIVE}, "test/agent", "s-1"),
    ({"agent_id": "", "agent": {"id": "me-1"}, **NATIVE}, "me-1", "s-1"),
    ({"agent_id": 7, "session_id": 9, **NATIVE}, "7", "9"),
    ({"agent.id": "me-1", "session.id": "s-9", **NATIVE}, "me-1", "s-9"),
    ({"session": {"id": "s-9"}, **NATIVE}, "test/agent", "s-9"),
    ({"request": {"sessionId": "s-9"}, **NATIVE}, "test/agent", "s-9"),
    ({"request": {"ip": "203.0.113.9"}, **NATIVE}, "test/agent", "s-1"),
    ({"sender": {"agent_id": "me-1"}, "receiver": {"agent_id": "b"}, "message": {"content": "hi"}}, "me-1", "s-1"),
    ({"receiver": {"agent_id": "b"}, "message": {"content": "hi"}}, "test/agent", "s-1"),
    (ENTRY, "me-1", "s-1"),
    ({**ENTRY, "agent_id": "ops/supervisor"}, "ops/supervisor", "s-1"),
    (LINE, "me-1", "s-1"),
    ({"type": "agent-turn-complete", "thread-id": "s-9", "turn-id": "t"}, "test/agent", "s-9"),
    ({"hook_event_name": "PostToolUse", "tool_name": "Bash", "agent_id": "me-1", "session_id": "s-9"}, "me-1", "s-9"),
    (NATIVE, "test/agent", "s-1"),
]


def test_the_server_records_whose_the_event_says_that_it_is(recorder: Recorder, logger: EventLogger) -> None:
    ids = [logger.log_event(event) for event, _, _ in SAID]
    assert logger.flush(20)
    query = "SELECT id, agent_id, session_id FROM agent_audit_log WHERE source <> 'internal'"
    found = {row["id"]: (row["agent_id"], row["session_id"]) for row in recorder.sql(query)}
    assert [(event, *found[entry]) for entry, (event, _, _) in zip(ids, SAID)] == SAID


Away = tuple[EventLogger, Callable[[], list[dict[str, Any]]]]


def test_what_is_bound_is_a_default_and_what_the_call_says_is_none(away: Away) -> None:
    logger, events = away
    bound = logger.bind(agent_id="bound", session_id="s-2")
    bound.log_event({"agent": {"id": "me-1", "session_id": "s-9"}, **NATIVE})
    bound.log_event({"session_id": "s-9", **NATIVE})
    bound.log_event({"agent": {"id": "me-1", "session_id": "s-9"}, **NATIVE}, agent_id="called", session_id="s-3")
    bound.audit_log("LOGIN", "user", "u-1", session_id="web-1")
    nested, flat, called, entry = events()
    assert "agent_id" not in nested and "session_id" not in nested
    assert (flat["agent_id"], flat["session_id"]) == ("bound", "s-9")
    assert list(called).index("agent_id") < list(called).index("agent")  # the server takes the first
    assert (called["agent_id"], called["session_id"]) == ("called", "s-3")
    assert "session_id" not in entry and entry["request"] == {"sessionId": "web-1"}


class Unreadable(Mapping[str, Any]):
    def __getitem__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("no names")

    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize("name", ["agent", "session", "request", "sender"])
def test_a_part_that_can_not_be_read_loses_no_event(away: Away, name: str) -> None:
    logger, events = away
    logger.log_event({name: Unreadable(), **NATIVE})
    (event,) = events()
    assert (event["agent_id"], event["session_id"]) == ("test/agent", "s-1")
