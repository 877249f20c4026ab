"""`audited`: a decorator that records each call of a tool, sync or async."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import time
import types
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from typing import Any, TypeVar, cast

from ._plain import Frozen
from .asynchronous import AsyncEventLogger
from .logger import EventLogger

F = TypeVar("F", bound=Callable[..., Any])


def audited(
    logger: EventLogger | AsyncEventLogger,
    *,
    name: str | None = None,
    type: str = "tool",
    arguments: bool = True,
    result: bool = True,
    **more: Any,
) -> Callable[[F], F]:
    """Records what the function was called with, what came of it, and how long it took; what it returns or raises goes
    to the caller unchanged. `arguments=False` and `result=False` leave those out. Generators are recorded at their end, and so is
    what a plain function returns to be awaited. Of something that can be awaited and more, such as entered with `async with`, only
    the call is seen: its status is `running`.
    """
    # Recording does not wait, so a function that is no coroutine needs no loop for it.
    recorder = logger.sync if isinstance(logger, AsyncEventLogger) else logger

    def decorate(function: F) -> F:
        signature = _signature(function)
        called = str(name or getattr(function, "__name__", "call"))

        def begin(args: tuple[Any, ...], named: dict[str, Any]) -> _Call:
            # As they are now: the function may change them.
            details = Frozen.of(_details(signature, args, named)) if arguments else None
            return _Call(recorder, called, type, details, result, more)

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def wrapper(*args: Any, **named: Any) -> Any:
                with begin(args, named) as call:
                    return call.keep(await function(*args, **named))

        elif inspect.isasyncgenfunction(function):

            @functools.wraps(function)
            async def wrapper(*args: Any, **named: Any) -> AsyncGenerator[Any, Any]:
                with begin(args, named):
                    # There is no `yield from` for these: what the caller sends, throws or closes goes to the function itself.
                    inner: AsyncGenerator[Any, Any] = function(*args, **named)
                    step: Awaitable[Any] = inner.__anext__()
                    while True:
                        try:
                            item = await step
                        except StopAsyncIteration:
                            return
                        try:
                            sent = yield item
                        except GeneratorExit:
                            await inner.aclose()
                            raise
                        except BaseException as error:
                            step = inner.athrow(error)
                        else:
                            step = inner.asend(sent)

        elif inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def wrapper(*args: Any, **named: Any) -> Generator[Any, Any, Any]:
                with begin(args, named) as call:
                    return call.keep((yield from function(*args, **named)))

        else:

            @functools.wraps(function)
            def wrapper(*args: Any, **named: Any) -> Any:
                call = begin(args, named).__enter__()
                try:
                    value = function(*args, **named)
                except BaseException as error:
                    call.end(error)
                    raise
                return call.follow(value)

        return cast(F, wrapper)

    return decorate


class _Call:
    """One call, from its beginning to its end."""

    def __init__(
        self, logger: EventLogger, name: str, type: str, details: Any, keeps: bool, more: dict[str, Any]
    ) -> None:
        self._logger, self._name, self._type, self._details = logger, name, type, details
        self._keeps, self._more = keeps, more
        self._result: Any = None

    def keep(self, value: Any) -> Any:
        if self._keeps:
            self._result = value
        return value

    def __enter__(self) -> _Call:
        self._began = time.perf_counter()
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self.end(error)

    def end(self, error: BaseException | None, status: str = "success") -> None:
        took = round((time.perf_counter() - self._began) * 1000, 3)
        ended = error is None or isinstance(error, GeneratorExit)
        self._logger.log_action(
            self._name,
            self._type,
            self._details,
            status=status if ended else "failure",
            result=self._result,
            error=None if ended else error,
            duration_ms=took,
            **self._more,
        )

    def follow(self, value: Any) -> Any:
        """What the caller gets of a plain function: what it returned, or as good as that where it is to be awaited."""
        if not _is_awaitable(value):
            self.keep(value)
        elif isinstance(value, types.GeneratorType):
            return self._coroutine(value)
        elif asyncio.isfuture(value):
            with contextlib.suppress(Exception):  # another thread's, say
                value.add_done_callback(self._future_ended)
                return value
            return self._unseen(value)
        elif any(hasattr(type(value), name) for name in ("__aenter__", "__aiter__", "__iter__")):
            return self._unseen(value)
        elif isinstance(value, Coroutine):  # what may also be entered, as aiohttp's requests, came before
            return self._coroutine(value)
        else:
            return _Awaited(value, self)
        self.end(None)
        return value

    def _unseen(self, value: Any) -> Any:
        self.end(None, "running")
        return value

    def _coroutine(self, value: Any) -> Any:
        async def waited() -> Any:
            with self:
                return self.keep(await value)

        made = waited()
        for name in ("__name__", "__qualname__"):
            with contextlib.suppress(Exception):
                setattr(made, name, getattr(value, name))
        return made

    def _future_ended(self, future: Any) -> None:
        if future.cancelled():
            self.end(asyncio.CancelledError())
            return
        # Asking by `exception()` would keep the loop from telling of one that nobody looks at.
        error = future._exception if hasattr(future, "_exception") else future.exception()
        if error is None:
            self.keep(future.result())
        self.end(error)


class _Awaited:
    """Something to be awaited, that is recorded when it ends."""

    def __init__(self, value: Any, call: _Call) -> None:
        self._value, self._call = value, call

    def __await__(self) -> Generator[Any, Any, Any]:
        with self._call as call:
            return call.keep((yield from self._value.__await__()))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._value, name)


def _is_awaitable(value: Any) -> bool:
    try:
        return inspect.isawaitable(value)
    except Exception:  # an object that is asked for its class may do anything
        return False


def _signature(function: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except Exception:  # builtins have none: what they are given is recorded by place
        return None


def _details(signature: inspect.Signature | None, args: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    if signature is None:
        return {"args": args, "kwargs": named}
    try:
        bound = signature.bind(*args, **named)
    except TypeError:  # the call itself will tell the caller
        return {"args": args, "kwargs": named}
    given = dict(bound.arguments)
    for receiver in ("self", "cls"):
        given.pop(receiver, None)
    return given
