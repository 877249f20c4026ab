"""Client of tachograph, the tamper-evident flight recorder for fleets of AI agents."""

from ._http import QueryError
from ._options import Options
from ._receipts import Receipt, Stats
from ._search import Page
from .alerts import Alert, AlertSystem, Threshold
from .asynchronous import AsyncEventLogger
from .handler import AuditHandler
from .logger import EventLogger
from .monitor import PerformanceMonitor
from .tools import audited

__all__ = [
    "Alert",
    "AlertSystem",
    "AsyncEventLogger",
    "AuditHandler",
    "EventLogger",
    "Options",
    "Page",
    "PerformanceMonitor",
    "QueryError",
    "Receipt",
    "Stats",
    "Threshold",
    "audited",
]
