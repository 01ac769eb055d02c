"""The alerts that were received, newest state by fingerprint; in memory alone, as in the original.

Clients send a firing alert again and again, so nothing is lost over a restart but what they no longer send.
Two reports of one alert are merged only where their times overlap; otherwise the new one begins a new life.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from engine.alerting.alert import Alert
from engine.foundation.errors import ConfigError
from engine.foundation.values import is_label_name
from promql.model.labels import Labels

NEVER: Final = 2**63 - 1
"""The end of an alert that fires, as notifications see it; they print it as Go's zero time."""


class AlertInvalidError(ConfigError):
    """The alert can't be taken; the words are Alertmanager's."""


@dataclass(frozen=True, slots=True)
class AlertReport:
    """An alert as a client gives it: any time may be missing, labels may be wrong. Times are Unix ns."""

    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: int | None = None
    ends_at: int | None = None
    generator_url: str = ""


def normalise(report: AlertReport, now: int, resolve_timeout: int) -> Alert:
    """The alert with its missing times filled in (`resolve_timeout` in ns). Raises AlertInvalidError."""
    timeout = report.ends_at is None
    ends_at = now + resolve_timeout if report.ends_at is None else report.ends_at
    starts_at = report.starts_at
    if starts_at is None:
        starts_at = now if report.ends_at is None else report.ends_at
    if ends_at < starts_at:
        raise AlertInvalidError("start time must be before end time")
    labels = {name: value for name, value in report.labels.items() if value}
    _check_names(labels, "invalid label set")
    if not labels:
        raise AlertInvalidError("at least one label pair required")
    _check_names(report.annotations, "invalid annotations")
    annotations = tuple(sorted(report.annotations.items()))
    return Alert(Labels.of(labels), annotations, starts_at, ends_at, now, report.generator_url, timeout)


def _check_names(names: Iterable[str], what: str) -> None:
    for name in names:
        if not is_label_name(name):
            raise AlertInvalidError(f'{what}: invalid name "{name}"')


def merge(old: Alert, new: Alert, now: int) -> Alert:
    """Both reports of one alert as one; the report that was updated later is the base."""
    if new.updated_at < old.updated_at:
        old, new = new, old
    ends_at = new.ends_at
    if new.resolved_at(now):
        if old.resolved_at(now):
            ends_at = max(ends_at, old.ends_at)
    elif not old.timeout:  # an end that somebody gave beats one that was assumed
        ends_at = max(ends_at, old.ends_at)
    return replace(new, starts_at=min(old.starts_at, new.starts_at), ends_at=ends_at)


def overlap(old: Alert, new: Alert) -> bool:
    """Whether an end of the new report lies inside the old one."""
    return old.starts_at < new.ends_at < old.ends_at or old.starts_at < new.starts_at < old.ends_at


class AlertStore:
    """The one owner of received alerts."""

    def __init__(self) -> None:
        self._alerts: dict[str, Alert] = {}

    def put(self, alert: Alert, now: int) -> Alert:
        """Take a report; gives the alert as it now stands."""
        key = alert.fingerprint
        old = self._alerts.get(key)
        if old is not None and overlap(old, alert):
            alert = merge(old, alert, now)
        self._alerts[key] = alert
        return alert

    def get(self, fingerprint: str) -> Alert | None:
        return self._alerts.get(fingerprint)

    def collect(self, now: int) -> None:
        """Forget what has resolved."""
        self._alerts = {key: alert for key, alert in self._alerts.items() if not alert.resolved_at(now)}

    def __iter__(self) -> Iterator[Alert]:
        return iter(list(self._alerts.values()))

    def __len__(self) -> int:
        return len(self._alerts)
