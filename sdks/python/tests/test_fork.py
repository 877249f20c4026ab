"""A child goes on whatever the other threads of its parent were about when it was forked."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tachograph import EventLogger, Options, PerformanceMonitor, _lifetime

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
    with monitor._lock:
        in_child(lambda: monitor.record_call("GET", 1.0))
        in_child(lambda: monitor.start().stop())
