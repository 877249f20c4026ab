"""`AlertSystem`: thresholds with upper and lower bounds."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
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

Given = Union[Threshold, float, Mapping[str, Any], Sequence[Any]]

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
        self._failed = False

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
        for metric, measured in metrics.items():
            bounds, value = self.thresholds.get(metric), _number(measured)
            if bounds is None or value is None:
                continue
            if bounds.upper is not None and value > bounds.upper:
                found.append(Alert(metric, value, bounds.upper, "upper", bounds.severity, now))
            elif bounds.lower is not None and value < bounds.lower:
                found.append(Alert(metric, value, bounds.lower, "lower", bounds.severity, now))
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
            try:
                self._on_alert(alert)
            except Exception as error:  # the caller's own: the other alerts are told all the same
                if not self._failed:
                    _log.warning("on_alert failed: %s: %s", type(error).__name__, error)
                self._failed = True


def _number(value: Any) -> float | None:
    """A number of any library: numpy's, `Decimal`. Texts and truth values are none."""
    if isinstance(value, (str, bytes, bytearray)) or type(value).__name__ in ("bool", "bool_"):
        return None
    try:
        number = float(value)
    except Exception:
        return None
    return None if number != number else number


def _threshold(metric: str, given: Given) -> Threshold:
    made = _meant(metric, given)
    lower, upper = (_bound(metric, bound) for bound in (made.lower, made.upper))
    return Threshold(upper=upper, lower=lower, severity=made.severity)


def _bound(metric: str, bound: Any) -> float | None:
    """A number, also one that a file or the environment gave as a text."""
    try:
        number = None if bound is None or isinstance(bound, bool) else float(bound)
    except Exception:
        number = None
    if bound is not None and (number is None or number != number):
        raise ValueError(f"threshold of {metric}: expected a number, found {bound!r}")
    return number


def _meant(metric: str, given: Given) -> Threshold:
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
    if isinstance(given, (tuple, list)):
        lower, upper = given
        return Threshold(upper=upper, lower=lower)
    good = metric.endswith(("_rate", "_accuracy", "availability", "uptime"))
    bad = any(word in metric for word in ("error", "failure", "escalation"))
    bound: Any = given  # looked at by the caller of this
    return Threshold(lower=bound) if good and not bad else Threshold(upper=bound)
