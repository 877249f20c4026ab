"""`AlertSystem`: thresholds with upper and lower bounds."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Union

from ._plain import timestamp

_log = logging.getLogger("tachograph")

Bound = Literal["upper", "lower"]


@dataclass(frozen=True)
class Threshold:
    """Bounds of a metric: it alerts above `upper` and below `lower`."""

    upper: float | None = None
    lower: float | None = None
    severity: str = "warning"


@dataclass(frozen=True)
class Alert:
    """A metric that is out of its bounds."""

    metric: str
    value: float
    threshold: float
    bound: Bound
    severity: str
    time: str

    @property
    def message(self) -> str:
        side = "above" if self.bound == "upper" else "below"
        return f"{self.metric} is {self.value:g}, {side} {self.threshold:g}"


#: A success rate alerts when it is too low, everything else when it is too high.
DEFAULT_THRESHOLDS: Mapping[str, Threshold] = {
    "cpu_usage": Threshold(upper=80.0),
    "memory_usage": Threshold(upper=85.0),
    "api_latency": Threshold(upper=1000.0),
    "trade_success_rate": Threshold(lower=0.95),
    "model_accuracy": Threshold(lower=0.95),
}

Given = Union[Threshold, float, Mapping[str, Any], tuple[Any, Any]]

# What people call a bound, and what it is.
_NAMES = {"upper": "upper", "max": "upper", "lower": "lower", "min": "lower"}


class AlertSystem:
    """Checks metrics against thresholds. A threshold is a `Threshold`, `{"upper": 80, "lower": 5}` (also `max` and
    `min`), `(lower, upper)`, or a number: the upper bound, but the lower one for names that end with `_rate`,
    `_accuracy`, `availability` or `uptime` and do not say `error`, `failure` or `escalation`."""

    def __init__(
        self,
        thresholds: Mapping[str, Given] | None = None,
        *,
        on_alert: Callable[[Alert], None] | None = None,
        logger: Any = None,
    ) -> None:
        """`thresholds` come on top of the defaults; None takes one of them away. What can't be meant is told in the log
        and left out. `logger`: an `EventLogger` that records each alert."""
        self.thresholds: dict[str, Threshold] = dict(DEFAULT_THRESHOLDS)
        try:
            given_bounds = list((thresholds or {}).items())
        except Exception:
            given_bounds = []
            _log.warning("thresholds: expected a mapping, found %s; the defaults are used", type(thresholds).__name__)
        for metric, given in given_bounds:
            try:
                self.set(metric, given)
            except Exception as error:
                _log.warning("threshold of %s is left out: %s", metric, error)
        self._on_alert = on_alert
        self._logger = logger

    def set(self, metric: str, given: Given | None) -> None:
        """Sets the bounds of a metric; None takes them away."""
        if given is None:
            self.thresholds.pop(metric, None)
        else:
            self.thresholds[metric] = _threshold(metric, given)

    def check_thresholds(self, metrics: Mapping[str, Any]) -> list[Alert]:
        """The metrics that are out of their bounds. A value that is no number is no alert."""
        found: list[Alert] = []
        now = timestamp()
        for metric, value in metrics.items():
            bounds = self.thresholds.get(metric)
            if bounds is None or isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
                continue
            if bounds.upper is not None and value > bounds.upper:
                found.append(Alert(metric, float(value), bounds.upper, "upper", bounds.severity, now))
            elif bounds.lower is not None and value < bounds.lower:
                found.append(Alert(metric, float(value), bounds.lower, "lower", bounds.severity, now))
        for alert in found:
            self._tell(alert)
        return found

    def _tell(self, alert: Alert) -> None:
        if self._logger is not None:
            self._logger.log_action(
                "threshold_breached",
                "metric",
                {
                    "metric": alert.metric,
                    "value": alert.value,
                    "threshold": alert.threshold,
                    "bound": alert.bound,
                    "severity": alert.severity,
                },
                status="failure",
                level="CRITICAL" if alert.severity == "critical" else "WARNING",
            )
        if self._on_alert is not None:
            self._on_alert(alert)


def _threshold(metric: str, given: Given) -> Threshold:
    if isinstance(given, Threshold):
        return given
    if isinstance(given, Mapping):
        unknown = set(given) - {*_NAMES, "severity"}
        if unknown:
            raise ValueError(
                f"threshold of {metric}: expected upper (or max), lower (or min) or severity, found {sorted(unknown)}"
            )
        named = {_NAMES.get(name, name): value for name, value in given.items()}
        if len(named) < len(given):
            raise ValueError(f"threshold of {metric}: upper and max, and lower and min, are the same: give one of each")
        return Threshold(**named)
    if isinstance(given, tuple):
        lower, upper = given
        return Threshold(upper=upper, lower=lower)
    good = metric.endswith(("_rate", "_accuracy", "availability", "uptime"))
    bad = any(word in metric for word in ("error", "failure", "escalation"))
    return Threshold(lower=float(given)) if good and not bad else Threshold(upper=float(given))
