"""Metrics, reports, bottlenecks, thresholds. Time is the test's own."""

from __future__ import annotations

import json
import random
import threading
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tachograph import Alert, AlertSystem, PerformanceMonitor, Threshold, _series, _tally
from tachograph._figures import CALLS_MAX
from tachograph._machine import Machine
from tachograph.monitor import seconds

DAY = 86_400.0


class Clock:
    def __init__(self) -> None:
        self.now = 1_770_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_metrics_that_everybody_has(clock: Clock) -> None:
    monitor = PerformanceMonitor(clock=clock)
    first = monitor.collect_metrics()
    assert first["api_latency"] is first["trade_success_rate"] is first["model_accuracy"] is None
    assert 0 <= (first["memory_usage"] or -1) <= 100 and 0 <= (first["cpu_usage"] or 0) <= 100
    assert (first["process_memory_bytes"] or 0) > 1 << 20
    for success in (True, True, True, False):
        monitor.record_trade(success)
    monitor.record_prediction(True)
    monitor.record_call("GET /orders", 120)
    monitor.record_call("GET /orders", 80)
    metrics = monitor.collect_metrics()
    assert (metrics["trade_success_rate"], metrics["model_accuracy"], metrics["api_latency"]) == (0.75, 1.0, 100)
    clock.now += 3600
    assert monitor.collect_metrics()["trade_success_rate"] is None


def test_cpu_use_is_unknown_until_there_is_something_to_compare_with() -> None:
    times = iter([(50.0, 200.0), (50.0, 200.0), (50.25, 201.0), (50.25, 201.01), (52.25, 203.0), None])
    machine = Machine(lambda: next(times))
    assert [machine.cpu_usage() for _ in range(5)] == [None, 25.0, 25.0, 100.0, None]


def test_a_metric_of_ones_own_and_one_that_fails(clock: Clock) -> None:
    monitor = PerformanceMonitor(alert_thresholds={"queue_depth": 10}, clock=clock)
    monitor.add_collector("queue_depth", lambda: 12)
    monitor.add_collector("cpu_usage", lambda: 1 / 0)
    metrics = monitor.collect_metrics()
    assert metrics["queue_depth"] == 12 and metrics["cpu_usage"] is None
    report = monitor.generate_performance_report("1h")
    assert [alert["metric"] for alert in report["alerts"] if alert["metric"] == "queue_depth"] == ["queue_depth"]


def test_what_is_not_a_number_is_left_out_of_the_figures(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    monitor = PerformanceMonitor(alert_thresholds={"depth": 10}, clock=clock)
    values = iter([1.0, float("nan"), float("inf"), 3.0])
    monitor.add_collector("depth", lambda: next(values))
    assert [monitor.collect_metrics()["depth"] for _ in range(4)] == [1.0, None, None, 3.0]
    report = monitor.generate_performance_report("1h")
    found = report["metrics"]["depth"]
    assert (found["count"], found["mean"], found["p50"], found["max"]) == (2, 2.0, 1.0, 3.0)
    assert not [alert for alert in report["alerts"] if alert["metric"] == "depth"]
    assert len([record for record in caplog.records if "gave no number" in record.getMessage()]) == 1


def test_a_collector_that_gives_no_number_is_told_once_and_the_rest_goes_on(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    seen = threading.Event()
    rounds = iter(range(1_000_000))

    def count() -> float:
        found = next(rounds)
        if found >= 2:
            seen.set()
        return found

    monitor = PerformanceMonitor(0.001, clock=clock)
    wrong: Any = lambda: "x"  # noqa: E731
    monitor.add_collector("text", wrong)
    monitor.add_collector("rounds", count)
    metrics = monitor.collect_metrics()
    assert metrics["text"] is None and metrics["rounds"] == 0
    monitor.start()
    assert seen.wait(20)  # the thread outlived it
    monitor.stop()
    report = monitor.generate_performance_report("1h")
    assert "text" not in report["metrics"] and report["metrics"]["rounds"]["count"] >= 3
    assert [record.name for record in caplog.records if "collector of text" in record.getMessage()] == ["tachograph"]


def test_an_alert_that_raises_does_not_end_the_thread(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    calls = threading.Semaphore(0)

    def refuse(_: Alert) -> None:
        calls.release()
        raise RuntimeError("mine")

    monitor = PerformanceMonitor(0.001, alert_thresholds={"depth": 1}, on_alert=refuse, clock=clock)
    monitor.add_collector("depth", lambda: 5)
    monitor.start()
    assert calls.acquire(timeout=20) and calls.acquire(timeout=20)
    monitor.stop()
    assert len([record for record in caplog.records if "mine" in record.getMessage()]) == 1


def test_an_alert_that_raises_keeps_no_other_from_being_told(clock: Clock) -> None:
    def refuse(_: Alert) -> None:
        raise RuntimeError("mine")

    monitor = PerformanceMonitor(alert_thresholds={"a": 1, "b": 1}, on_alert=refuse, clock=clock)
    for name in ("a", "b"):
        monitor.add_collector(name, lambda: 5)
    assert monitor.collect_metrics()["b"] == 5
    assert {alert["metric"] for alert in monitor.generate_performance_report("1h")["alerts"]} >= {"a", "b"}


def test_numbers_of_other_libraries_are_checked_and_texts_are_none() -> None:
    np = pytest.importorskip("numpy")
    alerts = AlertSystem({"success_rate": 0.95})
    for low in (0.5, np.float64(0.5), np.float32(0.5), Decimal("0.5"), Fraction(1, 2), np.array(0.5)):
        (found,) = alerts.check_thresholds({"success_rate": low})
        assert found.value == 0.5 and type(found.value) is float
    for none in ("0.5", b"0.5", True, np.bool_(False), float("nan"), np.array([0.5, 0.5]), None):
        assert alerts.check_thresholds({"success_rate": none}) == []
    assert [a.value for a in AlertSystem({"queue": 10}).check_thresholds({"queue": np.int64(99)})] == [99.0]


def test_bounds_may_be_texts_and_lists_as_files_have_them() -> None:
    given: Any
    for given in ("30", ("5", "30"), [5, 30], {"max": "30"}, Threshold(upper="30")):  # type: ignore[arg-type]
        (found,) = AlertSystem({"depth": given}).check_thresholds({"depth": 31})
        assert found.threshold == 30.0
    for given in ({"max": "many"}, {"min": True}, [1, 2, 3], float("nan")):
        assert "depth" not in AlertSystem({"depth": given}).thresholds


def test_a_report_is_of_its_time_frame(clock: Clock) -> None:
    monitor = PerformanceMonitor(retention_period="2d", clock=clock)
    values = iter([1.0, 10.0, 20.0, 30.0])
    monitor.add_collector("depth", lambda: next(values))
    for _ in range(4):
        monitor.collect_metrics()
        with monitor.measure("work"):
            clock.now += DAY * 0.6
    report = monitor.generate_performance_report("1d")
    assert report["metrics"]["depth"] == {
        "count": 1, "mean": 30.0, "min": 30.0, "p50": 30.0, "p95": 30.0, "p99": 30.0, "max": 30.0, "last": 30.0,
    }  # fmt: skip
    week = monitor.generate_performance_report("1w")
    assert week["metrics"]["depth"]["min"] == 1.0 and week["metrics"]["depth"]["p50"] == 10.0
    assert week["calls"]["work"]["count"] == 4
    clock.now += DAY
    values = iter([40.0])
    monitor.collect_metrics()
    assert monitor.generate_performance_report("1w")["metrics"]["depth"]["min"] == 30.0  # the others are older than two days
    json.dumps(week)


def test_bottlenecks(clock: Clock) -> None:
    monitor = PerformanceMonitor(clock=clock)
    grown = 100e6
    monitor.add_collector("process_memory_bytes", lambda: grown)
    monitor.add_collector("memory_usage", lambda: 50.0)
    monitor.add_collector("cpu_usage", lambda: 95.0)
    for n in range(10):
        monitor.collect_metrics()
        monitor.record_call("SELECT orders", 1500 + n, kind="query", cpu_ms=5)
        monitor.record_call("render", 20, cpu_ms=15)
        clock.now += 60
        grown += 10e6
    found = monitor.analyze_bottlenecks("1h")
    assert [leak["metric"] for leak in found["memory_leaks"]] == ["process_memory_bytes"]
    assert found["memory_leaks"][0]["growth_per_hour"] == pytest.approx(600e6)
    assert found["slow_queries"] == [
        {"name": "SELECT orders", "kind": "query", "slow": 10, "count": 10, "max_ms": 1509, "mean_ms": 1504.5}
    ]
    assert [(spot["name"], spot["share"]) for spot in found["cpu_hotspots"]["calls"]] == [("render", 0.75), ("SELECT orders", 0.25)]
    assert len(found["cpu_hotspots"]["busy_samples"]) == 10


def test_a_day_of_calls_is_there_as_a_whole(clock: Clock) -> None:
    monitor = PerformanceMonitor(clock=clock)
    chance = random.Random(1)
    times = []
    for second in range(86_400):
        clock.now += 1
        times.append(chance.lognormvariate(4, 1) + (2000 if second < 30_000 else 0))
        monitor.record_call("GET /orders", times[-1], ok=second >= 1000, cpu_ms=1)
        if second % 600 == 0:
            monitor.record_trade(success=second >= 40_000)
    report = monitor.generate_performance_report("1d")
    found = report["calls"]["GET /orders"]
    assert (found["count"], found["failures"], found["min"], found["max"]) == (86_400, 1000, min(times), max(times))
    assert found["mean"] == pytest.approx(sum(times) / len(times)) and found["last"] == times[-1]
    ordered = sorted(times)
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        assert found[name] == pytest.approx(ordered[int(share * 86_400) - 1], rel=found["percentile_error"])
    assert report["trade_success_rate"] == 0.5347 and "incomplete" not in report
    slow = [ms for ms in times if ms > 1000]
    (told,) = monitor.analyze_bottlenecks("1d")["slow_queries"]
    assert (told["slow"], told["count"], told["max_ms"]) == (len(slow), 86_400, max(slow))
    assert told["mean_ms"] == pytest.approx(sum(slow) / len(slow))
    (other,) = monitor.analyze_bottlenecks("1d", slow_ms=1500)["slow_queries"]
    assert other["slow"] == pytest.approx(len(slow), rel=0.05)
    (used,) = monitor.analyze_bottlenecks("1d")["cpu_hotspots"]["calls"]
    assert used["cpu_ms"] == 86_400
    hour = monitor.generate_performance_report("1h")["calls"]["GET /orders"]
    assert hour["count"] == 3601 and hour["p50"] == sorted(times[-3601:])[1800]  # so many are kept as they are


def test_no_kind_pushes_another_out(clock: Clock) -> None:
    monitor = PerformanceMonitor(clock=clock)
    for _ in range(20):
        monitor.record_trade(success=False)
        monitor.record_prediction(True)
    for _ in range(50_000):
        monitor.record_call("tick", 0.1)
        clock.now += 0.001
    metrics = monitor.collect_metrics()
    assert (metrics["trade_success_rate"], metrics["model_accuracy"]) == (0.0, 1.0)
    assert metrics["api_latency"] == pytest.approx(0.1)


def test_names_beyond_the_bound_are_counted_together(clock: Clock) -> None:
    monitor = PerformanceMonitor(clock=clock)
    for n in range(_series.NAMES_MAX + 50):
        monitor.record_call(f"GET /orders/{n}", 1)
    report = monitor.generate_performance_report("1d")
    assert len(report["calls"]) == _series.NAMES_MAX + 1 and report["calls"]["other"]["count"] == 50
    assert "other" in report["incomplete"]["api_names"]
    clock.now += 31 * DAY
    monitor.collect_metrics()
    monitor.record_call("new", 1)  # the old names have made room
    assert set(monitor.generate_performance_report("1d")["calls"]) == {"new"}


def test_what_finds_no_room_is_told(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_series, "STEPS", ((60, 200), (3600, 200), (86_400, 100)))
    monitor = PerformanceMonitor(clock=clock)
    began = clock.now
    for n in range(CALLS_MAX + 20_000):
        monitor.record_call(f"call {n % 5}", n % 50, ok=n % 10 > 0)
        clock.now += 60
    kept = monitor._figures._calls["api"]
    assert all(tier.weight <= tier.weight_max for tier in kept._tiers)
    for tier in kept._tiers:
        assert tier.weight == sum(tally.weight for step in tier.steps.values() for tally in step.values())
    report = monitor.generate_performance_report("30d")
    lost = kept.lost_until
    assert began < lost < clock.now and set(report["incomplete"]) == {"api"}
    whole = monitor.generate_performance_report(clock.now - lost - 1)  # type: ignore[arg-type]
    assert "incomplete" not in whole
    assert sum(found["count"] for found in whole["calls"].values()) == (clock.now - lost) // 60 - 1


def test_samples_of_a_day_of_seconds(clock: Clock) -> None:
    monitor = PerformanceMonitor(1, clock=clock)
    for metric in list(monitor._collectors):
        monitor.add_collector(metric, lambda: None)
    grown = 1000.0
    monitor.add_collector("process_memory_bytes", lambda: grown)
    monitor.add_collector("cpu_usage", lambda: 99.0 if grown < 1010 else 1.0)
    for _ in range(86_400):
        clock.now += 1
        grown += 1
        monitor.collect_metrics()
    report = monitor.generate_performance_report("1d")
    assert report["samples"] == 86_400 and report["metrics"]["process_memory_bytes"]["min"] == 1001
    found = monitor.analyze_bottlenecks("1d")
    assert found["memory_leaks"][0]["growth_per_hour"] == pytest.approx(3600, rel=0.01)
    assert found["cpu_hotspots"]["busy_samples"][0]["cpu_usage"] == 99.0


def test_a_month_of_minutes_is_kept_as_it_is(clock: Clock) -> None:
    monitor = PerformanceMonitor(clock=clock)
    for metric in list(monitor._collectors):
        monitor.add_collector(metric, lambda: None)
    monitor.add_collector("depth", lambda: clock.now)
    for _ in range(30 * 1440):
        clock.now += 60
        monitor.collect_metrics()
    report = monitor.generate_performance_report("1m")
    assert report["samples"] == 30 * 1440 and "percentile_error" not in report["metrics"]["depth"]
    assert "incomplete" not in report
    assert set(monitor.generate_performance_report("1y")) == set(report)  # nothing was dropped yet
    for _ in range(10):
        clock.now += 60
        monitor.collect_metrics()
    assert "retention" in monitor.generate_performance_report("1y")["incomplete"]


@pytest.mark.parametrize("spread", [(-3, 3), (0, 12), (-300, 300)])
def test_percentiles_of_a_histogram_are_within_their_error(spread: tuple[int, int]) -> None:
    chance = random.Random(2)
    values = [chance.choice((1, 1, -1)) * 10 ** chance.uniform(*spread) for _ in range(5000)]
    values += [0.0] * 100 + [10.0**power for power in range(*spread)]
    exact, rough = _tally.Tally(), _tally.Tally()
    for at, value in enumerate(values):
        exact.add(at, value, True, 0)
        one = _tally.Tally()
        one.add(at, value, True, 0)
        one.coarsen()
        rough.merge(one)
    told, true = rough.summary(), exact.summary()
    assert told.pop("percentile_error") == _tally.ERROR
    assert told == {name: pytest.approx(value, rel=_tally.ERROR, abs=1e-9) for name, value in true.items()}
    for bound in (1000.0, 10.0):
        above = exact.slower_than(bound)
        assert rough.slower_than(bound) == (pytest.approx(above[0], rel=0.02), pytest.approx(above[1], rel=_tally.ERROR))
    assert rough.slower_than(1000.0) == exact.slower_than(1000.0)


def test_a_call_that_cannot_be_counted_is_told_once(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    monitor = PerformanceMonitor(clock=clock)
    odd: Any
    for odd in ("fast", object(), [], 10**400):
        monitor.record_call("x", odd)
        monitor.record_call("x", 1, cpu_ms=odd)
    monitor.record_call("x", float("nan"), ok=False)
    monitor.record_call("x" * 10_000, 5)
    monitor.record_call(odd, 5, kind=odd)
    report = monitor.generate_performance_report("1h")
    assert sorted(map(len, report["calls"])) == [200, 200] and len(caplog.records) == 1
    assert json.dumps(report)


def test_measuring_lets_errors_through(clock: Clock) -> None:
    monitor = PerformanceMonitor(clock=clock)
    with pytest.raises(KeyError), monitor.measure("broken"):
        raise KeyError("x")
    assert monitor.generate_performance_report("1h")["calls"]["broken"]["failures"] == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1h", 3600), ("1d", DAY), ("1w", 7 * DAY), ("1m", 30 * DAY), ("5min", 300), ("30 days", 30 * DAY), ("7_years", 7 * 365 * DAY), (60, 60)],
)
def test_time_frames(text: Any, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "day", "1x", "-1d", "1d2h"])
def test_a_time_frame_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="expected a number and a unit"):
        seconds(text)


def test_thresholds_have_two_sides() -> None:
    alerts = AlertSystem()
    good = {"cpu_usage": 80, "memory_usage": 85, "api_latency": 1000, "trade_success_rate": 0.95}
    assert alerts.check_thresholds(good) == []
    bad = {"cpu_usage": 80.1, "memory_usage": 99, "api_latency": 1001, "trade_success_rate": 0.94}
    found = alerts.check_thresholds(bad)
    assert [(a.metric, a.bound, a.threshold) for a in found] == [
        ("cpu_usage", "upper", 80.0),
        ("memory_usage", "upper", 85.0),
        ("api_latency", "upper", 1000.0),
        ("trade_success_rate", "lower", 0.95),
    ]
    assert found[3].message == "trade_success_rate is 0.94, below 0.95" and found[3].time.endswith("Z")


def test_every_spelling_of_a_threshold() -> None:
    raised: list[Alert] = []
    alerts = AlertSystem(
        {
            "error_rate": 0.05,
            "completion_rate": 0.985,
            "queue": {"upper": 10, "severity": "info"},
            "temperature": (5, 30),
            "humidity": {"min": 30, "max": 60},
            "disk": Threshold(upper=90, severity="critical"),
            "cpu_usage": None,
        },  # type: ignore[dict-item]
        on_alert=raised.append,
    )
    values = {"error_rate": 0.06, "completion_rate": 0.9, "queue": 11, "temperature": 4}
    values |= {"humidity": 61, "disk": 95, "cpu_usage": 100}
    found = alerts.check_thresholds({**values, "unknown": 1, "api_latency": float("nan"), "memory_usage": None})
    assert [(a.metric, a.bound, a.severity) for a in found] == [
        ("error_rate", "upper", "warning"),
        ("completion_rate", "lower", "warning"),
        ("queue", "upper", "info"),
        ("temperature", "lower", "warning"),
        ("humidity", "upper", "warning"),
        ("disk", "upper", "critical"),
    ]
    assert raised == found
    with pytest.raises(ValueError, match="threshold of queue"):
        alerts.set("queue", {"high": 1})
    with pytest.raises(ValueError, match="the same"):
        alerts.set("queue", {"max": 1, "upper": 2})
    alerts.set("queue", {"min": 5})
    assert [a.bound for a in alerts.check_thresholds({"queue": 4})] == ["lower"]


def test_settings_that_cannot_be_meant_are_told_and_left_out(caplog: pytest.LogCaptureFixture) -> None:
    for retention in ["soon", [], None]:
        assert PerformanceMonitor(retention_period=retention).retention_s == 30 * DAY  # type: ignore[arg-type]
    for thresholds in [5, {"cpu_usage": "x"}, {"cpu_usage": {"high": 1}}]:
        kept = AlertSystem(thresholds).thresholds  # type: ignore[arg-type]
        assert kept == AlertSystem().thresholds
        assert PerformanceMonitor(alert_thresholds=thresholds).alerts.thresholds == kept  # type: ignore[arg-type]
    assert len(caplog.records) == 9
