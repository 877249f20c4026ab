"""What reaches the spool: levels, bindings, decorated tools, records of logging, and nothing thrown."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime
import functools
import gc
import inspect
import json
import logging
import operator
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

import tachograph
from tachograph import AsyncEventLogger, AuditHandler, EventLogger, Options, PerformanceMonitor, _item, _lifetime, audited
from tachograph._client import Client

Away = tuple[EventLogger, Callable[[], list[dict[str, Any]]]]


def test_levels_below_are_left_out(options: Options) -> None:
    options.close_ms = 50
    with EventLogger(options=options, log_level="WARNING") as logger:
        logger.log_action("quiet", level="INFO")
        logger.log_action("loud", level="CRITICAL")
        logger.log_action("without a level")
        logger.audit_log("LOGIN", "user", severity="info")
        assert logger.stats.logged == 2


def test_records_of_logging_below_the_level_are_left_out(options: Options) -> None:
    options.close_ms = 50
    with EventLogger(options=options, log_level="WARNING") as logger:
        source = logging.Logger("shop")
        source.addHandler(AuditHandler(logger))
        for level in (5, logging.DEBUG, logging.INFO, 25):
            source.log(level, "quiet")
        assert logger.stats.logged == 0
        for level in (logging.WARNING, 35, logging.ERROR, logging.CRITICAL):
            source.log(level, "loud")
        assert logger.stats.logged == 4


def test_the_level_of_an_event_is_what_it_says_itself(options: Options) -> None:
    options.close_ms = 50
    with EventLogger(options=options, log_level="WARNING") as logger:
        loud = logger.bind(level="ERROR")
        loud.log_event({"level": "info", "message": "quiet"})
        loud.log_event({"levelname": "DEBUG", "message": "quiet"})
        logger.log_event({"level": "ERROR", "message": "quiet"}, level="INFO")
        assert logger.stats.logged == 0
        loud.log_event({"message": "loud"})
        logger.log_event({"level": "ERROR", "message": "loud"})
        logger.log_event({"level": [1], "message": "loud"})
        assert logger.stats.logged == 3


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


def test_a_logger_that_nobody_keeps_still_sends_what_it_logged(options: Options) -> None:
    entry = EventLogger(options=options).log_action("one")
    gc.collect()
    kept = [found for found in _lifetime._alive(_lifetime._clients) if isinstance(found, Client) and found.receipt(entry)]
    assert len(kept) == 1 and kept[0].persist()
    kept[0].close(0.05)


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


def test_what_a_call_was_given_is_recorded_as_it_was(away: Away) -> None:
    logger, events = away

    @audited(logger)
    def delete(paths: list[str], options: dict[str, bool]) -> None:
        paths.clear()
        options["dry_run"] = True

    @audited(logger)
    def large(text: str, rest: list[int]) -> None:
        rest.clear()

    delete(["/prod/a"], {"dry_run": False})
    large("x " * 200_000, list(range(10_000)))
    first, second = events()
    assert first["action_details"] == {"paths": ["/prod/a"], "options": {"dry_run": False}}
    assert second["action_details"]["rest"][:3] == [0, 1, 2]
    assert second["cut_bytes"] > 300_000 and second["cut_values"] > 6_000


def test_an_audited_asynchronous_generator_is_still_the_functions_own(away: Away) -> None:
    logger, events = away
    told: list[str] = []

    @audited(logger)
    async def work() -> AsyncIterator[str]:
        try:
            said = yield "one"
            told.append(f"sent {said}")
            while True:
                try:
                    yield "two"
                except ValueError as error:
                    told.append(f"thrown {error}")
        finally:
            told.append("closed")

    @audited(logger)
    async def transaction() -> AsyncIterator[str]:
        try:
            yield "open"
        except KeyError:
            told.append("rolled back")
            raise

    async def main() -> None:
        going: Any = work()
        assert [await going.__anext__(), await going.asend("yes"), await going.athrow(ValueError("no"))] == ["one", "two", "two"]
        await going.aclose()
        with pytest.raises(KeyError):
            async with contextlib.asynccontextmanager(transaction)():
                raise KeyError("x")
        assert [item async for item in count()] == [0, 1, 2]

    @audited(logger)
    async def count() -> AsyncIterator[int]:
        for number in range(3):
            yield number

    asyncio.run(main())
    assert told == ["sent yes", "thrown no", "closed", "rolled back"]
    assert [(event["action_name"], event["outcome_status"]) for event in events()] == [
        ("work", "success"),
        ("transaction", "failure"),
        ("count", "success"),
    ]


async def reads(address: str) -> str:
    await asyncio.sleep(0.02)
    if address == "bad":
        raise RuntimeError("tool failed")
    return "page"


class Reader:
    async def __call__(self, address: str) -> str:
        return await reads(address)


class Lazy:
    """Can be awaited, and is no coroutine."""

    def __init__(self, address: str) -> None:
        self.address = address

    def __await__(self) -> Any:
        return reads(self.address).__await__()


class Entered(Lazy):
    async def __aenter__(self) -> str:
        return await self

    async def __aexit__(self, *_: object) -> None:
        pass


class Request(Coroutine[Any, Any, str]):
    """A coroutine by its class, and entered as well: so aiohttp and aiosqlite make theirs."""

    def __init__(self, address: str) -> None:
        self._inner = reads(address)

    def send(self, value: Any) -> Any:
        return self._inner.send(value)

    def throw(self, *error: Any) -> Any:
        return self._inner.throw(*error)

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Any:
        return self._inner.__await__()

    async def __aenter__(self) -> str:
        return await self._inner

    async def __aexit__(self, *_: object) -> None:
        pass


def wrapped(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        return function(*args)

    return wrapper


def later(address: str) -> Any:
    return asyncio.ensure_future(reads(address))


@pytest.mark.parametrize(
    "tool", [Reader(), wrapped(reads), lambda address: reads(address), functools.partial(reads), functools.partial(Reader()), later, Lazy]
)
def test_what_is_awaited_is_recorded_when_it_ends(away: Away, tool: Any) -> None:
    logger, events = away
    called = audited(logger, name="read")(tool)

    async def main() -> None:
        assert await called("good") == "page"
        with pytest.raises(RuntimeError, match="tool failed"):
            await called("bad")
        await asyncio.sleep(0)
        if not isinstance(going := called("slow"), Lazy) and not hasattr(going, "address"):
            going = asyncio.ensure_future(going)
            await asyncio.sleep(0)
            going.cancel()
            with pytest.raises(asyncio.CancelledError):
                await going
            await asyncio.sleep(0)
        else:
            assert going.address == "slow"  # as it would be without

    asyncio.run(main())
    good, bad, *cancelled = events()
    assert good["outcome_status"] == "success" and good["outcome_result"] == "page" and good["duration_ms"] >= 15
    assert bad["outcome_status"] == "failure" and bad["outcome_error"]["message"] == "tool failed"
    assert "outcome_result" not in bad and bad["duration_ms"] >= 15
    assert [event["outcome_error"]["type"] for event in cancelled] == ["CancelledError"] * (tool is not Lazy)


def test_a_task_is_given_back_as_it_is_and_still_tells_of_its_error(away: Away) -> None:
    logger, events = away
    told: list[str] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["message"]))
        made: list[Any] = []

        def begin(address: str) -> Any:
            made.append(asyncio.ensure_future(reads(address)))
            return made[-1]

        assert audited(logger)(begin)("good") is made[0]
        audited(logger)(begin)("bad")
        await asyncio.sleep(0.1)
        made.clear()
        gc.collect()

    asyncio.run(main())
    assert [event["outcome_status"] for event in events()] == ["success", "failure"]
    assert told == ["Task exception was never retrieved"]


@pytest.mark.parametrize("made", [Entered, Request])
def test_what_is_more_than_awaited_stays_what_it_is(away: Away, made: Any) -> None:
    logger, events = away

    async def main() -> None:
        async with audited(logger)(made)("good") as page:
            assert page == "page"

    asyncio.run(main())
    assert [event["outcome_status"] for event in events()] == ["running"]


def test_what_has_no_signature_can_be_audited(away: Away) -> None:
    logger, events = away
    table: dict[str, int] = {}
    assert audited(logger)(max)(1, 3, key=None) == 3
    assert audited(logger)(int)("7") == 7
    audited(logger, name="update")(dict.update)(table, {"a": 1})
    assert audited(logger)(operator.itemgetter(0))("xyz") == "x"
    with pytest.raises(ValueError):
        audited(logger)(max)([])
    made = events()
    assert [event["outcome_status"] for event in made] == ["success"] * 4 + ["failure"]
    assert made[0]["action_name"] == "max" and made[0]["action_details"] == {"args": [1, 3], "kwargs": {"key": None}}


def test_an_async_logger_records_calls_of_tools_as_well(away: Away) -> None:
    logger, events = away
    audit = AsyncEventLogger(logger=logger)

    @audited(audit)
    def add(a: int) -> int:
        return a + 1

    @audited(audit)
    async def fetch(address: str) -> str:
        return "page"

    async def main() -> None:
        assert add(1) == 2 and await fetch("a") == "page"

    asyncio.run(main())
    assert [event["action_name"] for event in events()] == ["add", "fetch"]


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


def test_a_level_of_ones_own_is_the_nearest_below(away: Away) -> None:
    logger, events = away
    handler = AuditHandler(logger)
    for number in (5, 10, 20, 25, 30, 35, 45, 50, 60):
        record = logging.LogRecord("app", number, "f.py", 1, "hello", (), None)
        if number == 35:
            record.levelname = "NOTICE"
        handler.handle(record)
    made = events()
    names = ["DEBUG", "DEBUG", "INFO", "INFO", "WARNING", "WARNING", "ERROR", "CRITICAL", "CRITICAL"]
    assert [event["levelname"] for event in made] == names
    assert made[5]["attributes"]["level_name"] == "NOTICE" and "level_name" not in made[4]["attributes"]


def test_where_a_line_was_logged_is_no_error(away: Away) -> None:
    logger, events = away
    handler = AuditHandler(logger)
    for number in (20, 30, 40):
        handler.handle(logging.LogRecord("app", number, "f.py", 1, "hello", (), None, sinfo="Stack (most recent call last)"))
    info, warning, error = events()
    assert "stack_info" not in info and info["attributes"]["stack_info"] == "Stack (most recent call last)"
    assert "stack_info" not in warning and error["stack_info"] == "Stack (most recent call last)"


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


@pytest.mark.parametrize("event", ["text", [1], None, 7, [("a", 1)]])
def test_what_is_no_event_is_rejected(away: Away, event: Any) -> None:
    logger, events = away
    entry = logger.log_event(event)
    receipt = logger.receipt(entry)
    assert receipt and receipt.status == "rejected" and type(event).__name__ in str(receipt.reason)
    logger.log_event({"action_type": "log", "action_name": "good", "request": None})
    assert logger.stats.rejected == 1 and logger.stats.logged == 2 and logger.stats.lost == 0
    assert [event["action_name"] for event in events()] == ["good"]


def test_what_is_no_moment_is_kept_as_text_beside_the_trade(away: Away) -> None:
    logger, events = away
    odd: Any = [1, 2]
    logger.log_trade("0x1", 1, odd)
    logger.log_trade("0x2", 1, datetime.date(2026, 1, 2))
    first, second = events()
    assert first["attributes"] == {"timestamp": "[1, 2]"} and first["timestamp"].endswith("Z")
    assert "attributes" not in second and second["timestamp"] == "2026-01-02T00:00:00.000000Z"


@pytest.mark.parametrize(
    "odd", [datetime.datetime.max, datetime.datetime.min, -5, "-5", 1e300, datetime.date(1969, 12, 31), "2200-01-01T00:00:00Z"]
)
def test_a_moment_that_no_clock_tells_is_kept_beside(away: Away, odd: Any) -> None:
    logger, events = away
    logger.log_trade("0x1", 1, odd)
    logger.log_action("Read", timestamp=odd)
    for event in events():
        assert event["attributes"]["timestamp"] and "2020" < event["timestamp"] < "2200", event


def test_an_id_that_is_no_unicode_is_known_as_it_is_sent(away: Away) -> None:
    logger, events = away
    entry = logger.log_action("Read", event_id="a\ud800")
    assert [event["event_id"] for event in events()] == [entry] == ["a?"]
    assert logger.receipt(entry) is not None


def test_an_audit_entry_takes_its_user_changes_and_details_by_place(away: Away) -> None:
    logger, events = away
    logger.audit_log("USER_LOGIN", "user", "u1", "u2", {"a": {"before": 1, "after": 2}}, "by place")
    logger.audit_log("USER_LOGIN", "user", "u1", user_id="u3")
    first, second = events()
    assert (first["userId"], first["details"], second["userId"]) == ("u2", "by place", "u3")
    assert first["changes"] == {"a": {"before": 1, "after": 2}}


class _Ambiguous:
    def __bool__(self) -> bool:
        raise ValueError("neither true nor false")


def test_a_sender_that_is_neither_true_nor_false_is_no_reason_to_raise(away: Away) -> None:
    logger, _ = away
    sender: Any = _Ambiguous()
    logger.log_communication("someone", "hello", sender=sender)
    assert logger.stats.lost == 1


def test_what_was_lost_is_told_by_the_next_process(options: Options) -> None:
    options.close_ms, options.spool_bytes, options.queue_bytes, options.batch_events = 50, 2000, 3000, 1
    logger = EventLogger(options=options, on_error=lambda *_: None)
    for _ in range(30):
        logger.log_action("step", details="word " * 100)
        logger.persist()
    assert not logger.close()
    lost = logger.stats.lost
    lines = [line for path in sorted(options.spool.rglob("*.ndjson")) for line in path.read_text().splitlines()]
    kept = [json.loads(line) for line in lines]
    told = [event["action_details"]["count"] for event in kept if event["action_name"] == "events_lost"]
    assert 0 < lost < 30 and len(kept) - len(told) == 30 - lost and sum(told) == lost
    assert kept[-1]["action_name"] == "events_lost" and kept[-1]["producer_seq"] > kept[-2]["producer_seq"] and kept[-1]["agent_id"] == "test/agent"


def test_what_is_given_up_at_the_end_has_a_receipt_that_says_so(options: Options) -> None:
    options.close_ms, options.spool_bytes, options.queue_events = 50, 20_000, 100
    logger = EventLogger(options=options, on_error=lambda *_: None)
    ids = [logger.log_action("step", details="word " * 100) for _ in range(300)]
    assert not logger.close()
    found = [logger.receipt(entry) for entry in ids]
    lost = [receipt for receipt in found if receipt and receipt.status == "lost"]
    assert len(lost) == logger.stats.lost and len([r for r in found if r and r.status == "waiting"]) == 300 - len(lost)
    assert any("neither sent nor kept when the client closed" in (receipt.reason or "") for receipt in lost)


def test_without_a_loss_nothing_is_told(options: Options) -> None:
    options.close_ms = 50
    with EventLogger(options=options, on_error=lambda *_: None) as logger:
        logger.log_action("step")
    (path,) = options.spool.rglob("*.ndjson")
    assert json.loads(path.read_text())["action_name"] == "step"


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


def test_settings_that_cannot_be_meant_are_told_and_the_default_is_used(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    settings: Any = {"url": 5, "key": 5, "agent_id": [], "session_id": 1.5, "log_level": None}
    wrong: Any = Options(url="http://127.0.0.1:1", spool_dir=tmp_path, batch_events="many", close_ms=True)  # type: ignore[arg-type]
    with EventLogger(**settings, options=wrong, on_error=lambda kind, text: told.append((kind, text))) as logger:
        assert logger.log_action("one") and logger.stats.logged == 1
        names = [text.split(":")[0] for kind, text in told if kind == "settings"]
        assert names == ["url", "key", "agent_id", "session_id", "batch_events", "close_ms"]
        assert logger.options.url.startswith("http") and logger.options.batch_events == 100 and logger.options.agent_id is None
        logger.options.close_ms = 50
    nothing: Any = 7
    odd = EventLogger(options=nothing, storage_path=tmp_path / "odd", url="http://127.0.0.1:1", on_error=nothing)
    odd.close(0.05)


def test_what_is_large_is_redacted_and_encoded_by_the_writer(away: Away, monkeypatch: pytest.MonkeyPatch) -> None:
    logger, events = away
    wire, by = _item.wire, []

    def watched(event: dict[str, Any]) -> bytes:
        by.append((event["action_name"], threading.current_thread().name))
        return wire(event)

    monkeypatch.setattr(_item, "wire", watched)
    logger.log_action("large", details={"text": "password=hunter2x " * 100_000})
    assert ("large", threading.current_thread().name) not in by
    logger.log_action("small", details={"text": "password=hunter2x"})
    assert ("small", threading.current_thread().name) in by
    monkeypatch.undo()
    written = events()
    assert [event["action_name"] for event in written] == ["large", "small"]
    assert "hunter2" not in json.dumps(written) and written[0]["cut_bytes"] > 1_000_000


def test_memory_that_is_half_full_makes_events_small(options: Options) -> None:
    options.close_ms, options.queue_bytes, options.spool_dir = 50, 1 << 20, "/dev/null/nowhere"
    with EventLogger(options=options) as logger:
        ids = [logger.log_action("n", details={"text": "word " * 100_000}) for _ in range(60)]
        assert [logger.receipt(entry).status for entry in ids] == ["waiting"] * 60  # type: ignore[union-attr]


def test_a_level_that_is_none_is_told_and_every_record_sent(caplog: pytest.LogCaptureFixture) -> None:
    handler = AuditHandler(level="NOPE")  # type: ignore[arg-type]
    assert handler.level == logging.NOTSET
    assert "every record is sent" in caplog.text
