"""The orders in which alerts and groups are listed; clients and templates rely on them."""

from __future__ import annotations

from functools import cmp_to_key
from typing import Final

from engine.alerting.alert import Alert
from promql.model.labels import Labels


def compare_label_sets(left: Labels, right: Labels) -> int:
    """Fewer labels first; then, over the names of both, the set that lacks a name first; then by value."""
    if len(left) != len(right):
        return -1 if len(left) < len(right) else 1
    mine, others = left.as_dict(), right.as_dict()
    for name in sorted({*mine, *others}):
        if name not in mine:
            return -1
        if name not in others:
            return 1
        if mine[name] != others[name]:
            return -1 if mine[name] < others[name] else 1
    return 0


by_label_set: Final = cmp_to_key(compare_label_sets)


def alert_order(alert: Alert) -> tuple[object, ...]:
    """A sort key: by job, then instance (an alert without one comes last), then label set."""
    job, instance = alert.labels.get("job"), alert.labels.get("instance")
    return (not job, job, not instance, instance, by_label_set(alert.labels))
