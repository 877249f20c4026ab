"""What reaches the spool: levels, bindings, decorated tools, records of logging, and nothing thrown."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import json
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import tachograph
from tachograph import AuditHandler, EventLogger, Options, PerformanceMonitor, audited

Away = tuple[EventLogger, Callable[[], list[dict[str, Any]]]]


def test_levels_below_are_left_out(options: Options) -> None:
    options.close_ms = 50
    with EventLogger(options=options, log_level="WARNING") as logger:
        logger.log_action("quiet", level="INFO")
        logger.log_action("loud", level="CRITICAL")
        logger.log_action("without a level")
        logger.audit_log("LOGIN", "user", severity="info")
        assert logger.stats.logged == 2


def test_a_bound_logger_has_other_defaults(away: Away) -> None:
    logger, events = away
    bound = logger.bind(session_id="s-9", user_id="u-9", agent_id="other", project="x")
    bound.log_action("one")
    bound.log_action("two", session_id="s-10")
    bound.log_communication("someone", "hello")
    logger.log_action("three")
    one, two, message, three = events()
    assert (one["session_id"], one["user_id"], one["agent_id"], one["attributes"]) == ("s-9", "u-9", "other", {"project": "x"})
    assert "user" not in one and two["session_id"] == "s-10"
    assert message["sender"] == {"agent_id": "other"} and message["session_id"] == "s-9"
    assert three["session_id"] == "s-1" and "user_id" not in three and three["user"]


def test_names_of_the_caller_cannot_change_the_format(away: Away) -> None:
    logger, events = away
    logger.log_action("step", hook_event_name="x", events=[{"a": 1}], event_type="y", impact={"risk_level": "high"})
    (event,) = events()
    assert event["attributes"] == {"hook_event_name": "x", "events": [{"a": 1}], "event_type": "y"}
    assert event["impact"] == {"risk_level": "high"}


def test_the_mark_for_a_blockchain(options: Options) -> None:
    options.close_ms = 50
    with EventLogger(options=options, blockchain_enabled=True) as logger:
        logger.log_trade("0x1", 1)
        assert logger.persist()
        (path,) = list(options.spool.rglob("*.ndjson"))
        assert json.loads(path.read_text())["blockchain_anchor"] is True


def test_calls_of_tools_are_recorded_as_they_end(away: Away) -> None:
    logger, events = away

    @audited(logger)
    def add(a: int, b: int = 2) -> int:
        return a + b

    @audited(logger, name="fails", arguments=False, user_id="u-1")
    def fail(secret: str) -> None:
        raise ValueError("no")

    @audited(logger, result=False)
    async def fetch(address: str) -> str:
        return "page"

    @audited(logger)
    def count(to: int) -> Iterator[int]:
        yield from range(to)

    class Tools:
        @audited(logger, type="skill")
        def query(self, text: str) -> list[int]:
            return [1]

    assert add(1) == 3 and add.__name__ == "add"
    with pytest.raises(ValueError, match="no"):
        fail("x")
    assert asyncio.run(fetch("a")) == "page"
    assert list(count(3)) == [0, 1, 2]
    assert Tools().query("q") == [1]
    with pytest.raises(TypeError):
        add()  # type: ignore[call-arg]
    made = events()
    assert [event["action_name"] for event in made] == ["add", "fails", "fetch", "count", "query", "add"]
    assert [event["outcome_status"] for event in made] == ["success", "failure", "success", "success", "success", "failure"]
    assert made[0]["action_details"] == {"a": 1} and made[0]["outcome_result"] == 3 and made[0]["duration_ms"] >= 0
    assert made[1]["outcome_error"] == {"type": "ValueError", "message": "no"} and "action_details" not in made[1]
    assert made[1]["user_id"] == "u-1" and "outcome_result" not in made[2]
    assert made[4]["action_type"] == "skill" and made[4]["action_details"] == {"text": "q"}


def test_a_cancelled_call_is_a_failure(away: Away) -> None:
    logger, events = away

    @audited(logger)
    async def wait() -> None:
        await asyncio.Event().wait()

    async def cancel() -> None:
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    (event,) = events()
    assert event["outcome_status"] == "failure" and event["outcome_error"]["type"] == "CancelledError"


def test_the_handler_leaves_out_the_clients_own_records(away: Away) -> None:
    logger, events = away
    handler = AuditHandler(logger)
    for name in ("tachograph", "tachograph.sub", "tachographer"):
        handler.handle(logging.LogRecord(name, 20, "f.py", 1, "hello %s", ("you",), None))
    (event,) = events()
    assert event["logger"] == "tachographer" and event["message"] == "hello you"
    assert event["attributes"]["file"] == "f.py" and event["attributes"]["line"] == 1


def test_a_monitor_records_its_samples_and_alerts(away: Away) -> None:
    logger, events = away
    monitor = PerformanceMonitor(alert_thresholds={"depth": 1}, logger=logger)
    monitor.add_collector("depth", lambda: 5)
    monitor.collect_metrics()
    made = [event for event in events() if event["action_details"].get("metric", "depth") == "depth"]
    assert made[0]["action_type"] == "metric" and made[0]["action_details"]["depth"] == 5
    assert made[1]["action_name"] == "threshold_breached" and made[1]["action_details"]["threshold"] == 1


def test_nothing_is_thrown_whatever_is_given(away: Away) -> None:
    logger, events = away
    odd: Any = object()
    logger.log_action(odd, odd, odd, status=odd, result=odd, error=odd, category=odd)
    logger.log_trade(odd, odd, odd, odd)
    logger.log_communication(odd, odd, sender=odd)
    logger.audit_log(odd, odd, odd, changes=odd)
    logger.log_decision(odd, odd, odd, odd, odd)
    logger.log_ai_decision(odd, odd, odd, odd, odd, attributes=odd, metadata=odd, event_id=odd, level=odd)
    stats = logger.stats
    assert stats.logged == 6 and stats.lost + len(events()) == 6


def test_trouble_is_told_once_and_a_listener_may_fail(options: Options) -> None:
    told: list[tuple[str, str]] = []

    def listen(kind: str, message: str) -> None:
        told.append((kind, message))
        raise RuntimeError("listener")

    options.close_ms = 50
    logger = EventLogger(options=options, on_error=listen)
    logger.log_action("x")
    assert not logger.flush(0.2)
    logger.close()
    logger.log_action("late")
    assert [kind for kind, _ in told] == ["unreachable", "lost"] and "closed" in told[1][1]
    assert logger.stats.last_error


def test_a_queue_of_one_and_many_threads_lose_nothing(options: Options) -> None:
    options.queue_events, options.batch_events, options.close_ms = 1, 10, 50
    logger = EventLogger(options=options)
    threads = [threading.Thread(target=lambda: [logger.log_action("step") for _ in range(200)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert logger.persist()
    stats = logger.stats
    logger.close()
    assert (stats.logged, stats.lost, stats.waiting) == (1600, 0, 1600)
    files = sorted(options.spool.rglob("*.ndjson"))
    lines = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    assert [line["producer_seq"] for line in lines] == list(range(1, 1601))


def spelt(name: str, item: Any) -> str:
    """A name, of a function with its parameters."""
    function = item.__func__ if isinstance(item, (classmethod, staticmethod)) else item
    if not inspect.isfunction(function):
        return name
    return f"{name}({', '.join(p for p in inspect.signature(function).parameters if p not in ('self', 'cls'))})"


def test_the_public_names(request: pytest.FixtureRequest) -> None:
    """A change of the surface is a change of this list."""
    made = []
    for name in sorted(tachograph.__all__):
        item = getattr(tachograph, name)
        made.append(spelt(name, item))
        if isinstance(item, type):
            fields = [field.name for field in dataclasses.fields(item)] if dataclasses.is_dataclass(item) else []
            members = {n: m for n, m in vars(item).items() if n == "__init__" or not n.startswith("_")}
            made += sorted(f"  {n}" for n in {*fields} - {*members})
            made += sorted(f"  {spelt(n, m)}" for n, m in members.items() if not (fields and n == "__init__"))
    path = request.path.parent / "public_names.txt"
    found = "\n".join(made) + "\n"
    assert found == path.read_text(), f"the public names changed; {path.name} says what they were:\n{found}"
