"""Client of tachograph, the tamper-evident flight recorder for fleets of AI agents."""

from ._http import QueryError
from ._options import Options
from ._receipts import Receipt, Stats
from ._search import Page
from .logger import AsyncEventLogger, EventLogger

__all__ = [
    "AsyncEventLogger",
    "EventLogger",
    "Options",
    "Page",
    "QueryError",
    "Receipt",
    "Stats",
]
