"""`AsyncEventLogger`: the same for asyncio."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, TypeVar

from ._receipts import Stats
from .logger import EventLogger

P = ParamSpec("P")
T = TypeVar("T")


def _at_once(
    method: Callable[Concatenate[EventLogger, P], T],
) -> Callable[Concatenate[AsyncEventLogger, P], Coroutine[Any, Any, T]]:
    """Recording does not wait, so it needs no thread."""

    @functools.wraps(method)
    async def call(self: AsyncEventLogger, /, *args: P.args, **named: P.kwargs) -> T:
        return method(self.sync, *args, **named)

    return call


def _in_a_thread(
    method: Callable[Concatenate[EventLogger, P], T],
) -> Callable[Concatenate[AsyncEventLogger, P], Coroutine[Any, Any, T]]:
    @functools.wraps(method)
    async def call(self: AsyncEventLogger, /, *args: P.args, **named: P.kwargs) -> T:
        return await asyncio.to_thread(method, self.sync, *args, **named)

    return call


class AsyncEventLogger:
    """`EventLogger` for asyncio. Recording costs the loop no more than a sync call; what waits runs in a thread."""

    def __init__(self, *args: Any, **named: Any) -> None:
        """As `EventLogger`; or around one: `AsyncEventLogger(logger=…)`."""
        given = named.pop("logger", None)
        self.sync: EventLogger = given if given is not None else EventLogger(*args, **named)

    log_action = _at_once(EventLogger.log_action)
    log_decision = _at_once(EventLogger.log_decision)
    log_ai_decision = _at_once(EventLogger.log_ai_decision)
    log_trade = _at_once(EventLogger.log_trade)
    log_communication = _at_once(EventLogger.log_communication)
    audit_log = _at_once(EventLogger.audit_log)
    log_event = _at_once(EventLogger.log_event)

    receipt = _in_a_thread(EventLogger.receipt)
    search = _in_a_thread(EventLogger.search)
    flush = _in_a_thread(EventLogger.flush)
    close = _in_a_thread(EventLogger.close)

    def bind(self, **defaults: Any) -> AsyncEventLogger:
        return AsyncEventLogger(logger=self.sync.bind(**defaults))

    @property
    def stats(self) -> Stats:
        return self.sync.stats

    async def __aenter__(self) -> AsyncEventLogger:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
