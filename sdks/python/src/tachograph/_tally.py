"""What is known of many values: count, sum, bounds, and percentiles of the values themselves or of a histogram of them."""

from __future__ import annotations

import math
from typing import Any

SLOW_MS = 1000.0  # counted exactly; any other bound by buckets
_NAME_WEIGHT = 8  # of a tally, where a bucket has 1
_BUCKETS_PER_DECADE = 24
_LEAST = 1e-9  # what is nearer to zero counts as zero
_SHIFT = 217  # so that no bucket of a positive number is below 1
#: How far a percentile of a histogram may be off: half a bucket, as a share of the value.
ERROR = 0.05


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
