"""Against the real server: what comes in shows up in SQL, once, whatever happens to server and processes."""

from __future__ import annotations

import asyncio
import datetime
import json
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tachograph import AsyncEventLogger, AuditHandler, EventLogger, Options, QueryError, audited

from conftest import Recorder
from driver import Raises, deep

SRC = str(Path(__file__).resolve().parents[1] / "src")
# The server records what it does itself, too: that an alert fires, for one.
SENT = "agent_audit_log WHERE source <> 'internal'"


def test_every_call_shows_up_in_sql(recorder: Recorder, logger: EventLogger) -> None:
    action = logger.log_action(
        "Bash", "tool", {"command": "git log"}, status="success", result={"lines": 10}, exit_code=0, duration_ms=12.5,
        tokens_input=3, tokens_output=4, cost_usd=0.25, user_id="u-1", mood="calm", permission_level="readonly",
    )  # fmt: skip
    decision = logger.log_decision(
        "rollback", "Roll back?", [{"option": "yes", "score": 0.8}], "yes", 0.85, "errors", status="success"
    )
    model = logger.log_ai_decision("m-1", {"symbol": "ETH"}, 1850.45, 0.85, {"method": "shap", "values": {"a": 1}})
    trade = logger.log_trade("0x1", "1850.45", 1_772_442_847.12, 150_000, side="buy", quantity=Decimal("2.5"), expected_price=1849.9)
    message = logger.log_communication("other/agent", "hello", subject="hi", priority="high", response_required=True)
    audit = logger.audit_log(
        "AGENT_UPDATED", "agent", "7c1f", user_id="u-2", changes={"status": {"before": 1, "after": 2}},
        details={"fields_changed": 1}, severity="warning", ip="203.0.113.9", user_agent="curl", session_id="web-1",
    )  # fmt: skip
    assert logger.flush(20)

    rows = {row["id"]: row for row in recorder.sql(f"SELECT * FROM {SENT}")}
    assert set(rows) == {action, decision, model, trade, message, audit}
    row = rows[action]
    assert (row["action_type"], row["action_name"], row["outcome_status"]) == ("tool", "Bash", "success")
    assert json.loads(row["action_details"]) == {"command": "git log"} and row["exit_code"] == 0
    assert (row["duration_us"], row["tokens_input"], float(row["cost_usd"])) == (12_500, 3, 0.25)
    assert (row["agent_id"], row["session_id"], row["user_id"]) == ("test/agent", "s-1", "u-1")
    assert json.loads(row["extra"])["attributes"] == {"mood": "calm"} and row["producer_seq"] == 1
    row = rows[decision]
    assert (row["action_type"], row["chosen"], row["confidence_ppm"]) == ("decision", "yes", 850_000)
    assert json.loads(row["decision"])["options_considered"] == [{"option": "yes", "score": 0.8}]
    row = rows[model]
    assert (row["action_type"], row["model"], row["confidence_ppm"]) == ("model_decision", "m-1", 850_000)
    assert json.loads(row["decision"])["values"] == {"a": 1} and row["outcome_result"] == "1850.45"
    row = rows[trade]
    assert (row["action_type"], row["order_id"], row["price"]) == ("trade", "0x1", "1850.45")
    assert (row["gas_used"], row["quantity"], row["slippage_ppm"]) == (150_000, "2.5", 297)
    assert row["timestamp"].startswith("2026-03-02T09:14:07.12")
    row = rows[message]
    assert (row["action_type"], row["agent_id"], row["to_agent"]) == ("communication", "test/agent", "other/agent")
    assert (row["priority"], row["response_required"]) == ("high", 1)
    row = rows[audit]
    assert (row["action_name"], row["agent_id"], row["user_id"]) == ("AGENT_UPDATED", "7c1f", "u-2")
    assert (row["session_id"], row["ip"], row["user_agent"], row["level"]) == ("web-1", "203.0.113.9", "curl", "CRITICAL")


def test_what_is_logged_again_under_its_own_id_is_recorded_once(recorder: Recorder, options: Options) -> None:
    options.url, found = recorder.url, []
    for _ in range(2):  # the second as another process would
        with EventLogger(options=options) as logger:
            event = {"event_id": "day-7", "timestamp": "2026-03-02T00:00:00Z", "action_type": "log", "action_name": "closed"}
            ids = [logger.log_trade("7", 1.5, "2026-03-02T09:14:07Z", event_id="order-7"), logger.log_event(event)]
            assert ids == ["order-7", "day-7"] and logger.flush(20)
            found.append([receipt.status for entry in ids if (receipt := logger.receipt(entry))])
    assert found == [["recorded", "recorded"], ["duplicate", "duplicate"]]
    assert recorder.sql(f"SELECT count(*) AS n FROM {SENT}") == [{"n": 2}]


def test_a_receipt_names_the_place_in_the_log(recorder: Recorder, logger: EventLogger) -> None:
    ids = [logger.log_action("Read", details={"n": n}) for n in range(5)]
    receipts = [logger.receipt(entry, timeout=20) for entry in ids]
    index = {row["id"]: row["index"] for row in recorder.sql(f'SELECT id, "index" FROM {SENT}')}
    assert [(r.status, r.index) for r in receipts if r] == [("recorded", index[entry]) for entry in ids]


def test_search_finds_by_type_status_and_text(recorder: Recorder, logger: EventLogger) -> None:
    trade = logger.log_trade("0x2", 10, gas_used=1)
    failed = logger.log_action("deploy", "external", {"to": "prod"}, error=ValueError("no such host"))
    assert logger.flush(20)
    assert [event["id"] for event in logger.search(event_type="trade_execution")] == [trade]
    assert [event["id"] for event in logger.search("deploy", status="failed")] == [failed]
    page = logger.search(limit=1)
    assert page.next_cursor and len(logger.search(limit=1, cursor=page.next_cursor)) == 1
    with pytest.raises(QueryError, match="start of time"):
        logger.search(start="start of time")


def test_a_server_killed_in_the_middle_loses_and_doubles_nothing(recorder: Recorder, logger: EventLogger) -> None:
    ids = [logger.log_action("Read", details={"n": n}) for n in range(2000)]
    assert logger.receipt(ids[0], timeout=20)
    recorder.kill()
    ids += [logger.log_action("Read", details={"n": n}) for n in range(2000, 4000)]
    assert not logger.flush(0.05)
    recorder.start()
    assert logger.flush(60)
    rows = recorder.sql(f'SELECT id FROM {SENT} ORDER BY "index"')
    assert [row["id"] for row in rows] == ids
    stats = logger.stats
    assert (stats.logged, stats.lost, stats.waiting) == (4000, 0, 0)


def log_some(logger: EventLogger, name: str, count: int) -> None:
    for n in range(count):
        logger.log_action(name, details={"n": n}, session_id=name)


def test_eight_forked_processes_lose_and_double_nothing(recorder: Recorder, logger: EventLogger) -> None:
    log_some(logger, "parent", 100)
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=log_some, args=(logger, f"child-{n}", 250)) for n in range(8)]
    for process in processes:
        process.start()
    log_some(logger, "parent", 100)
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert logger.flush(60)
    rows = recorder.sql(f"SELECT action_name, count(*) AS n, count(DISTINCT id) AS ids FROM {SENT} GROUP BY 1 ORDER BY 1")
    assert rows == [{"action_name": f"child-{n}", "n": 250, "ids": 250} for n in range(8)] + [
        {"action_name": "parent", "n": 200, "ids": 200}
    ]
    order = recorder.sql("SELECT producer_seq FROM agent_audit_log WHERE session_id = 'child-3' ORDER BY \"index\"")
    assert [row["producer_seq"] for row in order] == list(range(1, 251))


def test_a_process_that_is_killed_leaves_its_events_to_the_next(recorder: Recorder, options: Options) -> None:
    options.url = recorder.url
    program = f"""
import os, signal, sys
sys.path.insert(0, {SRC!r})
from tachograph import EventLogger, Options
logger = EventLogger(options=Options(url={recorder.url!r}, spool_dir={str(options.spool_dir)!r}, batch_ms=600_000))
for n in range(150):
    logger.log_action("Read", details={{"n": n}})
logger.persist()
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", program], check=False)
    assert ended.returncode == -signal.SIGKILL
    with EventLogger(options=options) as logger:
        assert logger.flush(20)
    assert recorder.sql(f"SELECT count(*) AS n, count(DISTINCT id) AS ids FROM {SENT}") == [{"n": 150, "ids": 150}]


WORKERS = f"""
import multiprocessing, os, signal, sys
sys.path.insert(0, {SRC!r})
from tachograph import EventLogger

logger = EventLogger(agent_id="workers")

def work(n):
    logger.log_action("small", details={{"n": n}})
    logger.log_action("large", details={{"n": n, "text": "word " * 4000}})

def killed(n):
    work(n)
    os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(4) as pool:
        pool.map(work, range(20))
    process = context.Process(target=killed, args=(20,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
"""


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_workers_that_are_killed_lose_nothing_and_the_program_sends_it(
    recorder: Recorder, options: Options, tmp_path: Path, method: str
) -> None:
    (tmp_path / "workers.py").write_text(WORKERS)
    environment = {**os.environ, "AUDIT_LOG_URL": recorder.url, "AUDIT_LOG_SPOOL": str(options.spool_dir)}
    subprocess.run([sys.executable, str(tmp_path / "workers.py"), method], check=True, env=environment)
    counts = "count(*) AS n, count(DISTINCT id) AS ids, count(DISTINCT action_details) AS different"
    rows = recorder.sql(f"SELECT action_name, {counts} FROM {SENT} GROUP BY 1 ORDER BY 1")
    assert rows == [{"action_name": name, "n": 21, "ids": 21, "different": 21} for name in ("large", "small")]
    assert not list(Path(options.spool_dir).rglob("*.ndjson"))


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_a_worker_sends_what_waits_at_its_ordinary_end(
    recorder: Recorder, options: Options, tmp_path: Path, method: str
) -> None:
    (tmp_path / "worker.py").write_text(f"""
import multiprocessing, os, sys
sys.path.insert(0, {SRC!r})
from tachograph import EventLogger, Options

logger = EventLogger(options=Options(agent_id="worker", batch_ms=600_000))

def work():
    logger.log_action("step")

if __name__ == "__main__":
    process = multiprocessing.get_context({method!r}).Process(target=work)
    process.start()
    process.join()
    os._exit(process.exitcode)
""")
    environment = {**os.environ, "AUDIT_LOG_URL": recorder.url, "AUDIT_LOG_SPOOL": str(options.spool_dir)}
    subprocess.run([sys.executable, str(tmp_path / "worker.py")], check=True, env=environment)
    assert recorder.sql(f"SELECT count(*) AS n FROM {SENT}") == [{"n": 1}]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_celery_s_pool_lose_nothing(recorder: Recorder, options: Options, tmp_path: Path, method: str) -> None:
    pytest.importorskip("billiard")
    (tmp_path / "workers.py").write_text(f"""
import sys
sys.path.insert(0, {SRC!r})
import billiard
from tachograph import EventLogger, Options

logger = EventLogger(options=Options(agent_id="worker", batch_ms=600_000))

def work(n):
    logger.log_action("step", details={{"n": n}})

if __name__ == "__main__":
    billiard.set_start_method(sys.argv[1])
    pool = billiard.Pool(2, maxtasksperchild=1)
    pool.map(work, range(4))
    pool.close()
    pool.join()
""")
    environment = {**os.environ, "AUDIT_LOG_URL": recorder.url, "AUDIT_LOG_SPOOL": str(options.spool_dir)}
    subprocess.run([sys.executable, str(tmp_path / "workers.py"), method], check=True, env=environment)
    assert recorder.sql(f"SELECT count(*) AS n FROM {SENT}") == [{"n": 4}]


def test_many_threads_keep_their_order(recorder: Recorder, logger: EventLogger) -> None:
    threads = [threading.Thread(target=log_some, args=(logger, f"thread-{n}", 300)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert logger.flush(60)
    for n in range(8):
        rows = recorder.sql(f"SELECT action_details FROM agent_audit_log WHERE session_id = 'thread-{n}' ORDER BY \"index\"")
        assert [json.loads(row["action_details"])["n"] for row in rows] == list(range(300))


def test_asyncio(recorder: Recorder, options: Options) -> None:
    options.url = recorder.url

    async def work() -> tuple[list[str], Any]:
        async with AsyncEventLogger(options=options) as logger:

            @audited(logger.sync)
            async def fetch(address: str) -> str:
                return f"page of {address}"

            ids = await asyncio.gather(*(logger.log_action("step", details={"n": n}) for n in range(50)))
            await fetch("http://example.com")
            assert await logger.flush(20)
            receipt = await logger.receipt(ids[7])
            page = await logger.search(event_type="fetch")
            return ids, (receipt, page.events)

    ids, (receipt, found) = asyncio.run(work())
    assert receipt.status == "recorded"
    assert json.loads(found[0]["outcome_result"]) == "page of http://example.com"
    assert recorder.sql("SELECT count(DISTINCT id) AS n FROM agent_audit_log WHERE action_name = 'step'") == [{"n": 50}]


def test_records_of_logging(recorder: Recorder, logger: EventLogger) -> None:
    source = logging.Logger("shop.orders")
    source.addHandler(AuditHandler(logger))
    source.info("order %s placed", 7, extra={"order": 7})
    source.warning("AGENT_SLOW: indexer exceeded 3s threshold (4.1s)")
    try:
        raise KeyError("price")
    except KeyError:
        source.exception("order failed")
    assert logger.flush(20)
    rows = recorder.sql(f'SELECT * FROM {SENT} ORDER BY "index"')
    assert [row["severity"] for row in rows] == ["INFO", "WARNING", "ERROR"]
    assert [row["logger"] for row in rows] == ["shop.orders"] * 3
    assert "order 7 placed" in rows[0]["action_details"] and json.loads(rows[0]["extra"])["attributes"]["order"] == 7
    assert (rows[1]["agent_id"], rows[1]["duration_us"]) == ("indexer", 4_100_000)
    assert "KeyError" in rows[2]["outcome_error"]


def test_without_an_agent_the_server_says_who_it_is(recorder: Recorder, options: Options) -> None:
    options.url, options.agent_id = recorder.url, None
    with EventLogger(options=options) as logger:
        ids = [logger.log_action("x"), logger.log_communication("b", "hi"), logger.log_trade("o-1", 1)]
        assert logger.flush(20)
    rows = recorder.sql(f'SELECT id, agent_id, action_type FROM {SENT} ORDER BY "index"')
    kinds = ["tool", "communication", "trade"]
    assert rows == [{"id": i, "agent_id": "unknown", "action_type": kind} for i, kind in zip(ids, kinds)]


def test_the_server_would_refuse_nothing_odd(recorder: Recorder, logger: EventLogger) -> None:
    odd = {"nan": float("nan"), "huge": 10**400, "bytes": b"\xff", "surrogate": "\ud800", "raises": Raises()}
    wide = {f"member-{n}": n for n in range(10_000)}
    ids = [logger.log_action("odd", details={**odd, "deep": deep(500)}), logger.log_action("wide", details=wide)]
    ids += [logger.log_action("long", details=["x" * 3_000_000]), logger.log_action("", type="no such type", details=None)]
    for entry in ids:
        receipt = logger.receipt(entry, timeout=20)
        assert receipt and receipt.status == "recorded", receipt


def test_moments_that_are_none_lose_no_trade(recorder: Recorder, logger: EventLogger) -> None:
    odd: list[Any] = [datetime.date(2026, 1, 2), 1_767_323_045_250, float("nan"), [1, 2], object(), {"a": 1}, "soon"]
    entries = [logger.log_trade(f"0x{at}", 1, moment) for at, moment in enumerate(odd)]
    assert logger.flush(20)
    assert [getattr(logger.receipt(entry), "status", None) for entry in entries] == ["recorded"] * len(odd)


def test_what_a_process_lost_reaches_the_record_by_the_next(recorder: Recorder, options: Options) -> None:
    options.url, options.close_ms, options.spool_bytes, options.queue_bytes = recorder.url, 500, 2000, 3000
    recorder.kill()
    program = f"""if True:
        from tachograph import EventLogger, Options
        logger = EventLogger(options=Options(url={options.url!r}, spool_dir={str(options.spool_dir)!r}, agent_id="a",
            close_ms=100, spool_bytes=2000, queue_bytes=3000))
        for _ in range(30):
            logger.log_action("step", details="word " * 100)
            logger.persist()
    """
    subprocess.run([sys.executable, "-c", program], check=True, env={**os.environ, "PYTHONPATH": SRC})
    recorder.start()
    with EventLogger(options=options) as logger:
        assert logger.flush(20)
    rows = recorder.sql(f"SELECT action_name, count(*) AS n FROM {SENT} GROUP BY action_name ORDER BY action_name")
    counted = {row["action_name"]: row["n"] for row in rows}
    told = recorder.sql("SELECT action_details FROM agent_audit_log WHERE action_name = 'events_lost'")
    assert 0 < counted["step"] < 30
    assert sum(json.loads(row["action_details"])["count"] for row in told) == 30 - counted["step"]
