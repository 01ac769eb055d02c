"""Unit tests of rules, run: a file in, what failed out.

A turn of all groups is taken at every multiple of the file's `evaluation_interval` up to the last instant that is asked
about. Alerts are judged as of the turn before their instant, expressions after the last turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from engine.config.rules import parse_rules
from engine.foundation.errors import EngineError
from engine.foundation.files import matching
from engine.foundation.source import Finding, Severity, settled
from engine.rules.alerting import ALERT_NAME, ActiveAlert
from engine.rules.config import RuleFile
from engine.rules.load import group_specs
from engine.rules.recording import as_vector
from engine.rules.running import RunningAlerting
from engine.rules.spec import GroupSpec
from engine.rules.states import Phase
from engine.testing.rules.file import AlertCase, ExpectedAlert, QueryCase, RuleTests, Scenario, parse_tests
from engine.testing.rules.series import metric
from engine.testing.rules.verdicts import Failure, Thing, compare
from engine.testing.rules.world import World, WorldError
from promql.model.durations import format_duration


class Suite(Struct, frozen=True):
    """One file with the rule files that it names. Run its scenarios only if nothing is `fatal`."""

    path: Path
    tests: RuleTests
    rules: Mapping[str, RuleFile]
    findings: tuple[Finding, ...]
    sources: Mapping[str, bytes]

    @property
    def fatal(self) -> bool:
        return any(finding.fatal for finding in self.findings)

    def scenarios(self) -> Iterator[tuple[str, Scenario]]:
        """Each with the name that it is shown under: its own, or its number."""
        for number, scenario in enumerate(self.tests.tests, 1):
            yield scenario.name or f"test {number}", scenario


def read(path: Path) -> Suite:
    """Never raises for what stands in files."""
    sources: dict[str, bytes] = {}
    findings: list[Finding] = []

    def tell(severity: Severity, message: str, file: Path = path) -> None:
        findings.append(Finding(severity, str(file), 1, 1, "", message))

    def content(file: Path) -> bytes:
        try:
            sources[str(file)] = file.read_bytes()
        except OSError as error:
            tell(Severity.ERROR, f"can't be read: {error.strerror}", file)
            return b""
        return sources[str(file)]

    decoded = parse_tests(content(path), str(path))
    rules: dict[str, RuleFile] = {}
    for pattern in decoded.value.rule_files:
        files = matching(str(path.parent / pattern))
        if not files:
            tell(Severity.WARNING, f'rule_files: "{pattern}" matches no file')
        for file in files:
            if str(file) not in rules:
                found = parse_rules(content(file), str(file))
                rules[str(file)] = found.value
                findings.extend(found.findings)
    return Suite(path, decoded.value, rules, settled([*decoded.findings, *findings]), sources)


def run(file: Suite, scenario: Scenario) -> list[Failure]:
    """What one scenario finds wrong. Runs a loop of its own."""
    return asyncio.run(judge(file, scenario))


async def judge(file: Suite, scenario: Scenario) -> list[Failure]:
    """What one scenario finds wrong."""
    tests = file.tests
    world = World(
        ordered(group_specs(file.rules, tests.interval), tests.group_eval_order),
        scenario.input_series,
        interval=scenario.interval or tests.interval,
        turn=tests.interval,
        external_labels=scenario.external_labels,
        external_url=scenario.external_url,
    )
    failures: list[Failure] = []
    due = sorted(scenario.alert_rule_test, key=lambda case: case.eval_time)
    try:
        for time in range(0, scenario.end + 1, tests.interval):
            await world.turn(time)
            while due and due[0].eval_time < time + tests.interval:
                failures += _alerts(world, due.pop(0))
    except WorldError as error:
        return [*failures, Failure("the evaluation ended", reason=str(error))]
    for query in scenario.promql_expr_test:
        failures += await _samples(world, query, fuzzy=tests.fuzzy_compare)
    return failures


def ordered(groups: Sequence[GroupSpec], order: Sequence[str]) -> list[GroupSpec]:
    """Those that the order names, as it names them; the others rank with its first."""
    rank = {name: at for at, name in enumerate(order)}
    return sorted(groups, key=lambda group: rank.get(group.name, 0))


def _alerts(world: World, case: AlertCase) -> Iterator[Failure]:
    rules = [rule for rule in world.rules if isinstance(rule, RunningAlerting) and rule.rule.name == case.alertname]
    active = [alert for rule in rules for alert in rule.alerts.active]
    wanted = {Phase.FIRING: case.exp_alerts, Phase.PENDING: case.exp_pending}
    for phase, expected in wanted.items():
        if expected is None:
            continue
        what = f"alert {case.alertname}, {phase.value} at {format_duration(case.eval_time)}"
        got = [_seen(alert) for alert in active if alert.entry.phase is phase]
        failure = compare(what, [_expected(case.alertname, alert) for alert in expected], got)
        if failure is not None and not rules:
            failure = Failure(what, failure.pairs, f"no alerting rule is named {case.alertname}")
        if failure is not None:
            yield failure


def _expected(name: str, alert: ExpectedAlert) -> Thing:
    return Thing({**alert.exp_labels, ALERT_NAME: name}, alert.exp_annotations)


def _seen(alert: ActiveAlert) -> Thing:
    return Thing(alert.labels.as_dict(), dict(alert.annotations))


async def _samples(world: World, case: QueryCase, *, fuzzy: bool) -> list[Failure]:
    what = f"{case.expr} at {format_duration(case.eval_time)}"
    try:
        found = as_vector(await world.query(case.expr, case.eval_time))
    except EngineError as error:
        return [Failure(what, reason=str(error))]
    expected = [Thing(metric(sample.labels).as_dict(), value=sample.value) for sample in case.exp_samples]
    got = [
        Thing(labels.as_dict(), value=value) for labels, value in zip(found.labels, found.values.tolist(), strict=True)
    ]
    failure = compare(what, expected, got, fuzzy=fuzzy)
    return [failure] if failure is not None else []
