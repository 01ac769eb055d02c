"""Alerts as we see them, judged by `promtool test rules`: states minute by minute, and the texts of templates.

Our group is evaluated over a made-up series; what it writes and tells becomes the expectation of a unit test for
rules, which promtool then passes or fails.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from engine.rules.group import Group
from engine.rules.ports import Parts
from engine.rules.spec import AlertingRule
from engine.rules.templates import Expander
from engine.testing.manual_clock import ManualClock
from promql.model.labels import Labels
from promql.model.numbers import general
from promql.model.results import Result
from promql.model.staleness import is_stale
from tests.rules.fakes import FakeEvaluator, FakeStore, Told, alerting, group, vector

PROMTOOL: Final = shutil.which("promtool")
pytestmark = [pytest.mark.peer, pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")]

MINUTE: Final = 60_000
FORS: Final = ("0s", "1m", "3m", "150s")
MS: Final = {"0s": 0, "1m": MINUTE, "3m": 3 * MINUTE, "150s": 150_000, "6m": 6 * MINUTE}


def judged(folder: Path, rules: list[dict[str, Any]], tests: list[dict[str, Any]], **group_keys: int) -> str:
    """Promtool's verdict: nothing if it agrees, else what it says."""
    (folder / "rules.yml").write_text(json.dumps({"groups": [{"name": "g", "rules": rules, **group_keys}]}))
    case = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": tests}
    (folder / "test.yml").write_text(json.dumps(case))
    assert PROMTOOL is not None
    done = subprocess.run(
        [PROMTOOL, "test", "rules", "test.yml"], cwd=folder, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def over(patterns: dict[str, list[float]], threshold: float = 0.0) -> FakeEvaluator:
    """`x > threshold` and `x` over one sample a minute for each job."""

    def above(floor: float) -> Any:
        def answer(time: int) -> Result:
            now = {job: values[time // MINUTE] for job, values in patterns.items()}
            found = [({"__name__": "x", "job": job}, value) for job, value in now.items() if value > floor]
            return vector(*found)(time)

        return answer

    return FakeEvaluator({"x > 0": above(threshold), "x": above(float("-inf"))})


def stage(evaluate: FakeEvaluator, rules: Sequence[AlertingRule], limit: int = 0) -> tuple[Group, FakeStore, Told]:
    store, told = FakeStore(), Told()
    parts = Parts(clock=ManualClock(), store=store, evaluate=evaluate, expand=Expander(evaluate), notify=told)
    return Group(group(*rules, limit=limit), parts, restored=True), store, told


def written(rule: AlertingRule, hold: str = "0s", keep: str = "0s") -> dict[str, Any]:
    keys = {"alert": rule.name, "expr": rule.query, "labels": dict(rule.labels), "annotations": dict(rule.annotations)}
    return keys | ({} if hold == "0s" else {"for": hold}) | ({} if keep == "0s" else {"keep_firing_for": keep})


def seen(store: FakeStore, name: str, minute: int) -> list[dict[str, Any]]:
    """What a query for the metric gives at that minute."""
    return [
        {"labels": str(labels), "value": value}
        for labels, samples in store.samples.items()
        for time, value in samples
        if labels.name == name and time == minute * MINUTE and not is_stale(value.reshape(1))[0]
    ]


def queries(store: FakeStore, minutes: int) -> list[dict[str, Any]]:
    return [
        {"expr": name, "eval_time": f"{minute}m", "exp_samples": seen(store, name, minute)}
        for minute in range(minutes)
        for name in ("ALERTS", "ALERTS_FOR_STATE")
    ]


def series(patterns: dict[str, list[float]]) -> list[dict[str, str]]:
    return [
        {"series": str(Labels.of(__name__="x", job=job)), "values": " ".join(map(general, values))}
        for job, values in patterns.items()
    ]


def blinking(seed: int, minutes: int) -> dict[str, list[float]]:
    """Series that go on and off, some of them quickly and some slowly."""
    chance = random.Random(seed)
    patterns = {}
    for job, change in (("a", 0.5), ("b", 0.25), ("c", 0.1)):
        on, values = chance.random() < 0.5, []
        for _ in range(minutes):
            on ^= chance.random() < change
            values.append(float(on))
        patterns[job] = values
    return patterns


@pytest.mark.parametrize("seed", range(4))
async def test_states_are_promtools_minute_by_minute(seed: int, tmp_path: Path) -> None:
    minutes = 40
    patterns = blinking(seed, minutes)
    table = {f"For{hold}Keep{keep}": (hold, keep) for hold in FORS for keep in ("0s", "1m", "150s", "6m")}
    rules = {name: alerting(name, "x > 0", hold=MS[hold], keep_firing=MS[keep]) for name, (hold, keep) in table.items()}
    ours, store, _ = stage(over(patterns), list(rules.values()))
    for minute in range(minutes):
        await ours.evaluate(minute * MINUTE)
    test = {"interval": "1m", "input_series": series(patterns), "promql_expr_test": queries(store, minutes)}
    assert judged(tmp_path, [written(rule, *table[name]) for name, rule in rules.items()], [test]) == ""


async def test_promtool_would_notice(tmp_path: Path) -> None:
    patterns = {"a": [1.0] * 5}
    ours, store, _ = stage(over(patterns), [alerting("Down", "x > 0", hold=MINUTE)])
    for minute in range(5):
        await ours.evaluate(minute * MINUTE)
    test = {"interval": "1m", "input_series": series(patterns), "promql_expr_test": queries(store, 5)}
    assert "FAILED" in judged(tmp_path, [written(alerting("Down", "x > 0"), "2m")], [test])


TEMPLATES: Final = (
    "{{ $labels.job }} of {{ .Labels.__name__ }} is {{ $value }}",
    "missing: [{{ $labels.none }}]",
    '{{ printf "%.2f" $value }} {{ $value | humanize }} {{ humanizePercentage 0.1234 }}',
    "{{ humanizeDuration 3723.5 }} {{ humanize1024 123456789 }} {{ humanizeTimestamp 1435065584.128 }}",
    '{{ range query "x" | sortByLabel "job" }}{{ .Labels.job }}={{ .Value }};{{ end }}',
    '{{ with query "x" | sortByLabel "job" }}{{ . | first | label "job" }}/{{ . | first | value }}{{ end }}',
    "{{ if gt $value 3.0 }}much{{ else }}little{{ end }} {{ $labels.job | toUpper | title }}",
    '{{ reReplaceAll "(.)" "<$1>" $labels.job }} {{ match "^a" $labels.job }}',
    '{{ $externalURL }}|{{ tableLink "up > 0" }}|{{ graphLink "up" }}',
    '{{ define "t" }}[{{ . }}]{{ end }}{{ template "t" $labels.job }}',
    'wrong: {{ query "x" | label "job" }}',
    'empty: {{ query "nothing" | first | value }}',
)


async def test_the_texts_of_templates_are_promtools(tmp_path: Path) -> None:
    patterns = {"api": [4.5] * 3, "web": [1234567.0] * 3}
    annotations = {f"a{number}": text for number, text in enumerate(TEMPLATES)}
    evaluate = over(patterns)
    evaluate.answers = {**evaluate.answers, "nothing": vector()}
    rule = alerting("Down", "x > 0", labels={"team": "{{ $labels.job }}s"}, annotations=annotations)
    ours, _, told = stage(evaluate, [rule])
    await ours.evaluate(0)
    expected = [
        {"exp_labels": alert.labels.without({"alertname"}).as_dict(), "exp_annotations": dict(alert.annotations)}
        for alert in told.alerts
    ]
    test = {
        "interval": "1m",
        "input_series": series(patterns),
        "alert_rule_test": [{"eval_time": "0m", "alertname": "Down", "exp_alerts": expected}],
    }
    assert len(expected) == 2
    assert judged(tmp_path, [written(rule)], [test]) == ""


@pytest.mark.parametrize(
    "labels",
    [
        {"job": ""},
        {"job": "fixed"},
        {"alertname": "Other"},
        {"void": "{{ $labels.none }}"},
        {"alertstate": "mine"},
        {"kind": '{{ if eq $labels.job "a" }}first{{ end }}'},
    ],
    ids=str,
)
async def test_labels_of_alerts_are_promtools(labels: dict[str, str], tmp_path: Path) -> None:
    patterns = {"a": [0.0, 1.0, 1.0, 0.0], "b": [0.0, 0.0, 0.0, 0.0]}
    rule = alerting("Down", "x > 0", hold=MINUTE, labels=labels)
    ours, store, _ = stage(over(patterns), [rule])
    for minute in range(4):
        await ours.evaluate(minute * MINUTE)
    test = {"interval": "1m", "input_series": series(patterns), "promql_expr_test": queries(store, 4)}
    assert judged(tmp_path, [written(rule, "1m")], [test]) == ""


async def test_a_rule_without_distinct_alerts_fails_as_there(tmp_path: Path) -> None:
    patterns = {"a": [1.0, 1.0], "b": [1.0, 1.0]}
    rule = alerting("Down", "x > 0", labels={"job": ""})
    ours, store, _ = stage(over(patterns), [rule])
    await ours.evaluate(0)
    [running] = ours.rules
    said = judged(tmp_path, [written(rule)], [{"interval": "1m", "input_series": series(patterns)}])
    assert running.progress.last_error in said
    assert store.samples == {}


async def test_a_limit_fails_as_there(tmp_path: Path) -> None:
    patterns = {"a": [1.0, 1.0], "b": [1.0, 1.0]}
    rule = alerting("Down", "x > 0")
    ours, _, _ = stage(over(patterns), [rule], limit=1)
    await ours.evaluate(0)
    [running] = ours.rules
    query = {"expr": "ALERTS", "eval_time": "1m", "exp_samples": []}
    test = {"interval": "1m", "input_series": series(patterns), "promql_expr_test": [query]}
    said = judged(tmp_path, [written(rule)], [test], limit=1)
    assert running.progress.last_error == "exceeded limit of 1 with 2 alerts"
    assert running.progress.last_error in said
