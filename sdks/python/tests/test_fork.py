"""A child goes on whatever the other threads of its parent were about when it was forked."""

from __future__ import annotations

import gzip
import http.server
import json
import multiprocessing.util
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tachograph import EventLogger, Options, PerformanceMonitor, _lifetime, _sender

SRC = str(Path(__file__).resolve().parents[1] / "src")

CALLS = """
import logging, sys
from tachograph import AuditHandler, EventLogger, Options, PerformanceMonitor
known = set(sys.modules)
options = Options(url="http://localhost:9", spool_dir=sys.argv[1])
logger = EventLogger(options=options, agent_id="a", on_error=lambda kind, text: None)
logger.log_action("Read", details={"a": 1})
logger.log_action("Bash", details={"text": "password=tR4vel-Blue-77 " * 500, "e": ValueError("x")}, error=ValueError("y"))
logger.log_decision("route", "which?", ["a", "b"], "a", 0.5)
PerformanceMonitor(logger=logger).collect_metrics()
try:
    1 / 0
except ZeroDivisionError:
    AuditHandler(logger).emit(logging.LogRecord("app", 40, "app.py", 1, "failed", None, sys.exc_info()))
logger.flush(0)
logger.close()
print(*sorted(set(sys.modules) - known))
"""


def test_nothing_is_imported_after_the_client_is(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CALLS, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": SRC, "HOME": str(tmp_path)})
    assert (ran.stdout, ran.stderr) == ("\n", "")


def in_child(act: Callable[[], Any]) -> None:
    """Forks a child that acts; one that hangs fails."""
    child = os.fork()
    if child == 0:
        acted = threading.Thread(target=act, daemon=True)
        acted.start()
        acted.join(20)
        os._exit(acted.is_alive())
    assert os.waitpid(child, 0)[1] == 0


def test_a_child_makes_a_client_of_its_own_while_another_thread_of_its_parent_makes_one(options: Options) -> None:
    holds, forks = threading.Event(), threading.Event()

    def watch() -> None:
        with _lifetime._watching:
            holds.set()
            forks.wait()

    threading.Thread(target=watch, daemon=True).start()
    holds.wait()
    os.register_at_fork(before=forks.set)  # runs before those of the client
    in_child(lambda: EventLogger(options=options).log_action("Read"))


def test_a_child_measures_and_collects_whoever_measured_in_its_parent() -> None:
    monitor = PerformanceMonitor()
    with monitor._figures._lock:
        in_child(lambda: monitor.record_call("GET", 1.0))
        in_child(lambda: monitor.start().stop())


def log_and_vanish(logger: EventLogger) -> None:
    """Forks a child that ends as forked children do: nothing of the client's runs at its end."""
    child = os.fork()
    if child == 0:
        try:
            logger.log_action("small")
            logger.log_action("large", details={"text": "word " * 4000})
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def test_what_a_forked_child_logs_is_on_disk_when_the_call_returns(options: Options) -> None:
    options.close_ms = 1000
    with EventLogger(options=options, on_error=lambda *_: None) as logger:
        for _ in range(10):
            log_and_vanish(logger)
        lines = [line for path in Path(options.spool_dir).rglob("*.ndjson") for line in path.read_text().splitlines()]
        assert sorted(json.loads(line)["action_name"] for line in lines) == ["large"] * 10 + ["small"] * 10


def test_a_program_that_forks_for_ever_does_not_grow(options: Options) -> None:
    registered: dict[Any, Any] = multiprocessing.util._afterfork_registry  # type: ignore[attr-defined]
    with EventLogger(options=options):
        in_child(lambda: None)
        before = len(registered)
        for _ in range(3):
            in_child(lambda: None)
    assert len(registered) == before


class Taker(http.server.BaseHTTPRequestHandler):
    """A server that takes all events, and hands on their names."""

    names: queue.Queue[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        sent = (gzip.decompress(body) if self.headers["content-encoding"] == "gzip" else body).splitlines()
        answer = json.dumps({"accepted": len(sent), "duplicates": 0, "rejected": [], "rejected_count": 0}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        for line in sent:
            self.names.put(json.loads(line)["action_name"])

    def log_message(self, format: str, *args: Any) -> None:
        pass


def test_a_program_that_logs_nothing_sends_what_its_children_left(options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sender, "_ADOPT_EVERY_S", 0.02)
    Taker.names = queue.Queue()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taker) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        options.url, options.batch_ms = f"http://127.0.0.1:{server.server_port}", 600_000
        with EventLogger(options=options) as logger:
            assert logger.flush(20)
            log_and_vanish(logger)
            assert [Taker.names.get(timeout=20) for _ in range(2)] == ["small", "large"]
        server.shutdown()
