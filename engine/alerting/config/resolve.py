"""From the config as it is written to the values that decide.

What a route does not say it inherits: receiver, grouping and the three intervals; not its matchers, not the time
intervals, not `continue`. An empty `group_by` list says nothing, so it inherits too.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from engine.alerting.config.document import ALL_LABELS, InhibitRuleConfig, RouteConfig
from engine.alerting.matching.conditions import compiled
from engine.alerting.matching.grammar import Grammar
from engine.alerting.matching.text import format_matchers
from engine.alerting.routing.inhibit import InhibitRule
from engine.alerting.routing.route import Route
from engine.foundation.clock import MILLISECOND, SECOND
from promql.model.durations import Duration

_DEFAULTS: Final = Route(
    receiver="",
    group_by=frozenset(),
    group_all=False,
    group_wait=30 * SECOND,
    group_interval=300 * SECOND,
    repeat_interval=4 * 3600 * SECOND,
    matchers=(),
    continues=False,
    mute_intervals=(),
    active_intervals=(),
    key="",
    place=(),
    children=(),
)


def build_route(config: RouteConfig, grammar: Grammar) -> Route:
    """The resolved tree of a checked config."""
    return _resolve(config, _DEFAULTS, (), grammar)


def build_rule(config: InhibitRuleConfig, grammar: Grammar) -> InhibitRule:
    return InhibitRule(
        compiled(config.source_match, config.source_match_re, config.source_matchers, grammar),
        compiled(config.target_match, config.target_match_re, config.target_matchers, grammar),
        tuple(name or "" for name in config.equal),
    )


def _resolve(config: RouteConfig, parent: Route, place: tuple[int, ...], grammar: Grammar) -> Route:
    matchers = compiled(config.match, config.match_re, config.matchers, grammar)
    grouped = bool(config.group_by)
    printed = format_matchers(matchers)
    node = Route(
        receiver=config.receiver or parent.receiver,
        group_by=frozenset(config.group_by) - {ALL_LABELS} if grouped else parent.group_by,
        group_all=ALL_LABELS in config.group_by if grouped else parent.group_all,
        group_wait=_ns(config.group_wait, parent.group_wait),
        group_interval=_ns(config.group_interval, parent.group_interval),
        repeat_interval=_ns(config.repeat_interval, parent.repeat_interval),
        matchers=matchers,
        continues=config.continue_,
        mute_intervals=tuple(config.mute_time_intervals),
        active_intervals=tuple(config.active_time_intervals),
        key=f"{parent.key}/{printed}" if place else printed,
        place=place,
        children=(),
    )
    children = (_resolve(c, node, (*place, i), grammar) for i, c in enumerate(config.routes))
    return replace(node, children=tuple(children))


def _ns(duration: Duration | None, inherited: int) -> int:
    return inherited if duration is None else duration * MILLISECOND
