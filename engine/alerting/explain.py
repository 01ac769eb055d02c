"""Where an alert stands now, beside how it came there: what is to happen next, and what was told last."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from engine.alerting.alert import Alert
from engine.alerting.dispatch.dispatcher import Group
from engine.alerting.dispatch.pipeline import Integration
from engine.alerting.kept.journal import Journal
from engine.alerting.kept.store import AlertStore
from engine.alerting.kept.trail import Trail, TrailRecord
from engine.alerting.running import Running, Status


class Told(Struct, frozen=True):
    """When an integration was last told of the group, and when it is told again if nothing changes; Unix ns."""

    integration: str
    at: int
    again: int


class Stand(Struct, frozen=True):
    """A group that holds the alert; `due` is its next turn, Unix ns."""

    receiver: str
    group_key: str
    due: int
    told: tuple[Told, ...]


class Explained(Struct, frozen=True):
    """`alert` and `status` are None for one that is no longer known."""

    record: TrailRecord
    alert: Alert | None
    status: Status | None
    stands: tuple[Stand, ...]


def explain(fingerprint: str, trail: Trail, running: Running, store: AlertStore, journal: Journal) -> Explained | None:
    """None if nothing was ever heard of it, or it was forgotten."""
    record = trail.of(fingerprint)
    if record is None:
        return None
    alert = store.get(fingerprint)
    status = None if alert is None else running.status_of(alert.labels)
    stands = tuple(_stand(group, running, journal) for group in running.dispatcher.groups() if fingerprint in group)
    return Explained(record, alert, status, stands)


def _stand(group: Group, running: Running, journal: Journal) -> Stand:
    integrations = running.integrations_of(group.route.receiver)
    return Stand(group.route.receiver, group.key, group.due, tuple(_told(group, integrations, journal)))


def _told(group: Group, integrations: tuple[Integration, ...], journal: Journal) -> Iterator[Told]:
    for one in integrations:
        told = journal.told((group.key, one.receiver, one.kind, one.index))
        if told is not None:
            yield Told(f"{one.kind}[{one.index}]", told.timestamp, told.timestamp + group.route.repeat_interval)
