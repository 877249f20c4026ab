"""`PerformanceMonitor`: samples of metrics, reports, and what is slow.

What it cannot know by itself it is told: `measure` around calls, `record_trade`, `record_prediction`, and any further
metric by `add_collector`. Everything is kept in memory, bounded by age and number (`_figures`); with a logger each sample is
also recorded as an event.
"""

from __future__ import annotations

import contextlib
import logging
import math
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from . import _lifetime
from ._figures import EACH, Figures
from ._machine import Machine
from ._plain import timestamp
from ._reports import MEMORY, by_name, memory_leaks, share, slow
from ._series import Point
from ._tally import SLOW_MS, Tally
from .alerts import Alert, AlertSystem, Given
from .logger import EventLogger

WINDOW_S = 300.0  # api_latency, trade_success_rate and model_accuracy are of the last five minutes
_UNITS_S = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "m": 30 * 86_400, "y": 365 * 86_400}

_log = logging.getLogger("tachograph")

#: How long samples are kept.
RETENTION = "30d"

Collector = Callable[[], "float | None"]


class PerformanceMonitor:
    """Collects metrics every `collection_interval` seconds once started, or whenever `collect_metrics` is called."""

    def __init__(
        self,
        collection_interval: float = 60.0,
        retention_period: float | str = RETENTION,
        alert_thresholds: Mapping[str, Given] | None = None,
        *,
        logger: EventLogger | None = None,
        on_alert: Callable[[Alert], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.collection_interval = collection_interval
        try:
            self.retention_s = seconds(retention_period)
        except Exception as error:
            self.retention_s = seconds(RETENTION)
            _log.warning("retention_period: %s; %s is used", error, RETENTION)
        self.alerts = AlertSystem(alert_thresholds, on_alert=on_alert, logger=logger)
        self._logger = logger
        self._clock = clock
        self._machine = Machine()
        self._figures = Figures()
        self._told: set[str] = set()  # collectors whose trouble was told
        self._collectors: dict[str, Collector] = {
            "cpu_usage": self._machine.cpu_usage,
            "memory_usage": self._machine.memory_usage,
            "process_memory_bytes": self._machine.process_bytes,
            "api_latency": self._api_latency,
            "trade_success_rate": lambda: self._rate("trade"),
            "model_accuracy": lambda: self._rate("prediction"),
        }
        self._renew()
        _lifetime.renew(self)

    def _renew(self) -> None:
        """What belongs to the threads of one process."""
        self._stop: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    # --- what it is told

    def add_collector(self, metric: str, collect: Collector) -> None:
        """Adds a metric, or replaces one: a function that returns a number, or None when there is none."""
        self._collectors[metric] = collect
        self._told.discard(metric)

    @contextlib.contextmanager
    def measure(self, name: str, kind: str = "api") -> Iterator[None]:
        """Measures what runs inside: `with monitor.measure("GET /orders"):`. Kind `query` counts among slow queries."""
        began, cpu = time.perf_counter(), time.thread_time()
        ok = False
        try:
            yield
            ok = True
        finally:
            took = (time.perf_counter() - began) * 1000
            self.record_call(name, took, kind=kind, ok=ok, cpu_ms=(time.thread_time() - cpu) * 1000)

    def record_call(
        self, name: str, ms: float, *, kind: str = "api", ok: bool = True, cpu_ms: float = 0.0
    ) -> None:
        """A call that was measured elsewhere."""
        self._record(kind, name, ms, cpu_ms, ok)

    def record_trade(self, success: bool, ms: float | None = None) -> None:
        self._record("trade", "trade", ms, 0.0, success)

    def record_prediction(self, correct: bool, model_id: str = "model") -> None:
        self._record("prediction", model_id, None, 0.0, correct)

    def _record(self, kind: str, name: str, ms: float | None, cpu_ms: float, ok: bool) -> None:
        try:
            self._figures.add_call(self._clock(), kind, name, ms, cpu_ms, ok)
        except Exception as error:  # what was given may be anything
            self._tell("a call", f"a call was not counted: {type(error).__name__}: {error}")

    # --- collecting

    def collect_metrics(self) -> dict[str, float | None]:
        """The metrics as they are now; None where there is nothing to tell. Checks the thresholds."""
        metrics: dict[str, float | None] = {}
        for name, collect in list(self._collectors.items()):
            try:
                value = collect()
                metrics[name] = None if value is None else _finite(value)
            except Exception as error:  # a collector of the caller's
                metrics[name] = None
                self._tell(name, f"the collector of {name} gave no number: {type(error).__name__}: {error}")
        known = {name: value for name, value in metrics.items() if value is not None}
        self._figures.add_sample(self._clock(), known, self.retention_s)
        if self._logger is not None:
            self._logger.log_action("metrics", "metric", known, status="success")
        self._figures.add_alerts(self.alerts.check_thresholds(known))
        return metrics

    def start(self) -> PerformanceMonitor:
        """Collects in the background from now on."""
        if self._thread is None or not self._thread.is_alive():
            self._stop = queue.SimpleQueue()  # an `Event` has a lock of its own, which a handler that stops would wait for
            self._thread = threading.Thread(target=self._run, args=(self._stop,), name="tachograph-monitor", daemon=True)
            self._thread.start()
        return self

    def stop(self) -> None:
        """Ends the thread, and waits for it unless it is its own, or may wait for what this one holds."""
        self._stop.put(None)
        thread = self._thread
        if thread is not None and thread is not threading.current_thread() and not self._figures.is_amid():
            thread.join()

    def _run(self, stop: queue.SimpleQueue[None]) -> None:
        while True:
            try:
                return stop.get(timeout=max(0.0, self.collection_interval))
            except queue.Empty:
                pass
            try:
                self.collect_metrics()
            except Exception as error:  # `on_alert` is the caller's, too
                self._tell("", f"a sample was not finished: {type(error).__name__}: {error}")

    def _tell(self, what: str, message: str) -> None:
        if what not in self._told:
            self._told.add(what)
            _log.warning("monitor: %s", message)

    def _api_latency(self) -> float | None:
        found = self._recent("api")
        timed = sum(tally.timed for tally in found)
        return round(sum(tally.sum for tally in found) / timed, 3) if timed else None

    def _rate(self, kind: str) -> float | None:
        return share(self._recent(kind))

    def _recent(self, kind: str) -> list[Tally]:
        return self._figures.calls(kind, self._clock() - WINDOW_S)

    # --- reports

    def generate_performance_report(self, time_frame: str = "1d") -> dict[str, Any]:
        """What was measured in a time frame: "1h", "1d", "1w", "1m" (a month).

        Counts, means, `min` and `max` are exact. So are percentiles of up to 10,000 calls of a kind and 50,000 samples;
        beyond that they are off by up to 5 %, which `percentile_error` says where it is so. What is older than those is kept
        by minute, hour or day: where the frame begins amid one, it is there as a whole, and `from` says since when.
        `incomplete` is there when something of the frame is missing: what, and since when the figures are whole.
        """
        now = self._clock()
        since = now - seconds(time_frame)
        found = self._figures.since(since)
        samples = found.samples.by_name()
        calls = {kind: series.by_name() for kind, series in found.calls.items()}
        each = samples.pop(EACH, Tally())
        begins = min([since, each.since, *(tally.since for named in calls.values() for tally in named.values())])
        made = {
            "time_frame": time_frame,
            "from": timestamp(begins),
            "to": timestamp(now),
            "samples": each.count,
            "metrics": {name: tally.summary() for (_, name), tally in sorted(samples.items())},
            "calls": {
                name: tally.summary() | {"failures": tally.failures}
                for name, (_, tally) in sorted(by_name(calls).items())
                if tally.timed
            },
            "trade_success_rate": share(calls["trade"].values()),
            "model_accuracy": share(calls["prediction"].values()),
            "alerts": [vars(alert) | {"message": alert.message} for alert in found.alerts],
        }
        return made | ({"incomplete": found.incomplete} if found.incomplete else {})

    def analyze_bottlenecks(self, time_frame: str = "1d", slow_ms: float = SLOW_MS) -> dict[str, Any]:
        """Hot spots of CPU, memory that grows, and calls slower than `slow_ms`, worst first. Of more calls than are kept as they
        are, a bound other than 1000 ms is off by up to 5 %. `incomplete` as in a report."""
        found = self._figures.since(self._clock() - seconds(time_frame))
        calls = by_name({kind: series.by_name() for kind, series in found.calls.items()})
        courses = {metric: found.samples.course(("", metric)) for metric in ("cpu_usage", *MEMORY)}
        made = {
            "time_frame": time_frame,
            "cpu_hotspots": self._cpu_hotspots(courses["cpu_usage"], calls),
            "memory_leaks": memory_leaks(courses),
            "slow_queries": slow(calls, slow_ms),
        }
        return made | ({"incomplete": found.incomplete} if found.incomplete else {})

    def _cpu_hotspots(self, course: list[Point], calls: dict[str, tuple[str, Tally]]) -> dict[str, Any]:
        """When the machine was busy, and which measured calls used how much of this process's time."""
        bounds = self.alerts.thresholds.get("cpu_usage")
        limit = bounds.upper if bounds is not None and bounds.upper is not None else 80.0
        busy = [point for point in course if point.max > limit]
        used = {name: tally.cpu_ms for name, (_, tally) in calls.items()}
        whole = sum(used.values())
        top = sorted(used.items(), key=lambda item: -item[1])[:10]
        return {
            "threshold": limit,
            "busy_samples": [{"time": timestamp(point.time), "cpu_usage": point.max} for point in busy[-10:]],
            "calls": [
                {"name": name, "cpu_ms": round(ms, 3), "share": round(ms / whole, 4)} for name, ms in top if ms > 0
            ],
        }


def seconds(period: float | str) -> float:
    """A period: a number of seconds, or "1h", "1d", "1w", "1m" (30 days), "5min", "7_years"."""
    if isinstance(period, (int, float)):
        return float(period)
    match = re.fullmatch(r"(\d+(?:\.\d+)?)[ _]?(s|min|h|d|w|m|y)(?:ec|ecs|econds?|utes?|ours?|ays?|eeks?|onths?|ears?)?", period)
    if not match:
        raise ValueError(f'time frame "{period}": expected a number and a unit, such as 1h, 1d, 1w or 1m (a month)')
    return float(match[1]) * _UNITS_S[match[2]]


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"found {number}")
    return number
