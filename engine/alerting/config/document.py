"""Alertmanager's configuration as it is written: the whole file, and what joins its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

import msgspec

from engine.alerting.config.receivers import GlobalConfig, Receiver, lacking, with_globals
from engine.alerting.routing.config import ALL_LABELS, InhibitRuleConfig, RouteConfig
from engine.alerting.routing.interval_config import NamedTimeIntervals
from engine.foundation.decode import NullItem, Report
from engine.foundation.source import Path
from engine.foundation.values import FilePath

__all__ = [
    "ALL_LABELS",
    "AlertmanagerConfig",
    "GlobalConfig",
    "InhibitRuleConfig",
    "NamedTimeIntervals",
    "Receiver",
    "RouteConfig",
    "resolve",
]


class AlertmanagerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A whole file. `global_` is the key `global`; `route` is None only where the file is refused."""

    EXTENSIONS: ClassVar[str] = "Alertmanager"
    LATER: ClassVar[Mapping[str, str]] = {"tracing": "Alertmanager 0.30", "event_recorder": "Alertmanager 0.33"}

    global_: GlobalConfig = msgspec.field(name="global", default=GlobalConfig())
    route: RouteConfig | None = None
    inhibit_rules: Annotated[tuple[InhibitRuleConfig, ...], NullItem("null is no inhibit rule")] = ()
    receivers: Annotated[tuple[Receiver, ...], NullItem("null is no receiver")] = ()
    templates: tuple[FilePath, ...] = ()
    mute_time_intervals: Annotated[tuple[NamedTimeIntervals, ...], NullItem("null is no time interval")] = ()
    time_intervals: Annotated[tuple[NamedTimeIntervals, ...], NullItem("null is no time interval")] = ()

    def check(self, report: Report) -> None:
        self._check_receivers(report)
        self._check_intervals(report)
        if self.route is None:
            report.error("no routes provided: the file needs a `route:` that names a default `receiver:`")
        else:
            _check_root(self.route, report)
            self._check_names(report)

    def _check_receivers(self, report: Report) -> None:
        names = [receiver.name for receiver in self.receivers]
        for index, receiver in enumerate(self.receivers):
            if receiver.name and receiver.name in names[:index]:
                report.error(f'notification config name "{receiver.name}" is not unique', "receivers", index, "name")
            for kind, place, message in lacking(receiver, self.global_):
                report.error(message, "receivers", index, kind, place)

    def _check_intervals(self, report: Report) -> None:
        seen: set[str] = set()
        for key, what in (("mute_time_intervals", "mute time interval"), ("time_intervals", "time interval")):
            named: tuple[NamedTimeIntervals, ...] = getattr(self, key)
            for index, interval in enumerate(named):
                if interval.name in seen:
                    report.error(f'{what} "{interval.name}" is not unique', key, index, "name")
                seen.add(interval.name)

    def _check_names(self, report: Report) -> None:
        receivers = {receiver.name for receiver in self.receivers}
        intervals = {named.name for named in (*self.mute_time_intervals, *self.time_intervals)}
        for route, at in walk(self.route):
            if route.receiver and route.receiver not in receivers:
                report.error(f'undefined receiver "{route.receiver}" used in route', *at, "receiver")
            for key in ("mute_time_intervals", "active_time_intervals"):
                for index, name in enumerate(getattr(route, key)):
                    if name not in intervals:
                        report.error(f'undefined time interval "{name}" used in route', *at, key, index)


def resolve(config: AlertmanagerConfig) -> AlertmanagerConfig:
    """With receivers that need no globals any more."""
    return msgspec.structs.replace(
        config, receivers=tuple(with_globals(receiver, config.global_) for receiver in config.receivers)
    )


def _check_root(root: RouteConfig, report: Report) -> None:
    if not root.receiver:
        report.error("root route must specify a default receiver", "route")
    for key in ("match", "match_re", "matchers"):
        if getattr(root, key):
            report.error("root route must not have any matchers", "route", key)
    if root.mute_time_intervals:
        report.error("root route must not have any mute time intervals", "route", "mute_time_intervals")
    if root.active_time_intervals:
        report.error("root route must not have any active time intervals", "route", "active_time_intervals")
    if root.continue_:
        report.error("cannot have continue in root route", "route", "continue")


def walk(route: RouteConfig | None, at: Path = ("route",)) -> Iterator[tuple[RouteConfig, Path]]:
    """All routes, each with its place in the file."""
    if route is not None:
        yield route, at
        for index, child in enumerate(route.routes):
            yield from walk(child, (*at, "routes", index))
