"""CPU and memory of the machine and of this process: from /proc, else from psutil, else unknown (None)."""

from __future__ import annotations

import os
from typing import Any


class Machine:
    """CPU use is measured between two calls, so the first one knows none since the start only."""

    def __init__(self) -> None:
        self._before = _cpu_times()

    def cpu_usage(self) -> float | None:
        """Percent of all cores since the call before."""
        now = _cpu_times()
        before, self._before = self._before, now
        if now is None or before is None:
            return _psutil_number(lambda psutil: psutil.cpu_percent())
        busy, total = now[0] - before[0], now[1] - before[1]
        return round(100 * busy / total, 2) if total > 0 else 0.0

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


def _cpu_times() -> tuple[int, int] | None:
    """Busy and all ticks since the machine started."""
    try:
        with open("/proc/stat", encoding="utf-8") as file:
            ticks = [int(field) for field in file.readline().split()[1:9]]
    except (OSError, ValueError):
        return None
    idle = ticks[3] + ticks[4]
    return sum(ticks) - idle, sum(ticks)


def _psutil_number(read: Any) -> float | None:
    try:
        import psutil

        return float(read(psutil))
    except Exception:  # not installed, or nothing that it knows on this system
        return None
