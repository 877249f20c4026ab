"""`EventLogger`: what agents and applications call."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

from . import _context, _events, _whose
from ._client import Client
from ._http import Connection
from ._item import new_id
from ._options import Options, meant
from ._plain import few, is_moment, plain
from ._plain import timestamp as as_text
from ._receipts import Receipt, Stats
from ._search import Page, parameters
from ._shared import OnError

_LEVELS = {"DEBUG": 10, "INFO": 20, "HIGH": 25, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}

Moment = datetime.datetime | datetime.date | float | str


class EventLogger:
    """Records what an agent does, decides and says. A `log_…` call returns the id of the entry; it neither waits for
    the network nor raises.

    Every `log_…` call takes `event_id`, `agent_id`, `session_id`, `user_id`, `conversation_id`, `level`, `duration_ms`,
    `tokens_input`, `tokens_output`, `cost_usd`, `model`, `permission_level` and other columns of the record by name;
    names that are none go into the event's `attributes`.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        key: str | None = None,
        agent_id: str | None = None,
        session_id: str | None = None,
        log_level: str = "DEBUG",
        storage_path: str | os.PathLike[str] | None = None,
        blockchain_enabled: bool = False,
        on_error: OnError | None = None,
        options: Options | None = None,
    ) -> None:
        """What is not given comes from the environment (AUDIT_LOG_URL, AUDIT_LOG_KEY, AGENT_ID, SESSION_ID,
        AUDIT_LOG_SPOOL), then from the defaults of `Options`.

        `log_level`: events of a lower level are not recorded. `storage_path`: the folder in which events wait.
        `blockchain_enabled`: marks events for a blockchain anchor; whether there is one is up to the server.
        `on_error`: called with a kind and a sentence, from another thread; without it logger `tachograph` warns.
        Trouble of what it logs itself is counted, and not told.
        """
        given: dict[str, Any] = {"url": url, "key": key, "agent_id": agent_id, "session_id": session_id}
        given["spool_dir"] = storage_path
        options, wrong = meant(options, _events.present(given))
        self.options = options
        self._level = _LEVELS.get(_level(log_level), 0)
        self._context = _context.captured(options.environment)
        self._defaults: dict[str, Any] = {"blockchain_anchor": True} if blockchain_enabled else {}
        self._client = Client(options, on_error)
        self._client.warn(wrong)

    # --- recording

    def log_action(
        self,
        /,
        name: str,
        type: str = "tool",
        details: Any = None,
        *,
        status: str | None = None,
        result: Any = None,
        error: Any = None,
        category: str | None = None,
        **more: Any,
    ) -> str:
        """A tool call, a use of a skill, an external call, or any other action. `status`: success, failure, partial."""
        if error is not None and status is None:
            status = "failure"
        return self._log(lambda: _events.action(name, type, category, details, status, result, error), more)

    def log_decision(
        self,
        /,
        name: str,
        question: str | None = None,
        options: Sequence[Any] | None = None,
        chosen: Any = None,
        confidence: float | None = None,
        reasoning: str | None = None,
        *,
        context: Any = None,
        input_factors: Sequence[Any] | None = None,
        conditions: Sequence[Any] | None = None,
        severity: str | None = None,
        status: str | None = None,
        **more: Any,
    ) -> str:
        """A decision: the question, the options considered (each with `option`, `reasoning`, `score`), the choice."""
        members = {
            "question": question,
            "context": context,
            "input_factors": input_factors,
            "chosen": chosen,
            "confidence": confidence,
            "reasoning": reasoning,
            "conditions": conditions,
            "severity": severity,
        }
        return self._log(lambda: _events.decision(name, members, options, status), more)

    def log_ai_decision(
        self,
        /,
        model_id: str,
        input_data: Any = None,
        prediction: Any = None,
        confidence: float | None = None,
        explanation: Any = None,
        **more: Any,
    ) -> str:
        """A model's prediction. `explanation` as SHAP or LIME return it; arrays of numpy anywhere."""
        return self._log(
            lambda: _events.ai_decision(model_id, input_data, prediction, confidence, explanation), more
        )

    def log_trade(
        self,
        /,
        order_id: str,
        execution_price: Any = None,
        timestamp: Moment | None = None,
        gas_used: Any = None,
        *,
        side: str | None = None,
        symbol: str | None = None,
        quantity: Any = None,
        expected_price: Any = None,
        gas_price: Any = None,
        slippage: Any = None,
        status: str | None = None,
        **more: Any,
    ) -> str:
        """The execution of an order. Prices may be numbers, `Decimal` or texts; texts keep every digit."""
        event = {
            "order_id": order_id,
            "execution_price": execution_price,
            "gas_used": gas_used,
            "side": side,
            "symbol": symbol,
            "quantity": quantity,
            "expected_price": expected_price,
            "gas_price": gas_price,
            "slippage": slippage,
            "status": status,
        }
        return self._log(lambda: _events.present(event), more, timestamp)

    def log_communication(
        self,
        /,
        receiver: str | Mapping[str, Any],
        content: Any = None,
        *,
        subject: str | None = None,
        type: str = "inter_agent_message",
        sender: str | Mapping[str, Any] | None = None,
        priority: str | None = None,
        expected_response_time: Any = None,
        response_required: bool | None = None,
        attachments: Sequence[Any] | None = None,
        workflow: Mapping[str, Any] | None = None,
        response: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> str:
        """A message between agents, or between a user and an agent, and the answer to it where it is known."""
        message = {
            "subject": subject,
            "content": content,
            "priority": priority,
            "expected_response_time": expected_response_time,
            "attachments": attachments,
        }
        agent_id = more.pop("agent_id", None)

        def made() -> dict[str, Any]:
            who = sender or agent_id or self._defaults.get("agent_id") or self.options.agent_id
            event = _events.communication(who, receiver, message, type, response_required)
            return event | _events.present({"workflow": workflow, "response": response})

        return self._log(made, more)

    def audit_log(
        self,
        /,
        action: str,
        entity_type: str,
        entity_id: str | None = None,
        user_id: str | None = None,
        changes: Mapping[str, Any] | None = None,
        details: Any = None,
        *,
        resource_name: str | None = None,
        severity: str | None = None,
        ip: str | None = None,
        user_agent: str | None = None,
        session_id: str | None = None,
        **more: Any,
    ) -> str:
        """An entry of an application's audit trail: who did what to which entity. `changes`: `{field: {before, after}}`."""
        request = {"ip": ip, "userAgent": user_agent, "sessionId": session_id}
        return self._log(
            lambda: _events.audit(
                action, entity_type, entity_id, user_id, resource_name, changes, details, severity, request
            ),
            more,
        )

    def log_event(self, /, event: Mapping[str, Any], **more: Any) -> str:
        """An event in any format that the server takes, as it stands, with id and time added, and agent and session where it
        says nothing of them itself. What is no mapping is rejected, as its receipt says."""
        return self._log(lambda: _mapping(event), more)

    def bind(self, **defaults: Any) -> EventLogger:
        """The same logger, with other defaults: `logger.bind(session_id="s-2", user_id="u-1")`."""
        bound = object.__new__(EventLogger)
        bound.__dict__.update(self.__dict__)
        bound._defaults = {**self._defaults, **defaults}
        return bound

    def _log(self, make: Callable[[], dict[str, Any]], more: dict[str, Any], moment: Moment | None = None) -> str:
        event_id = ""
        try:
            said = {**self._defaults, **{name: value for name, value in more.items() if value is not None}}
            given = said.pop("event_id", None)
            event_id = _id(given)
            event = make()
            if "event_id" in event:  # `log_event` takes it as it stands
                given = event.pop("event_id")
                event_id = _id(given)
            level = more.get("level") or _level_of(event) or said.get("level")
            if level is not None and _LEVELS.get(_level(level), 50) < self._level:
                return event_id
            moment = moment if moment is not None else said.pop("timestamp", None)
            said.pop("timestamp", None)
            if not is_moment(moment := as_text(moment)):  # the server would refuse the event: it is kept beside
                said["timestamp"], moment = moment, as_text()
            head = self._head(event, event_id, moment) | self._whose(event, said, more)
            made = {**head, **_whose.without_empty(event), **_events.common(said)}
            self._client.record(self._in_context(made), event_id, is_callers=bool(given))
        except _NoEvent as error:
            self._client.refuse(event_id, str(error))
        except Exception as error:  # what was given may be anything; the caller's path goes on
            event_id = event_id or new_id()
            self._client.lose(event_id, f"{type(error).__name__}: {error}")
        return event_id

    def _head(self, event: dict[str, Any], event_id: str, moment: Moment | None) -> dict[str, Any]:
        is_message = "receiver" in event
        return {"communication_id" if is_message else "event_id": event_id, "timestamp": as_text(moment)}

    def _whose(self, event: dict[str, Any], said: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
        """Agent and session: what the call says, else the event itself, else the defaults."""
        agent_id, session_id = said.pop("agent_id", None), more.get("session_id")
        agent_id = more.get("agent_id") or _whose.agent(event, agent_id or self.options.agent_id)
        if session_id is None:
            session_id = _whose.session(event, said.pop("session_id", None) or self.options.session_id)
        # Without an agent the server takes that of the key.
        return ({"agent_id": agent_id} if agent_id else {}) | _events.present({"session_id": session_id})

    def _in_context(self, event: dict[str, Any]) -> dict[str, Any]:
        made = {**event, **{name: value for name, value in self._context.items() if name not in event}}
        if "user_id" in event or "userId" in event:
            made.pop("user", None)
        said = event.get("metadata")
        if isinstance(said, Mapping):
            made["metadata"] = {**self._context.get("metadata", {}), **few(said)}
        return made

    # --- what became of it

    def receipt(self, entry_id: str, timeout: float = 0.0) -> Receipt | None:
        """What became of an entry; waits up to `timeout` seconds for it to be final. None: not known (any more)."""
        return self._client.receipt(entry_id, timeout)

    @property
    def stats(self) -> Stats:
        """Counts: logged, recorded, rejected, lost, waiting."""
        return self._client.stats()

    def flush(self, timeout: float | None = None) -> bool:
        """Sends what waits; whether all of it was answered for within `timeout` seconds (default `close_ms`)."""
        return self._client.flush(timeout)

    def persist(self) -> bool:
        """Whether all that waits is on disk now, and so survives whatever happens to the process."""
        return self._client.persist()

    def close(self, timeout: float | None = None) -> bool:
        """Sends what waits, or leaves it on disk. Runs by itself when the process ends."""
        return self._client.close(timeout)

    def search(
        self,
        query: str = "",
        *,
        event_type: str | None = None,
        status: str | None = None,
        agent: str | None = None,
        session: str | None = None,
        user: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        start_date: Moment | None = None,
        end_date: Moment | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Page:
        """Asks the server, newest first: free text, time range, type or name of the action, status. `next_cursor` of the
        page leads to the next one. Raises `QueryError`: an empty answer must not be taken for "there is nothing"."""
        asked = parameters(
            query, event_type, status, agent, session, user, start or start_date, end or end_date, limit, cursor
        )
        connection = Connection(self.options)
        try:
            return Page.of(connection.ask("/v1/search", asked))
        finally:
            connection.close()

    def __enter__(self) -> EventLogger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _NoEvent(Exception):
    """What was given as an event can be none."""


def _mapping(event: Any) -> dict[str, Any]:
    if not isinstance(event, Mapping):
        raise _NoEvent(f"an event is a mapping of names to values, found {type(event).__name__}")
    return few(event)


def _id(given: Any) -> str:
    made = given if type(given) is str else plain(given)
    text = made if made and isinstance(made, str) else json.dumps(made) if made else new_id()
    return text.encode("utf-8", "replace").decode()  # as it is sent, so that its receipt finds it


def _level(given: Any) -> str:
    return given[:16].upper() if isinstance(given, str) else ""


def _level_of(event: dict[str, Any]) -> str | None:
    """What an entry of an audit trail, an event in another format or a record of `logging` says of it."""
    return next((event[name] for name in ("severity", "level", "levelname") if isinstance(event.get(name), str)), None)
