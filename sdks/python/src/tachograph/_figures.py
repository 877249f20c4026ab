"""What a monitor was told of, bounded by age and number (`_series`).

*Locks.* One for the figures. A signal handler or a finalizer may run in the thread that holds it, amid a change: what it tells
waits until that is done (`change`), and the lock lets its thread in again only to read.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from . import _lifetime
from ._inbox import is_held
from ._plain import timestamp
from ._series import NAMES_MAX, OTHER, Key, Part, Series, Snapshot
from ._tally import Tally
from .alerts import Alert

SAMPLES_MAX = 50_000  # one a minute in 30 days is less: these are kept as they are
CALLS_MAX = 10_000  # of each kind; older ones are counted by minute, hour and day
ALERTS_MAX = 1000

# Each kind has room of its own, so that none pushes another out; those of the caller's own making share one.
_KINDS = ("api", "query", "trade", "prediction")
_OWN = "own"
EACH: Key = ("", "")  # counts the samples


@dataclass(frozen=True, slots=True)
class _Sample:
    time: float
    metrics: dict[str, float]

    def parts(self) -> Iterable[Part]:
        yield EACH, None, True, 0.0
        for name, value in self.metrics.items():
            yield ("", name), value, True, 0.0


@dataclass(frozen=True, slots=True)
class _Call:
    time: float
    key: Key
    ms: float | None
    cpu_ms: float
    ok: bool

    def parts(self) -> Iterable[Part]:
        return ((self.key, self.ms, self.ok, self.cpu_ms),)


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a time; `incomplete`: what of it is missing."""

    samples: Snapshot[_Sample]
    calls: dict[str, Snapshot[_Call]]
    alerts: list[Alert]
    incomplete: dict[str, Any]


class Figures:
    def __init__(self) -> None:
        self._samples: Series[_Sample] = Series(SAMPLES_MAX)
        self._calls: dict[str, Series[_Call]] = {kind: Series(CALLS_MAX) for kind in (*_KINDS, _OWN)}
        self._changes: deque[Callable[[], None]] = deque()
        self._forgot_until = -math.inf
        self._raised: deque[Alert] = deque(maxlen=ALERTS_MAX)
        self._alert_lost = ""  # the time of the newest that found no room
        self._renew()
        _lifetime.renew(self)

    def _renew(self) -> None:
        self._lock = threading.RLock()

    def is_amid(self) -> bool:
        """Whether this thread is amid a change."""
        return is_held(self._lock)

    def _change(self, change: Callable[[], None]) -> None:
        """Changes the figures now, or when the change that this one came amid is done."""
        self._changes.append(change)
        self._settle()

    def _settle(self) -> None:
        if not self.is_amid():
            with self._lock:
                while self._changes:
                    self._changes.popleft()()

    def add_call(self, now: float, kind: str, name: str, ms: float | None, cpu_ms: float, ok: bool) -> None:
        """Raises whatever values raise that are no numbers or names."""
        took = None if ms is None or not math.isfinite(ms) else float(ms)
        used = float(cpu_ms) if math.isfinite(cpu_ms) else 0.0
        is_known = kind in _KINDS
        series, named, went_well = self._calls[kind if is_known else _OWN], (str(kind), str(name)), bool(ok)

        def add() -> None:
            key = series.key(*named, now, is_kind_known=is_known)
            series.add(_Call(now, key, took, used, went_well))

        self._change(add)

    def add_sample(self, now: float, metrics: dict[str, float], keep_s: float) -> None:
        """Forgets what is older than that."""
        self._change(lambda: self._add_sample(_Sample(now, metrics), now - keep_s))

    def _add_sample(self, sample: _Sample, before: float) -> None:
        self._samples.add(sample)
        forgot = [self._samples.forget(before), *(series.forget(before) for series in self._calls.values())]
        if any(forgot):
            self._forgot_until = before

    def add_alerts(self, alerts: list[Alert]) -> None:
        self._change(lambda: self._add_alerts(alerts))

    def _add_alerts(self, alerts: list[Alert]) -> None:
        for alert in alerts:
            if len(self._raised) == ALERTS_MAX:
                self._alert_lost = self._raised[0].time
            self._raised.append(alert)

    def calls(self, kind: str, since: float) -> list[Tally]:
        """Those of one kind, a tally for each name."""
        self._settle()
        with self._lock:
            found = self._calls[kind].since(since)
        return list(found.by_name().values())

    def since(self, since: float) -> Found:
        self._settle()
        with self._lock:
            return Found(
                self._samples.since(since),
                {kind: series.since(since) for kind, series in self._calls.items()},
                [alert for alert in self._raised if alert.time >= timestamp(since)],
                self._incomplete(since),
            )

    def _incomplete(self, since: float) -> dict[str, Any]:
        """What is missing of the time since then. The caller holds the lock."""
        made: dict[str, Any] = {}
        if self._forgot_until > since:
            made["retention"] = _missing(self._forgot_until, "what is older than retention_period is not kept")
        lost = {"samples": self._samples.lost_until, **{kind: series.lost_until for kind, series in self._calls.items()}}
        for what, until in lost.items():
            if until >= since:
                made[what] = _missing(until, "what is older found no room")
        for what, series in self._calls.items():
            if series.renamed_at >= since:
                made[f"{what}_names"] = f'more than {NAMES_MAX}: further ones are counted as "{OTHER}"'
        if self._alert_lost and self._alert_lost >= timestamp(since):
            made["alerts"] = {"whole_since": self._alert_lost, "why": f"the newest {ALERTS_MAX} are kept"}
        return made


def _missing(until: float, why: str) -> dict[str, str]:
    return {"whole_since": timestamp(until), "why": why}
