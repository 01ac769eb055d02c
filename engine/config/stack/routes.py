"""Routes and receivers that lead nowhere: to nobody, from nobody, or behind one that takes all.

Law: a route is called unreachable only where no alert of the rules could come to it, whatever its values; labels that a
template or an expression gives may have any value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from engine.alerting.config.document import AlertmanagerConfig
from engine.alerting.config.receivers import Receiver
from engine.alerting.matching.conditions import compiled
from engine.alerting.matching.grammar import Grammar
from engine.alerting.matching.text import format_matchers
from engine.alerting.routing.config import RouteConfig
from engine.foundation.source import Path
from engine.rules.config import Rule
from engine.rules.lint.labels import Possible, possible
from promql.model.matchers import Matcher
from promql.syntax.parser import parse


class Alert(Struct, frozen=True):
    """What is known of the alerts of a rule: labels that it gives, and those that its expression may give."""

    given: dict[str, str]
    may: Possible

    @classmethod
    def of(cls, rule: Rule, external: dict[str, str]) -> Alert:
        """The expression of the rule must parse."""
        return cls({**external, **rule.labels, "alertname": rule.alert}, possible(parse(rule.expr)))

    def could_match(self, matcher: Matcher) -> bool:
        text = self.given.get(matcher.name)
        if text is not None and "{{" in text:
            return True
        if text is not None:
            return matcher.matches(text)
        return matcher.name in self.may or matcher.matches("")


def dead_ends(config: AlertmanagerConfig, alerts: Sequence[Alert]) -> Iterator[tuple[Path, str]]:
    """Places in the Alertmanager's file, and what is wrong there."""
    if config.route is None:
        return
    named = set(_receivers(config.route))
    for index, receiver in enumerate(config.receivers):
        if receiver.name not in named:
            yield ("receivers", index, "name"), f'no route leads to "{receiver.name}"'
    silent = {receiver.name for receiver in config.receivers if _is_silent(receiver)}
    yield from _walk(config.route, ("route",), silent, alerts)


def _walk(route: RouteConfig, at: Path, silent: set[str], alerts: Sequence[Alert]) -> Iterator[tuple[Path, str]]:
    """`alerts` are those that come to this route."""
    if route.receiver in silent:
        yield (*at, "receiver"), f'"{route.receiver}" has no integration: whatever comes here is told to nobody'
    taken: list[tuple[Matcher, ...]] = []
    for index, child in enumerate(route.routes):
        here: Path = (*at, "routes", index)
        matchers = compiled(child.match, child.match_re, child.matchers, Grammar.BOTH)
        below = [alert for alert in alerts if all(map(alert.could_match, matchers))]
        if any(set(earlier) <= set(matchers) for earlier in taken):
            yield here, "never reached: a route before it takes all of these alerts, and does not continue"
        elif alerts and not below:
            yield here, f"no alert of the rules could match {format_matchers(matchers)}"
        else:
            yield from _walk(child, here, silent, below)
        if not child.continue_:
            taken.append(matchers)


def _receivers(route: RouteConfig) -> Iterator[str]:
    yield route.receiver
    for child in route.routes:
        yield from _receivers(child)


def _is_silent(receiver: Receiver) -> bool:
    return not any(
        getattr(receiver, field.name) for field in msgspec.structs.fields(receiver) if field.name.endswith("_configs")
    )
