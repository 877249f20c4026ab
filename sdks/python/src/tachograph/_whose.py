"""Whose an event is: agent and session as the event itself says them, else the client's own. Pure.

The server takes the first member that names one, so a default of the client's beside it would take its place. Where the event
says it under a name that the server does not read, what is added is that and not the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._plain import few

_AGENT = ("agent_id", "agentId", "agent")
_SESSION = ("session_id", "sessionId", "session", "thread-id")
_AGENT_LINES = ("AGENT_EXECUTION:", "AGENT_SLOW:", "AGENT_FAILURE:")


def agent(event: Mapping[str, Any], usual: Any) -> Any:
    """What stands as `agent_id`; None: nothing is added."""
    if _is_name(event.get("agent_id")):
        return event["agent_id"]
    if _is_any(event, _AGENT) or _is_any(_part(event, "agent"), ("id", "agent_id")) or _acts_elsewhere(event):
        return None
    return _first(event.get("agent.id"), usual)


def session(event: Mapping[str, Any], usual: Any) -> Any:
    """What stands as `session_id`; None: nothing is added."""
    if _is_name(event.get("session_id")):
        return event["session_id"]
    if _is_any(event, _SESSION) or _is_any(_part(event, "agent"), ("session_id",)):
        return None
    if _is_any(_part(event, "request"), ("sessionId", "session_id")):
        return None
    inside = _part(event, "session")
    return _first(event.get("session.id"), inside.get("id"), inside.get("session_id"), usual)


def without_empty(event: dict[str, Any]) -> dict[str, Any]:
    """Without an agent or session that is there and says nothing: it would stand in the place of what is added."""
    names = ("agent_id", "session_id")
    empty = [name for name in names if event.get(name) is None or isinstance(event[name], str) and not event[name]]
    return {name: value for name, value in event.items() if name not in empty}


def _acts_elsewhere(event: Mapping[str, Any]) -> bool:
    """The agent of a message is its sender, that of an entry about an agent is this one, and some log lines name one."""
    is_message = "receiver" in event or "communication_id" in event
    if is_message and event.get("sender") is not None:
        return True
    if any(isinstance(event.get(name), str) and event[name] == "agent" for name in ("entityType", "entity_type")):
        return True
    line = event.get("message") if "levelname" in event else None
    return isinstance(line, str) and line.startswith(_AGENT_LINES)


def _part(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = event.get(name)
    try:
        return few(part) if isinstance(part, Mapping) else {}
    except Exception:  # somebody else's mapping: it is sent as far as it can be read
        return {}


def _is_any(event: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    return any(_is_name(event.get(name)) for name in names)


def _first(*values: Any) -> Any:
    return next((value for value in values if _is_name(value)), None)


def _is_name(value: Any) -> bool:
    """As the server judges: a text that is not empty, or a number; of what is no JSON the text is sent."""
    return bool(value) if isinstance(value, str) else value is not None and not isinstance(value, (Mapping, list, tuple, set))
