"""Which alert keeps another one quiet. A decision over values: no clock, no I/O.

A target is inhibited while some firing alert matches a rule's source side and both have the same values of all
`equal` labels, where a missing label equals a missing one. Law against alerts that silence each other or
themselves: where the target matches the source side too, sources that match both sides do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from engine.alerting.alert import Alert
from promql.model.labels import Labels
from promql.model.matchers import Matcher, match_all


class InhibitRule(Struct, frozen=True):
    """`equal` in any order. No matchers match everything."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]

    def key(self, labels: Labels) -> tuple[str, ...]:
        return tuple(labels.get(name) for name in self.equal)


class Inhibitor:
    """The rules with the alerts that may be their sources, found by the values of the `equal` labels."""

    def __init__(self, rules: Sequence[InhibitRule]) -> None:
        self._rules = tuple((rule, _Sources()) for rule in rules)

    def learn(self, alert: Alert) -> None:
        """Take an alert as it now stands."""
        for rule, sources in self._rules:
            if match_all(rule.source, alert.labels):
                sources.put(rule.key(alert.labels), alert)

    def collect(self, now: int) -> None:
        """Forget sources that have resolved."""
        for _, sources in self._rules:
            sources.collect(now)

    def source(self, target: Labels, now: int) -> Alert | None:
        """An alert that inhibits the target, of the first rule that has one."""
        for rule, sources in self._rules:
            if match_all(rule.target, target):
                source = _firing_source(rule, sources.at(rule.key(target)), target, now)
                if source is not None:
                    return source
        return None

    def inhibited_by(self, target: Labels, now: int) -> str | None:
        """That alert's fingerprint."""
        source = self.source(target, now)
        return None if source is None else source.fingerprint


class _Sources:
    """Alerts by the values of the rule's `equal` labels. Mostly there is one of each, which needs no table."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, ...], Alert | dict[Labels, Alert]] = {}

    def put(self, key: tuple[str, ...], alert: Alert) -> None:
        found = self._found.get(key)
        if isinstance(found, dict):
            found[alert.labels] = alert
        elif found is None or found.labels == alert.labels:
            self._found[key] = alert
        else:
            self._found[key] = {found.labels: found, alert.labels: alert}

    def at(self, key: tuple[str, ...]) -> Iterable[Alert]:
        found = self._found.get(key)
        if isinstance(found, dict):
            return found.values()
        return () if found is None else (found,)

    def collect(self, now: int) -> None:
        """Forget those that have resolved."""
        kept = [(key, alert) for key in self._found for alert in self.at(key) if not alert.resolved_at(now)]
        self._found = {}
        for key, alert in kept:
            self.put(key, alert)


def _firing_source(rule: InhibitRule, candidates: Iterable[Alert], target: Labels, now: int) -> Alert | None:
    two_sided = match_all(rule.source, target)
    for alert in candidates:
        if not alert.resolved_at(now) and not (two_sided and match_all(rule.target, alert.labels)):
            return alert
    return None
