"""Which alert keeps another one quiet. A decision over values: no clock, no I/O.

A target is inhibited while some firing alert matches a rule's source side and both have the same values of all
`equal` labels, where a missing label equals a missing one. Law against alerts that silence each other or
themselves: where the target matches the source side too, sources that match both sides do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.alerting.alert import Alert
from promql.model.labels import Labels
from promql.model.matchers import Matcher, match_all


@dataclass(frozen=True, slots=True)
class InhibitRule:
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
                sources.setdefault(rule.key(alert.labels), {})[alert.fingerprint] = alert

    def collect(self, now: int) -> None:
        """Forget sources that have resolved."""
        for _, sources in self._rules:
            for key, alerts in list(sources.items()):
                kept = {name: alert for name, alert in alerts.items() if not alert.resolved_at(now)}
                if kept:
                    sources[key] = kept
                else:
                    del sources[key]

    def source(self, target: Labels, now: int) -> Alert | None:
        """An alert that inhibits the target, of the first rule that has one."""
        for rule, sources in self._rules:
            if match_all(rule.target, target):
                source = _firing_source(rule, sources.get(rule.key(target), {}).values(), target, now)
                if source is not None:
                    return source
        return None

    def inhibited_by(self, target: Labels, now: int) -> str | None:
        """That alert's fingerprint."""
        source = self.source(target, now)
        return None if source is None else source.fingerprint


class _Sources(dict[tuple[str, ...], dict[str, Alert]]):
    """Alerts by fingerprint, by the values of the rule's `equal` labels."""


def _firing_source(rule: InhibitRule, candidates: Iterable[Alert], target: Labels, now: int) -> Alert | None:
    two_sided = match_all(rule.source, target)
    for alert in candidates:
        if not alert.resolved_at(now) and not (two_sided and match_all(rule.target, alert.labels)):
            return alert
    return None
