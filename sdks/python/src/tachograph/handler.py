"""`AuditHandler`: records of Python's `logging`, as events."""

from __future__ import annotations

import logging
import threading

from ._plain import timestamp
from .logger import EventLogger

_log = logging.getLogger("tachograph")
_inside = threading.local()
# So many records may be in the work of one thread: one, and those that a finalizer and a signal handler log amid it. What is
# deeper comes from a value that logs while it is converted.
_DEPTH_MAX = 4


class AuditHandler(logging.Handler):
    """Sends each record to the recorder, without waiting: `logging.getLogger().addHandler(AuditHandler(logger))`.

    Lines `AGENT_EXECUTION`, `AGENT_SLOW` and `AGENT_FAILURE` are understood by the server. Records of the client itself
    are left out.

    *Locks.* None, unlike other handlers: a thread that waits for it may be one that the client waits for, since a finalizer
    logs in any thread, and nothing here is shared between threads.
    """

    def __init__(self, logger: EventLogger | None = None, level: int = logging.NOTSET) -> None:
        super().__init__()
        try:
            self.setLevel(level)
        except Exception as error:
            _log.warning("level: %s; every record is sent", error)
        self.logger = logger if logger is not None else EventLogger()

    def createLock(self) -> None:
        self.lock = None

    def handle(self, record: logging.LogRecord) -> bool:
        passed: bool | logging.LogRecord = self.filter(record)
        if passed:  # since Python 3.12 it may be another record
            self.emit(passed if isinstance(passed, logging.LogRecord) else record)
        return bool(passed)

    def emit(self, record: logging.LogRecord) -> None:
        depth = getattr(_inside, "depth", 0)
        if record.name.split(".")[0] == "tachograph" or depth >= _DEPTH_MAX:
            return
        _inside.depth = depth + 1
        try:
            self._emit(record)
        except Exception:
            self.handleError(record)
        finally:
            _inside.depth = depth

    def _emit(self, record: logging.LogRecord) -> None:
        level = _level(record.levelno)
        event = {"levelname": level, "logger": record.name, "message": record.getMessage()}
        if record.exc_info and record.exc_info[0] is not None:
            formatter = self.formatter or logging.Formatter()
            event["exc_info"] = formatter.formatException(record.exc_info)
        given = {name: value for name, value in record.__dict__.items() if name not in _STANDARD}
        where: dict[str, object] = {"file": record.pathname, "line": record.lineno, "function": record.funcName}
        if record.levelname != level:
            where["level_name"] = record.levelname
        if record.stack_info:  # the server takes it for an error, which a line of a lower level has none of
            (event if record.levelno >= logging.ERROR else where)["stack_info"] = record.stack_info
        named = {name: given.pop(name) for name in ("session_id", "user_id", "agent_id") if name in given}
        said = {name: value for name, value in event.items() if value}
        when = timestamp(record.created)
        self.logger.log_event(said, timestamp=when, attributes={**where, **given}, **named)


_LEVELS = {50: "CRITICAL", 40: "ERROR", 30: "WARNING", 20: "INFO"}


def _level(number: int) -> str:
    """The nearest of Python's own from below: the server does not know others, or means something else by their name."""
    return next((name for level, name in _LEVELS.items() if number >= level), "DEBUG")


_STANDARD = frozenset(vars(logging.LogRecord("", 0, "", 0, "", None, None))) | {"message", "asctime", "taskName"}
