"""Figures over a long time in bounded memory: the newest entries as they are, older ones counted by minute, hour and day.

*Limits.* `newest_max` entries, then what `STEPS` says of each step. What finds no room in minutes is added to hours, then to
days, then dropped, which `lost_until` tells. Counts, sums and bounds stay exact on the way; percentiles become those of a
histogram, within `ERROR`.

*Locks.* None: the caller holds its own, but not while it counts a `Snapshot`: a tally in a step never changes, another takes
its place.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

#: Seconds, and how much is kept: `_NAME_WEIGHT` for each name in a step, and 1 for each bucket that it has.
#: The days are enough for `NAMES_MAX` names with some 40 buckets in a month, the hours for a day of them: 40 MB in all.
STEPS = ((60, 50_000), (3600, 250_000), (86_400, 300_000))
_NAME_WEIGHT = 8
NAMES_MAX = 200
NAME_CHARS_MAX = 200
OTHER = "other"
SLOW_MS = 1000.0  # counted exactly; any other bound by buckets
_BUCKETS_PER_DECADE = 24
_LEAST = 1e-9  # what is nearer to zero counts as zero
_SHIFT = 217  # so that no bucket of a positive number is below 1
#: How far a percentile of a histogram may be off: half a bucket, as a share of the value.
ERROR = 0.05

Key = tuple[str, str]  # kind, name
Part = tuple[Key, "float | None", bool, float]  # value, whether it went well, processor time


class Entry(Protocol):
    @property
    def time(self) -> float: ...

    def parts(self) -> Iterable[Part]: ...


E = TypeVar("E", bound=Entry)


class Tally:
    """What is known of the values of one name. `values` has them all, or is None, and they are in `buckets`."""

    __slots__ = (
        "buckets", "count", "cpu_ms", "failures", "last", "max", "min", "since", "slow", "slow_sum", "sum", "timed", "until", "values"
    )  # fmt: skip

    def __init__(self) -> None:
        self.since, self.until = math.inf, -math.inf
        self.count = self.failures = self.timed = self.slow = 0
        self.sum = self.slow_sum = self.cpu_ms = 0.0
        self.min, self.max, self.last = math.inf, -math.inf, 0.0
        self.values: list[float] | None = []
        self.buckets: dict[int, int] = {}

    @property
    def weight(self) -> int:
        return _NAME_WEIGHT + len(self.buckets)

    def add(self, at: float, value: float | None, ok: bool, cpu_ms: float) -> None:
        self.since, self.until = min(self.since, at), max(self.until, at)
        self.count += 1
        self.failures += not ok
        self.cpu_ms += cpu_ms
        if value is None:
            return
        self.timed += 1
        self.sum += value
        self.min, self.max, self.last = min(self.min, value), max(self.max, value), value
        if value > SLOW_MS:
            self.slow += 1
            self.slow_sum += value
        if self.values is None:
            self._count(_bucket(value), 1)
        else:
            self.values.append(value)

    def _count(self, bucket: int, count: int) -> None:
        self.buckets[bucket] = self.buckets.get(bucket, 0) + count

    def coarsen(self) -> None:
        """Keeps buckets in place of values."""
        for value in self.values or ():
            self._count(_bucket(value), 1)
        self.values = None

    def merge(self, other: Tally) -> None:
        """Adds another; the result is exact when both are."""
        if other.timed and (other.until >= self.until or not self.timed):
            self.last = other.last
        self.since, self.until = min(self.since, other.since), max(self.until, other.until)
        self.min, self.max = min(self.min, other.min), max(self.max, other.max)
        self.count += other.count
        self.failures += other.failures
        self.timed += other.timed
        self.sum += other.sum
        self.slow += other.slow
        self.slow_sum += other.slow_sum
        self.cpu_ms += other.cpu_ms
        if self.values is not None and other.values is not None:
            self.values += other.values
            return
        self.coarsen()
        for bucket, count in other.buckets.items():
            self._count(bucket, count)
        for value in other.values or ():
            self._count(_bucket(value), 1)

    def slower_than(self, bound: float) -> tuple[int, float]:
        """How many values are above the bound, and their sum."""
        if self.values is not None:
            slow = [value for value in self.values if value > bound]
            return len(slow), sum(slow)
        if bound == SLOW_MS:
            return self.slow, self.slow_sum
        above = [(self._within(_middle(bucket)), count) for bucket, count in self.buckets.items()]
        above = [(value, count) for value, count in above if value > bound]
        return sum(count for _, count in above), sum(value * count for value, count in above)

    def summary(self) -> dict[str, Any]:
        """Of at least one value. `percentile_error` is there where they are of a histogram."""
        p50, p95, p99 = self._percentiles(0.5, 0.95, 0.99)
        made = {
            "count": self.timed,
            "mean": round(self.sum / self.timed, 4),
            "min": self.min,
            "p50": p50,
            "p95": p95,
            "p99": p99,
            "max": self.max,
            "last": self.last,
        }
        return made if self.values is not None else made | {"percentile_error": ERROR}

    def _percentiles(self, *shares: float) -> list[float]:
        ranks = [min(self.timed, max(1, math.ceil(share * self.timed))) for share in shares]
        if self.values is not None:
            ordered = sorted(self.values)
            return [ordered[rank - 1] for rank in ranks]
        found: list[float] = []
        seen = 0
        for bucket, count in sorted(self.buckets.items()):
            seen += count
            while len(found) < len(ranks) and seen >= ranks[len(found)]:
                found.append(self._within(_middle(bucket)))
        return found

    def _within(self, value: float) -> float:
        return min(self.max, max(self.min, value))


def _bucket(value: float) -> int:
    """Buckets in the order of their values. Each power of ten is the end of one."""
    size = abs(value)
    if size < _LEAST:
        return 0
    place = math.ceil(math.log10(size) * _BUCKETS_PER_DECADE) + _SHIFT
    return place if value > 0 else -place


def _middle(bucket: int) -> float:
    if bucket == 0:
        return 0.0
    size: float = 10.0 ** ((abs(bucket) - _SHIFT - 0.5) / _BUCKETS_PER_DECADE)
    return math.copysign(size, bucket)


@dataclass(frozen=True)
class Point:
    """A value, or what a step has of them."""

    time: float
    mean: float
    max: float
    weight: int


class _Tier:
    """Steps of one length, oldest first."""

    def __init__(self, step_s: int, weight_max: int) -> None:
        self.step_s, self.weight_max = step_s, weight_max
        self.steps: dict[int, dict[Key, Tally]] = {}
        self.weight = 0

    def add(self, key: Key, tally: Tally) -> None:
        step = self.steps.setdefault(int(tally.since // self.step_s), {})
        mine = step.get(key)
        if mine is None:
            step[key] = tally
            self.weight += tally.weight
        else:
            both = step[key] = Tally()
            both.merge(mine)
            both.merge(tally)
            self.weight += both.weight - mine.weight

    def take(self, number: int) -> dict[Key, Tally]:
        taken = self.steps.pop(number)
        self.weight -= sum(tally.weight for tally in taken.values())
        return taken

    def since(self, moment: float) -> list[tuple[Key, Tally]]:
        """What has something of the time from the moment on."""
        late = [step for number, step in self.steps.items() if (number + 1) * self.step_s > moment]
        return [(key, tally) for step in late for key, tally in step.items() if tally.until >= moment]


class Series(Generic[E]):
    """Entries of one kind, in the order in which they came."""

    def __init__(self, newest_max: int) -> None:
        self._newest_max = newest_max
        self._newest: deque[E] = deque()
        self._tiers = [_Tier(*step) for step in STEPS]
        self._names: dict[Key, float] = {}
        #: Of what found no room, the newest; nothing that came later is missing.
        self.lost_until = -math.inf
        #: When a name was last counted as `OTHER`.
        self.renamed_at = -math.inf

    def key(self, kind: str, name: str, at: float, *, is_kind_known: bool) -> Key:
        """The name to count under: `OTHER` beyond `NAMES_MAX`."""
        found = (kind[:NAME_CHARS_MAX], name[:NAME_CHARS_MAX])
        if found not in self._names and len(self._names) >= NAMES_MAX:
            self.renamed_at = max(self.renamed_at, at)
            return (kind if is_kind_known else OTHER, OTHER)
        self._names[found] = at
        return found

    def add(self, entry: E) -> None:
        self._newest.append(entry)
        if len(self._newest) <= self._newest_max:
            return
        oldest = self._newest.popleft()
        for key, value, ok, cpu_ms in oldest.parts():
            one = Tally()
            one.add(oldest.time, value, ok, cpu_ms)
            one.coarsen()
            self._tiers[0].add(key, one)
        for tier, longer in zip(self._tiers, [*self._tiers[1:], None]):
            while tier.weight > tier.weight_max:
                for key, tally in tier.take(next(iter(tier.steps))).items():
                    if longer is not None:
                        longer.add(key, tally)
                    else:
                        self.lost_until = max(self.lost_until, tally.until)

    def forget(self, before: float) -> bool:
        """Drops what is older; whether there was anything."""
        found = False
        while self._newest and self._newest[0].time < before:
            self._newest.popleft()
            found = True
        for tier in self._tiers:
            for number in [number for number in tier.steps if (number + 1) * tier.step_s <= before]:
                tier.take(number)
                found = True
        self._names = {name: at for name, at in self._names.items() if at >= before}
        return found

    def since(self, moment: float) -> Snapshot[E]:
        steps = [found for tier in reversed(self._tiers) for found in tier.since(moment)]
        return Snapshot(steps, [entry for entry in self._newest if entry.time >= moment])


@dataclass(frozen=True)
class Snapshot(Generic[E]):
    """What there is from a moment on. A step that began earlier is there as a whole: the `since` of its tally tells."""

    steps: list[tuple[Key, Tally]]
    newest: list[E]

    def by_name(self) -> dict[Key, Tally]:
        found: dict[Key, Tally] = {}
        for key, tally in self.steps:
            found.setdefault(key, Tally()).merge(tally)
        for entry in self.newest:
            for key, value, ok, cpu_ms in entry.parts():
                found.setdefault(key, Tally()).add(entry.time, value, ok, cpu_ms)
        return found

    def course(self, name: Key) -> list[Point]:
        """The values of a name over time, steps first."""
        points = [
            Point((tally.since + tally.until) / 2, tally.sum / tally.timed, tally.max, tally.timed)
            for key, tally in self.steps
            if key == name and tally.timed
        ]
        return points + [
            Point(entry.time, value, value, 1)
            for entry in self.newest
            for key, value, _, _ in entry.parts()
            if key == name and value is not None
        ]
