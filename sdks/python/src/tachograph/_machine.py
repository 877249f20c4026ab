"""CPU and memory of the machine and of this process: from /proc, else from psutil, else unknown (None)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any


_SHORTEST_S = 0.1  # of a core's time: in less, the few ticks of the system's clock say nothing


class Machine:
    """CPU use is measured between two calls, the first time from when this was made."""

    def __init__(self, cpu_times: Callable[[], tuple[float, float] | None] | None = None) -> None:
        self._cpu_times = cpu_times or _cpu_times
        self._before = self._cpu_times()
        self._cpu_usage: float | None = None

    def cpu_usage(self) -> float | None:
        """Percent of all cores since it was measured before. Asked again at once it is the same; None until there is one."""
        now, before = self._cpu_times(), self._before
        if now is None or before is None:
            return None
        if now[1] - before[1] >= _SHORTEST_S:
            self._cpu_usage = round(100 * (now[0] - before[0]) / (now[1] - before[1]), 2)
            self._before = now
        return self._cpu_usage

    def memory_usage(self) -> float | None:
        """Percent of the machine's memory that is in use."""
        try:
            with open("/proc/meminfo", encoding="utf-8") as file:
                sizes = {line.split(":")[0]: int(line.split()[1]) for line in file if ":" in line}
            return round(100 * (1 - sizes["MemAvailable"] / sizes["MemTotal"]), 2)
        except (OSError, ValueError, KeyError, ZeroDivisionError):
            return _psutil_number(lambda psutil: psutil.virtual_memory().percent)

    def process_bytes(self) -> float | None:
        """Resident memory of this process."""
        try:
            with open("/proc/self/statm", encoding="utf-8") as file:
                return float(int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
        except (OSError, ValueError, IndexError):
            return _psutil_number(lambda psutil: psutil.Process().memory_info().rss)


def _cpu_times() -> tuple[float, float] | None:
    """Busy and all time of the cores since the machine started, in seconds."""
    try:
        with open("/proc/stat", encoding="utf-8") as file:
            ticks = [int(field) for field in file.readline().split()[1:9]]
        idle, second = ticks[3] + ticks[4], os.sysconf("SC_CLK_TCK")
        return (sum(ticks) - idle) / second, sum(ticks) / second
    except (OSError, ValueError, IndexError):
        return _psutil_times()


def _psutil_times() -> tuple[float, float] | None:
    try:
        import psutil

        times = psutil.cpu_times()
        return sum(times) - times.idle, sum(times)
    except Exception:  # not installed, or nothing that it knows on this system
        return None


def _psutil_number(read: Any) -> float | None:
    try:
        import psutil

        return float(read(psutil))
    except Exception:  # not installed, or nothing that it knows on this system
        return None
