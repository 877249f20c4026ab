"""`audited`: a decorator that records each call of a tool, sync or async."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
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
    to the caller unchanged. `arguments=False` and `result=False` leave those out. Generators are recorded at their end.
    """
    # Recording does not wait, so a function that is no coroutine needs no loop for it.
    recorder = logger.sync if isinstance(logger, AsyncEventLogger) else logger

    def decorate(function: F) -> F:
        signature = inspect.signature(function)
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
                with begin(args, named) as call:
                    return call.keep(function(*args, **named))

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
        took = round((time.perf_counter() - self._began) * 1000, 3)
        ended = error is None or isinstance(error, GeneratorExit)
        self._logger.log_action(
            self._name,
            self._type,
            self._details,
            status="success" if ended else "failure",
            result=self._result,
            error=None if ended else error,
            duration_ms=took,
            **self._more,
        )


def _details(signature: inspect.Signature, args: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    try:
        bound = signature.bind(*args, **named)
    except TypeError:  # the call itself will tell the caller
        return {"args": args, "kwargs": named}
    given = dict(bound.arguments)
    for receiver in ("self", "cls"):
        given.pop(receiver, None)
    return given
