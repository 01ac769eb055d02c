"""One flush of a group: what everybody on the way to its receivers knows about it."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from engine.alerting.alert import Alert
from engine.alerting.kept.trail import Where
from engine.alerting.routing.route import Route
from promql.model.labels import Labels

Alerts: TypeAlias = tuple[Alert, ...]


class Flush(Struct, frozen=True):
    """What all stages know about one flush of a group; instants are Unix ns. Alerts that fire end at NEVER."""

    route: Route
    group_labels: Labels
    group_key: str
    tick: int
    deadline: int

    @property
    def where(self) -> Where:
        return Where(self.route.receiver, self.group_key)
