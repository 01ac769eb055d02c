"""The file of a unit test: promtool's keys, and two of later releases or our own, which are told apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar

import msgspec

from engine.foundation.decode import Decoded, OnlyHere, Report, decode
from engine.foundation.errors import EngineError
from engine.testing.rules.series import input_series, metric, values
from promql.model.durations import Duration
from promql.syntax.parser import parse

_MINUTE = Duration(60_000)


class InputSeries(msgspec.Struct, frozen=True, kw_only=True):
    series: str = ""
    values: str = ""

    def check(self, report: Report) -> None:
        _attempt(lambda: input_series(self.series), report, "series")
        _attempt(lambda: values(self.values), report, "values")


class ExpectedAlert(msgspec.Struct, frozen=True, kw_only=True):
    """`exp_labels` without `alertname`."""

    exp_labels: Mapping[str, str] = {}
    exp_annotations: Mapping[str, str] = {}


class AlertCase(msgspec.Struct, frozen=True, kw_only=True):
    """What is firing of one name at one instant. Pending alerts are looked at only where `exp_pending` is given."""

    eval_time: Duration = Duration(0)
    alertname: str = ""
    exp_alerts: tuple[ExpectedAlert, ...] = ()
    exp_pending: Annotated[tuple[ExpectedAlert, ...] | None, OnlyHere("no promtool knows it")] = None

    def check(self, report: Report) -> None:
        if not self.alertname:
            report.error("an item under alert_rule_test misses required attribute alertname")


class ExpectedSample(msgspec.Struct, frozen=True, kw_only=True):
    labels: str = ""
    value: float = 0.0

    def check(self, report: Report) -> None:
        _attempt(lambda: metric(self.labels), report, "labels")


class QueryCase(msgspec.Struct, frozen=True, kw_only=True):
    """What an expression gives at one instant."""

    expr: str = ""
    eval_time: Duration = Duration(0)
    exp_samples: tuple[ExpectedSample, ...] = ()

    def check(self, report: Report) -> None:
        _attempt(lambda: parse(self.expr), report, "expr")


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """Samples, and what rules make of them (a test group, to promtool). An `interval` of 0 is that of the file."""

    interval: Duration = Duration(0)
    input_series: tuple[InputSeries, ...] = ()
    name: str = ""
    alert_rule_test: tuple[AlertCase, ...] = ()
    promql_expr_test: tuple[QueryCase, ...] = ()
    external_labels: Mapping[str, str] = {}
    external_url: str = ""

    @property
    def end(self) -> int:
        """The last instant that is asked about, ms."""
        cases: tuple[AlertCase | QueryCase, ...] = (*self.alert_rule_test, *self.promql_expr_test)
        return max((case.eval_time for case in cases), default=0)


class RuleTests(msgspec.Struct, frozen=True, kw_only=True):
    LATER: ClassVar[Mapping[str, str]] = {"start_timestamp": "Prometheus 3.9"}

    rule_files: tuple[str, ...] = ()
    evaluation_interval: Duration = _MINUTE
    group_eval_order: tuple[str, ...] = ()
    fuzzy_compare: Annotated[bool, OnlyHere("promtool refuses it before Prometheus 3.5")] = False
    tests: tuple[Scenario, ...] = ()

    @property
    def interval(self) -> int:
        """Between two turns of all rules, ms."""
        return self.evaluation_interval or _MINUTE

    def check(self, report: Report) -> None:
        for at, name in enumerate(self.group_eval_order):
            if name in self.group_eval_order[:at]:
                report.error(f"group name repeated in evaluation order: {name}", "group_eval_order", at)


def parse_tests(source: str | bytes, file: str) -> Decoded[RuleTests]:
    """The file's tests, and everything that is wrong with them."""
    return decode(source, RuleTests, file)


def _attempt(deed: Callable[[], object], report: Report, *at: str) -> None:
    try:
        deed()
    except EngineError as error:
        report.error(str(error), *at)
