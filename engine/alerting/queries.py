"""Questions about alerts and groups, as the API asks them."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from engine.alerting.alert import Alert
from engine.alerting.dispatch.ordering import alert_order, by_label_set
from engine.alerting.kept.store import AlertStore
from engine.alerting.running import Running, Status
from engine.foundation.regexes import Regex
from promql.model.labels import Labels
from promql.model.matchers import Matcher, match_all


class AlertQuery(Struct, frozen=True):
    """What to show. The flags take kinds of alerts away; `receiver` matches whole names."""

    active: bool = True
    silenced: bool = True
    inhibited: bool = True
    matchers: tuple[Matcher, ...] = ()
    receiver: Regex | None = None

    def wants(self, alert: Alert, status: Status, now: int) -> bool:
        return (
            alert.ends_at >= now
            and (self.active or status.state != "active")
            and (self.silenced or not status.silenced_by)
            and (self.inhibited or not status.inhibited_by)
            and match_all(self.matchers, alert.labels)
        )

    def hears(self, receiver: str) -> bool:
        return self.receiver is None or self.receiver.matches(receiver)


class AlertView(Struct, frozen=True):
    alert: Alert
    status: Status
    receivers: tuple[str, ...]


class GroupView(Struct, frozen=True):
    labels: Labels
    receiver: str
    alerts: list[AlertView] = field(default_factory=list)


def find_alerts(store: AlertStore, running: Running, query: AlertQuery, now: int) -> list[AlertView]:
    """By fingerprint."""
    found = []
    for alert in store:
        receivers = running.receivers_of(alert.labels)
        if any(map(query.hears, receivers)):
            status = running.status_of(alert.labels)
            if query.wants(alert, status, now):
                found.append(AlertView(alert, status, tuple(receivers)))
    return sorted(found, key=lambda view: view.alert.fingerprint)


def find_groups(running: Running, query: AlertQuery, now: int) -> list[GroupView]:
    """By label set, then receiver; groups without an alert to show are left out.

    An alert names the receivers of all groups here that show it, one as often as it has groups.
    """
    shown = []
    receivers: dict[str, list[str]] = {}
    for group in running.dispatcher.groups():
        if not query.hears(group.route.receiver):
            continue
        alerts = [(a, s) for a, s in _with_status(group, running) if query.wants(a, s, now)]
        for alert, _ in alerts:
            receivers.setdefault(alert.fingerprint, []).append(group.route.receiver)
        if alerts:
            shown.append((group, sorted(alerts, key=lambda pair: alert_order(pair[0]))))
    views = [
        GroupView(
            group.labels,
            group.route.receiver,
            [AlertView(a, s, tuple(sorted(receivers[a.fingerprint]))) for a, s in alerts],
        )
        for group, alerts in shown
    ]
    return sorted(views, key=lambda view: (by_label_set(view.labels), view.receiver))


def _with_status(alerts: Iterable[Alert], running: Running) -> list[tuple[Alert, Status]]:
    return [(alert, running.status_of(alert.labels)) for alert in alerts]
