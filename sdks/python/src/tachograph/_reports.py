"""What a report says of the figures that a monitor has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ._series import Key, Point
from ._tally import Tally

MEMORY = ("process_memory_bytes", "memory_usage")


def by_name(calls: Mapping[str, Mapping[Key, Tally]]) -> dict[str, tuple[str, Tally]]:
    """The calls of all kinds by name, with the kind of the newest."""
    groups: dict[str, tuple[str, Tally]] = {}
    for found in calls.values():
        for (kind, name), tally in found.items():
            before = groups.get(name)
            made = Tally()
            if before is not None:
                kind = kind if tally.until >= before[1].until else before[0]
                made.merge(before[1])
            made.merge(tally)
            groups[name] = kind, made
    return groups


def share(found: Iterable[Tally]) -> float | None:
    tallies = list(found)
    count = sum(tally.count for tally in tallies)
    return round((count - sum(tally.failures for tally in tallies)) / count, 4) if count else None


def slow(calls: dict[str, tuple[str, Tally]], slow_ms: float) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name, (kind, tally) in calls.items():
        number, took = tally.slower_than(slow_ms)
        if number:
            found.append({"name": name, "kind": kind, "slow": number, "count": tally.count, "max_ms": tally.max})
            found[-1]["mean_ms"] = round(took / number, 3)
    return sorted(found, key=lambda item: -float(item["max_ms"]))[:10]


def memory_leaks(courses: Mapping[str, list[Point]]) -> list[dict[str, Any]]:
    """Memory that grew steadily: a straight line explains four fifths of it, and it grew by a tenth at least."""
    found = []
    for metric in MEMORY:
        points = courses[metric]
        if len(points) < 5:
            continue
        slope, fit = _line(points)
        first, last = points[0].mean, points[-1].mean
        if slope > 0 and fit >= 0.8 and last >= first * 1.1:
            found.append({"metric": metric, "first": first, "last": last, "growth_per_hour": slope * 3600, "fit": fit})
    return found


def _line(points: list[Point]) -> tuple[float, float]:
    """Slope of the least-squares line, and the share of the variance that it explains."""
    weight = sum(p.weight for p in points)
    mean_x = sum(p.time * p.weight for p in points) / weight
    mean_y = sum(p.mean * p.weight for p in points) / weight
    sxx = sum((p.time - mean_x) ** 2 * p.weight for p in points)
    syy = sum((p.mean - mean_y) ** 2 * p.weight for p in points)
    sxy = sum((p.time - mean_x) * (p.mean - mean_y) * p.weight for p in points)
    if sxx == 0 or syy == 0:
        return 0.0, 0.0
    return sxy / sxx, round(sxy * sxy / (sxx * syy), 4)
