"""Calls amid other calls: from finalizers and signal handlers, which run at any bytecode of any thread, also where it holds a lock."""

from __future__ import annotations

import collections
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import tachograph
from tachograph import AuditHandler, EventLogger, Options, PerformanceMonitor, _client, _lifetime
from tachograph._answer import Answer
from tachograph._http import Connection

PACKAGE = str(Path(tachograph.__file__).parent)
LARGE = "word " * 2000
HANGS_AFTER_S = 120


class Everywhere:
    """Calls once at each bytecode of the client that is run, in the thread that runs it. What it calls is not looked at."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.call = call
        self.seen: set[tuple[Any, int]] = set()

    def trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        frame.f_trace_opcodes = True
        place = frame.f_code, frame.f_lasti
        if place not in self.seen:
            self.seen.add(place)
            self.call()
        return self.trace

    def during(self, act: Callable[[], None]) -> None:
        """Threads that are started meanwhile are looked at, too."""
        before = sys.gettrace()
        threading.settrace(self.trace)
        sys.settrace(self.trace)
        try:
            act()
        finally:
            sys.settrace(before)
            threading.settrace(before)  # type: ignore[arg-type]


class Server:
    """Is away, refuses and halves before it takes what it is sent."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.answers = collections.deque([Answer(0, b"away"), Answer(503), Answer(400), Answer(503)])

    def post(self, lines: list[bytes]) -> Answer:
        if self.answers and (self.answers[0].status != 400 or len(lines) > 1):  # one line would be refused for good
            return self.answers.popleft()
        self.taken += map(json.loads, lines)
        told = {"accepted": len(lines), "duplicates": 0, "rejected": [], "rejected_count": 0}
        return Answer(200, json.dumps(told).encode())


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server()
    monkeypatch.setattr(Connection, "post", lambda _, lines: made.post(lines))
    return made


class Log:
    """Logs events that tell their thread and their number in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.logger: EventLogger | None = None
        self.counts: collections.Counter[str] = collections.Counter()

    def __call__(self, text: str = "") -> str:
        if self.logger is None:  # is being made
            return ""
        who = f"{self.name} in {threading.current_thread().name}"
        self.counts[who] += 1
        return self.logger.log_action("step", details={"who": who, "n": self.counts[who], "text": text})

    def ask(self) -> None:
        entry = self()
        if self.logger is not None:
            self.logger.receipt(entry, 0.0)
            assert self.logger.stats.lost == 0, self.logger.receipt(entry)
            self.logger.persist()
            self.logger.flush(0.0)


def calls(options: Options, outer: Log, inner: Log) -> EventLogger:
    """Goes every way that an event may go, with a queue that is always full."""
    options.queue_events, options.batch_events, options.batch_ms = 20, 7, 1
    logger = EventLogger(options=options, on_error=lambda *_: None)
    outer.logger = inner.logger = logger
    handler = AuditHandler(logger)
    for n in range(60):
        entry = outer(LARGE if n % 10 == 0 else "")
        if n % 20 == 0:
            handler.handle(logging.LogRecord("app", 30, "f.py", 1, "hello", (), None))
            logger.log_event(None)  # type: ignore[arg-type]
            assert logger.receipt(entry) and logger.stats.logged
            logger.persist()
    assert logger.flush()
    assert logger.receipt(entry, 60.0)
    inner.logger = None  # what comes from now on is not of a client that is open
    assert logger.close()
    return logger


def check(server: Server, logger: EventLogger, *logs: Log) -> None:
    """Everything was recorded once, in the order of each thread, and nothing is left over in the counters."""
    steps = [event["action_details"] for event in server.taken if event.get("action_name") == "step"]
    for log in logs:
        for who, count in log.counts.items():
            assert [step["n"] for step in steps if step["who"] == who] == list(range(1, count + 1)), who
    numbers = [event["producer_seq"] for event in server.taken]
    assert numbers == sorted(set(numbers))
    stats, shared, writer = logger.stats, logger._client._shared, logger._client._writer
    assert (stats.lost, stats.waiting, stats.in_memory) == (0, 0, 0), stats
    assert stats.logged == stats.recorded + stats.rejected and stats.recorded == len(server.taken)
    assert (shared.memory_bytes, shared.inbox.bytes, len(shared.inbox), writer.moving) == (0, 0, 0, 0)


def finishes(act: Callable[[], None]) -> None:
    failed: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, name="caller", daemon=True)
    thread.start()
    thread.join(HANGS_AFTER_S)
    assert not thread.is_alive(), "hangs"
    if failed:
        raise failed[0]


@pytest.mark.parametrize("what", ["log", "ask"])
def test_a_finalizer_may_call_at_every_bytecode_of_every_thread(options: Options, server: Server, what: str) -> None:
    outer, inner = Log("outer"), Log("inner")
    everywhere = Everywhere(inner if what == "log" else inner.ask)

    def act() -> None:
        everywhere.during(lambda: made.append(calls(options, outer, inner)))

    made: list[EventLogger] = []
    finishes(act)
    check(server, made[0], outer, inner)
    names = {code.co_name for code, _ in everywhere.seen}
    assert names > {"_put", "take_in", "drain_portion", "_write", "_settle", "_await", "_deliver", "receipt", "stats"}
    assert {who.split(" in ")[1] for who in inner.counts} == {"caller", "tachograph-writer", "tachograph-sender"}


def test_a_signal_handler_may_log_at_every_bytecode(options: Options, server: Server) -> None:
    outer, inner = Log("outer"), Log("inner")
    child = os.fork()  # its main thread is the one that is interrupted, and ends when it hangs
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(HANGS_AFTER_S)
        signal.signal(signal.SIGUSR1, lambda *_: inner())
        ended = 1
        try:
            made: list[EventLogger] = []
            threads = Everywhere(lambda: signal.raise_signal(signal.SIGUSR1))
            threads.during(lambda: made.append(calls(options, outer, inner)))
            # The handler itself may be interrupted, so the order of its events is not that of their numbers.
            check(server, made[0], outer)
            steps = [event["action_details"] for event in server.taken if event.get("action_name") == "step"]
            found = sorted(step["n"] for step in steps if step["who"] == "inner in MainThread")
            assert found == list(range(1, inner.counts["inner in MainThread"] + 1))
            ended = 0 if sum(inner.counts.values()) > 1000 else 2
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(ended)
    assert os.waitpid(child, 0)[1] == 0


def test_a_child_that_is_forked_amid_a_call_has_a_client_of_its_own(options: Options, server: Server) -> None:
    logger = EventLogger(options=options)
    logger.log_action("first")
    shared = logger._client._shared
    with shared.disk, shared.lock:
        logger.log_action("amid")
        child = os.fork()
        if child == 0:
            left = logger._client._shared.is_amid() or len(logger._client._shared.inbox)
            os._exit(1 if left else 0)
        assert os.waitpid(child, 0)[1] == 0
    assert logger.flush() and logger.close()
    assert [event["action_name"] for event in server.taken] == ["first", "amid"]


def test_amid_a_held_lock_memory_has_an_end(options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_client, "_AMID_EVENTS", 10)
    monkeypatch.setattr(_client, "RECEIPTS_MAX", 100)
    options.queue_events, options.close_ms = 5, 50
    told: list[str] = []
    logger = EventLogger(options=options, on_error=lambda kind, _: told.append(kind))
    shared = logger._client._shared
    with shared.disk, shared.lock:
        for _ in range(1000):
            logger.log_action("amid")
        assert len({id(note) for note in shared.inbox._notes}) <= 101 and not told
        assert (logger.flush(), logger.persist(), logger.close()) == (False, False, False)
    stats = logger.stats
    assert (stats.logged, stats.waiting, stats.lost) == (1000, 15, 985)
    assert logger.persist()
    logger.close()
    assert "lost" in told


def test_what_is_told_of_trouble_may_call(options: Options) -> None:
    options.spool_dir, options.close_ms = "/dev/null/nowhere", 50
    told: list[str] = []

    def listen(kind: str, _: str) -> None:
        told.append(kind)
        if kind == "spool":
            logger.log_action("told")
            logger.persist()
            assert logger.stats.logged == 2

    logger = EventLogger(options=options, on_error=listen)

    def act() -> None:
        logger.log_action("first")
        logger.persist()
        logger.close()

    finishes(act)
    assert told.count("spool") == 1 and logger.stats.logged == 2


class Waits:
    """Is converted when another thread says so."""

    def __init__(self) -> None:
        self.begins, self.goes_on = threading.Event(), threading.Event()

    def __str__(self) -> str:
        self.begins.set()
        assert self.goes_on.wait(HANGS_AFTER_S)
        return "waited"


def test_no_thread_waits_for_the_handler_of_another(options: Options, server: Server) -> None:
    logger = EventLogger(options=options)
    handler, value = AuditHandler(logger), Waits()

    def emit(message: str, *args: Any) -> None:
        handler.handle(logging.LogRecord("app", 30, "f.py", 1, message, args, None))

    other = threading.Thread(target=emit, args=("%s", value), daemon=True)
    other.start()
    value.begins.wait()
    finishes(lambda: emit("meanwhile"))
    value.goes_on.set()
    other.join()
    assert logger.flush() and logger.close()
    assert [event["message"] for event in server.taken] == ["meanwhile", "waited"]


def test_a_value_that_logs_while_it_is_converted_comes_to_an_end(options: Options, server: Server) -> None:
    logger = EventLogger(options=options)
    handler = AuditHandler(logger)

    class Logs:
        def __str__(self) -> str:
            handler.handle(logging.LogRecord("app", 30, "f.py", 1, "%s", (self,), None))
            return "converted"

    str(Logs())
    assert logger.flush() and logger.close()
    assert [event["message"] for event in server.taken] == ["converted"] * 4


def test_a_signal_handler_may_make_a_client_while_all_are_looked_at(options: Options) -> None:
    options.close_ms = 50
    made: list[EventLogger] = []
    everywhere = Everywhere(lambda: made.append(EventLogger(options=options)))
    everywhere.during(lambda: _lifetime._alive(_lifetime._clients))
    known = _lifetime._alive(_lifetime._clients)
    assert len(made) > 10 and all(logger._client in known for logger in made)
    for logger in made:
        logger.close()


def test_a_monitor_counts_at_every_bytecode() -> None:
    monitor = PerformanceMonitor()
    counted = 0

    def count() -> None:
        nonlocal counted
        counted += 1
        monitor.record_call("inner", 1.0)

    def act() -> None:
        monitor.record_call("outer", 1.0)
        monitor.collect_metrics()
        monitor.generate_performance_report()

    everywhere = Everywhere(count)
    finishes(lambda: everywhere.during(act))
    assert monitor.generate_performance_report()["calls"]["inner"]["count"] == counted > 100
    assert any(code.co_name == "_settle" for code, _ in everywhere.seen)
