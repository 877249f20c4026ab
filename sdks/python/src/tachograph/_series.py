"""Figures over a long time in bounded memory: the newest entries as they are, older ones counted by minute, hour and day.

*Limits.* `newest_max` entries, then what `STEPS` says of each step. What finds no room in minutes is added to hours, then to
days, then dropped, which `lost_until` tells. Counts, sums and bounds stay exact on the way; percentiles become those of a
histogram (`_tally`).

*Locks.* None: the caller holds its own, but not while it counts a `Snapshot`: a tally in a step never changes, another takes
its place.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ._tally import Tally

#: Seconds, and how much is kept: the `weight` of tallies. The days are enough for a month of `NAMES_MAX` names with some
#: 40 buckets each, the hours for a day of them: 40 MB for a series.
STEPS = ((60, 50_000), (3600, 250_000), (86_400, 300_000))
NAMES_MAX = 200
NAME_CHARS_MAX = 200
OTHER = "other"

Key = tuple[str, str]  # kind, name
Part = tuple[Key, "float | None", bool, float]  # value, whether it went well, processor time


class Entry(Protocol):
    @property
    def time(self) -> float: ...

    def parts(self) -> Iterable[Part]: ...


E = TypeVar("E", bound=Entry)


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
