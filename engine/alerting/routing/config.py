"""Routes and inhibition as they are written; nothing is inherited here yet.

Matchers, and the names in `group_by` and `equal`, are judged by `config_matching`, since it depends on the grammar in
force what is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Self

import msgspec

from engine.alerting.matching.grammar import is_name
from engine.foundation.decode import NullItem, Report
from engine.foundation.regexes import Regex
from engine.foundation.values import is_label_name
from promql.model.durations import Duration

ALL_LABELS: Final = "..."


class MatchName(str):
    """A label's name, as a key of `match` and `match_re`."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if not is_label_name(text):
            raise ValueError(f'invalid label name "{text}"')
        return cls(text)


class MatchersText(str):
    """One item of a `matchers` list, which may hold several; the grammar in force judges it."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        return cls(text)


class EqualLabel(str):
    """A label's name."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if not is_name(text):
            raise ValueError(f'"{text}" is not a valid label name')
        return cls(text)


MatchKey = Annotated[str, MatchName]


class RouteConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A node of the route tree; what is None or empty is inherited. `continue_` is the key `continue`."""

    LATER: ClassVar[Mapping[str, str]] = {"labels": "Alertmanager 0.34"}

    receiver: str = ""
    group_by: tuple[str, ...] = ()
    match: Mapping[MatchKey, str] = {}
    match_re: Mapping[MatchKey, Regex | None] = {}
    matchers: tuple[MatchersText, ...] = ()
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    continue_: bool = msgspec.field(name="continue", default=False)
    routes: Annotated[tuple[RouteConfig, ...], NullItem("null is no route")] = ()
    group_wait: Duration | None = None
    group_interval: Duration | None = None
    repeat_interval: Duration | None = None

    def check(self, report: Report) -> None:
        _check_regexes(self.match_re, report, "match_re")
        if ALL_LABELS in self.group_by and len(self.group_by) > 1:
            report.error("cannot have wildcard group_by (`...`) and other other labels at the same time", "group_by")
        for index, name in enumerate(self.group_by):
            if name in self.group_by[:index]:
                report.error(f'duplicated label "{name}" in group_by', "group_by", index)
        if self.group_interval is not None and not self.group_interval:
            report.error("group_interval cannot be zero", "group_interval")
        if self.repeat_interval is not None and not self.repeat_interval:
            report.error("repeat_interval cannot be zero", "repeat_interval")


class InhibitRuleConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Sources keep targets quiet that have the same values of the `equal` labels; null is a label that nobody has."""

    LATER: ClassVar[Mapping[str, str]] = {"name": "Alertmanager 0.30"}

    source_match: Mapping[MatchKey, str] = {}
    source_match_re: Mapping[MatchKey, Regex | None] = {}
    source_matchers: tuple[MatchersText, ...] = ()
    target_match: Mapping[MatchKey, str] = {}
    target_match_re: Mapping[MatchKey, Regex | None] = {}
    target_matchers: tuple[MatchersText, ...] = ()
    equal: tuple[EqualLabel | None, ...] = ()

    def check(self, report: Report) -> None:
        _check_regexes(self.source_match_re, report, "source_match_re")
        _check_regexes(self.target_match_re, report, "target_match_re")


def _check_regexes(matches: Mapping[str, Regex | None], report: Report, key: str) -> None:
    for name, regex in matches.items():
        if regex is None:
            report.error(f'invalid regexp value for "{name}"', key, name)
