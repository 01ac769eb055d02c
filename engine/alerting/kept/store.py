"""The alerts that were received, in their newest state.

Two reports of one alert are merged only where their times overlap; otherwise the new one begins a new life. What was
answered is in the log, from which the next process goes on: also an end that was never told, which the original loses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace  # noqa: TID251 - an alert is a data class
from typing import Final

from msgspec import Struct

from engine.alerting.alert import Alert, pooled, pooled_text, pooled_time
from engine.alerting.kept.alert_log import AlertLog
from engine.alerting.matching.grammar import IsName
from engine.foundation.errors import ConfigError
from engine.foundation.values import is_label_name
from promql.model.labels import Labels

NEVER: Final = 2**63 - 1
"""The end of an alert that fires, as notifications see it; they print it as Go's zero time."""


class AlertInvalidError(ConfigError):
    """The alert can't be taken; the words are Alertmanager's."""


class AlertReport(Struct, frozen=True):
    """An alert as a client gives it: any time may be missing, labels may be wrong. Times are Unix ns."""

    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: int | None = None
    ends_at: int | None = None
    generator_url: str = ""


def normalise(report: AlertReport, now: int, resolve_timeout: int, is_name: IsName = is_label_name) -> Alert:
    """The alert with its missing times filled in (`resolve_timeout` in ns). Raises AlertInvalidError."""
    timeout = report.ends_at is None
    ends_at = now + resolve_timeout if report.ends_at is None else report.ends_at
    starts_at = report.starts_at
    if starts_at is None:
        starts_at = now if report.ends_at is None else report.ends_at
    if ends_at < starts_at:
        raise AlertInvalidError("start time must be before end time")
    labels = {name: value for name, value in report.labels.items() if value}
    _check_names(labels, "invalid label set", is_name)
    if not labels:
        raise AlertInvalidError("at least one label pair required")
    _check_names(report.annotations, "invalid annotations", is_name)
    annotations = tuple(sorted(report.annotations.items()))
    return Alert(Labels.of(labels), annotations, starts_at, ends_at, now, report.generator_url, timeout)


def _check_names(names: Iterable[str], what: str, is_name: IsName) -> None:
    for name in names:
        if not is_name(name):
            raise AlertInvalidError(f'{what}: invalid name "{name}"')


def merge(old: Alert, new: Alert, now: int) -> Alert:
    """Both reports of one alert as one; the report that was updated later is the base."""
    if new.updated_at < old.updated_at:
        old, new = new, old
    ends_at = new.ends_at
    if new.resolved_at(now):
        if old.resolved_at(now):
            ends_at = max(old.ends_at, ends_at)
    elif not old.timeout:  # an end that somebody gave beats one that was assumed
        ends_at = max(old.ends_at, ends_at)
    return replace(new, starts_at=min(old.starts_at, new.starts_at), ends_at=ends_at)


def overlap(old: Alert, new: Alert) -> bool:
    """Whether an end of the new report lies inside the old one."""
    return old.starts_at < new.ends_at < old.ends_at or old.starts_at < new.starts_at < old.ends_at


class AlertStore:
    """The one owner of received alerts. `log` None keeps them in memory alone."""

    def __init__(self, log: AlertLog | None = None, known: Iterable[Alert] = ()) -> None:
        self._log = log
        self._alerts: dict[Labels, Alert] = {alert.labels: alert for alert in known}
        self._unsaid: set[Labels] = set()
        """Those whose words are new, or could not be written."""

    def put(self, alerts: Iterable[Alert], now: int) -> list[Alert]:
        """Take reports; gives the alerts as they now stand. They count at once, and last once `keep` returned."""
        return [self._put(alert, now) for alert in alerts]

    def keep(self, alerts: Sequence[Alert]) -> None:
        """Make these outlast the process. Raises LogWriteError."""
        if self._log is not None and alerts:
            self._log.append(alerts, [alert for alert in alerts if alert.labels in self._unsaid])
            self._unsaid.difference_update([alert.labels for alert in alerts])

    def _put(self, alert: Alert, now: int) -> Alert:
        old = self._alerts.get(alert.labels)
        if old is None:
            alert = replace(
                alert,
                labels=Labels(pooled(alert.labels)),
                annotations=pooled(alert.annotations),
                starts_at=pooled_time(alert.starts_at),
                ends_at=pooled_time(alert.ends_at),
                generator_url=pooled_text(alert.generator_url),
            )
        else:
            alert = alert.like(old)
            if overlap(old, alert):
                alert = merge(old, alert, now)
        if old is None or (old.annotations, old.generator_url) != (alert.annotations, alert.generator_url):
            self._unsaid.add(alert.labels)
        self._alerts[alert.labels] = alert
        return alert

    def get(self, fingerprint: str) -> Alert | None:
        return next((alert for alert in self._alerts.values() if alert.fingerprint == fingerprint), None)

    def collect(self, now: int) -> None:
        """Forget what has resolved."""
        self._alerts = {key: alert for key, alert in self._alerts.items() if not alert.resolved_at(now)}
        self._unsaid &= self._alerts.keys()

    async def compact(self) -> None:
        """Keep the file small. Raises LogWriteError."""
        if self._log is not None and self._log.wasteful:
            await self._log.compact(list(self))

    def close(self) -> None:
        if self._log is not None:
            self._log.close()

    def __iter__(self) -> Iterator[Alert]:
        return iter(list(self._alerts.values()))

    def __len__(self) -> int:
        return len(self._alerts)
