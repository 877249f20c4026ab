"""`PerformanceMonitor`: samples of metrics, reports, and what is slow.

What it cannot know by itself it is told: `measure` around calls, `record_trade`, `record_prediction`, and any further
metric by `add_collector`. Everything is kept in memory, bounded by age and number; with a logger each sample is also
recorded as an event.
"""

from __future__ import annotations

import contextlib
import logging
import math
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import _lifetime
from ._machine import Machine
from ._plain import timestamp
from .alerts import Alert, AlertSystem, Given
from .logger import EventLogger

SAMPLES_MAX = 50_000
CALLS_MAX = 50_000
WINDOW_S = 300.0  # api_latency, trade_success_rate and model_accuracy are of the last five minutes
SLOW_MS = 1000.0
_UNITS_S = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "m": 30 * 86_400, "y": 365 * 86_400}

_log = logging.getLogger("tachograph")

#: How long samples are kept.
RETENTION = "30d"

Collector = Callable[[], "float | None"]


@dataclass(frozen=True)
class _Sample:
    time: float
    metrics: dict[str, float]


@dataclass(frozen=True)
class _Call:
    time: float
    kind: str  # api, query, trade, prediction or the caller's own
    name: str
    ms: float | None
    cpu_ms: float
    ok: bool


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
        self._samples: deque[_Sample] = deque(maxlen=SAMPLES_MAX)
        self._calls: deque[_Call] = deque(maxlen=CALLS_MAX)
        self._raised: deque[Alert] = deque(maxlen=1000)
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
        self._lock = threading.Lock()
        self._stop = threading.Event()
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
        with self._lock:
            self._calls.append(_Call(self._clock(), kind, name, ms, cpu_ms, ok))

    def record_trade(self, success: bool, ms: float | None = None) -> None:
        with self._lock:
            self._calls.append(_Call(self._clock(), "trade", "trade", ms, 0.0, success))

    def record_prediction(self, correct: bool, model_id: str = "model") -> None:
        with self._lock:
            self._calls.append(_Call(self._clock(), "prediction", model_id, None, 0.0, correct))

    # --- collecting

    def collect_metrics(self) -> dict[str, float | None]:
        """The metrics as they are now; None where there is nothing to tell. Checks the thresholds."""
        metrics: dict[str, float | None] = {}
        for name, collect in list(self._collectors.items()):
            try:
                value = collect()
                metrics[name] = None if value is None else float(value)
            except Exception as error:  # a collector of the caller's
                metrics[name] = None
                self._tell(name, f"the collector of {name} gave no number: {type(error).__name__}: {error}")
        known = {name: value for name, value in metrics.items() if value is not None}
        now = self._clock()
        with self._lock:
            self._samples.append(_Sample(now, known))
            for kept in (self._samples, self._calls):
                while kept and kept[0].time < now - self.retention_s:
                    kept.popleft()
        if self._logger is not None:
            self._logger.log_action("metrics", "metric", known, status="success")
        self._raised.extend(self.alerts.check_thresholds(known))
        return metrics

    def start(self) -> PerformanceMonitor:
        """Collects in the background from now on."""
        if self._thread is None or not self._thread.is_alive():
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name="tachograph-monitor", daemon=True)
            self._thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self.collection_interval):
            try:
                self.collect_metrics()
            except Exception as error:  # `on_alert` is the caller's, too
                self._tell("", f"a sample was not finished: {type(error).__name__}: {error}")

    def _tell(self, what: str, message: str) -> None:
        if what not in self._told:
            self._told.add(what)
            _log.warning("monitor: %s", message)

    def _api_latency(self) -> float | None:
        found = [call.ms for call in self._recent() if call.kind == "api" and call.ms is not None]
        return round(sum(found) / len(found), 3) if found else None

    def _rate(self, kind: str) -> float | None:
        found = [call.ok for call in self._recent() if call.kind == kind]
        return round(sum(found) / len(found), 4) if found else None

    def _recent(self) -> list[_Call]:
        since = self._clock() - WINDOW_S
        with self._lock:
            return [call for call in self._calls if call.time >= since]

    # --- reports

    def generate_performance_report(self, time_frame: str = "1d") -> dict[str, Any]:
        """What was measured in a time frame: "1h", "1d", "1w", "1m" (a month)."""
        now = self._clock()
        samples, calls, since = self._within(time_frame, now)
        names = sorted({name for sample in samples for name in sample.metrics})
        return {
            "time_frame": time_frame,
            "from": timestamp(since),
            "to": timestamp(now),
            "samples": len(samples),
            "metrics": {
                name: _summary([sample.metrics[name] for sample in samples if name in sample.metrics])
                for name in names
            },
            "calls": self._by_name(calls),
            "trade_success_rate": _share([call.ok for call in calls if call.kind == "trade"]),
            "model_accuracy": _share([call.ok for call in calls if call.kind == "prediction"]),
            "alerts": [vars(alert) | {"message": alert.message} for alert in self._alerts_since(since)],
        }

    def analyze_bottlenecks(self, time_frame: str = "1d", slow_ms: float = SLOW_MS) -> dict[str, Any]:
        """Hot spots of CPU, memory that grows, and calls slower than `slow_ms`, worst first."""
        samples, calls, _ = self._within(time_frame, self._clock())
        return {
            "time_frame": time_frame,
            "cpu_hotspots": self._cpu_hotspots(samples, calls),
            "memory_leaks": _memory_leaks(samples),
            "slow_queries": _slow(calls, slow_ms),
        }

    def _within(self, time_frame: str, now: float) -> tuple[list[_Sample], list[_Call], float]:
        since = now - seconds(time_frame)
        with self._lock:
            samples = [sample for sample in self._samples if sample.time >= since]
            return samples, [call for call in self._calls if call.time >= since], since

    def _alerts_since(self, since: float) -> list[Alert]:
        return [alert for alert in self._raised if alert.time >= timestamp(since)]

    @staticmethod
    def _by_name(calls: list[_Call]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, found in sorted(_grouped(calls).items()):
            times = [call.ms for call in found if call.ms is not None]
            if times:
                made[name] = _summary(times) | {"failures": sum(not call.ok for call in found)}
        return made

    def _cpu_hotspots(self, samples: list[_Sample], calls: list[_Call]) -> dict[str, Any]:
        """When the machine was busy, and which measured calls used how much of this process's time."""
        bounds = self.alerts.thresholds.get("cpu_usage")
        limit = bounds.upper if bounds is not None and bounds.upper is not None else 80.0
        busy = [sample for sample in samples if sample.metrics.get("cpu_usage", 0.0) > limit]
        used = {name: sum(call.cpu_ms for call in found) for name, found in _grouped(calls).items()}
        whole = sum(used.values())
        top = sorted(used.items(), key=lambda item: -item[1])[:10]
        return {
            "threshold": limit,
            "busy_samples": [
                {"time": timestamp(sample.time), "cpu_usage": sample.metrics["cpu_usage"]} for sample in busy[-10:]
            ],
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


def _grouped(calls: Iterable[_Call]) -> dict[str, list[_Call]]:
    groups: dict[str, list[_Call]] = {}
    for call in calls:
        groups.setdefault(call.name, []).append(call)
    return groups


def _summary(values: list[float]) -> dict[str, Any]:
    ordered = sorted(values)

    def percentile(share: float) -> float:
        return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]

    return {
        "count": len(ordered),
        "mean": round(sum(ordered) / len(ordered), 4),
        "min": ordered[0],
        "p50": percentile(0.5),
        "p95": percentile(0.95),
        "p99": percentile(0.99),
        "max": ordered[-1],
        "last": values[-1],
    }


def _share(good: list[bool]) -> float | None:
    return round(sum(good) / len(good), 4) if good else None


def _slow(calls: list[_Call], slow_ms: float) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name, group in _grouped(calls).items():
        slow = [call.ms for call in group if call.ms is not None and call.ms > slow_ms]
        if slow:
            kind = group[-1].kind
            found.append({"name": name, "kind": kind, "slow": len(slow), "count": len(group), "max_ms": max(slow)})
            found[-1]["mean_ms"] = round(sum(slow) / len(slow), 3)
    return sorted(found, key=lambda item: -float(item["max_ms"]))[:10]


def _memory_leaks(samples: list[_Sample]) -> list[dict[str, Any]]:
    """Memory that grew steadily: a straight line explains four fifths of it, and it grew by a tenth at least."""
    found = []
    for metric in ("process_memory_bytes", "memory_usage"):
        points = [(sample.time, sample.metrics[metric]) for sample in samples if metric in sample.metrics]
        if len(points) < 5:
            continue
        slope, fit = _line(points)
        first, last = points[0][1], points[-1][1]
        if slope > 0 and fit >= 0.8 and last >= first * 1.1:
            found.append({"metric": metric, "first": first, "last": last, "growth_per_hour": slope * 3600, "fit": fit})
    return found


def _line(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Slope of the least-squares line, and the share of the variance that it explains."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    sxx = sum((x - mean_x) ** 2 for x, _ in points)
    syy = sum((y - mean_y) ** 2 for _, y in points)
    sxy = sum((x - mean_x) * (y - mean_y) for x, y in points)
    if sxx == 0 or syy == 0:
        return 0.0, 0.0
    return sxy / sxx, round(sxy * sxy / (sxx * syy), 4)
