"""Verdicts on unit tests of rules, ours beside `promtool test rules`: its own files, and files made by chance.

Where a random file shall pass, its expectations are what our own run gave; then some are spoiled.
"""

from __future__ import annotations

import json
import math
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from engine.testing.rules.run import read, run
from engine.testing.rules.verdicts import Thing
from promql.model.labels import Labels

PROMTOOL: Final = shutil.which("promtool")
pytestmark = [pytest.mark.peer, pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")]

FILES: Final = (
    "at-modifier-test", "bad-input-series", "bad-promql", "bad-rules-error-test", "bad-rules-syntax-test", "failing",
    "long-period", "negative-offset-test", "unittest",
)  # fmt: skip
ITEMS: Final = (
    "1", "-1", "+2.5", ".5", "1.", "1e3", "1e-2", "1E+2", "Inf", "+Inf", "-Inf", "nan", "stale", "_", "_x3", "_x0", "1x3",
    "1+1x3", "1-1x3", "-1-1.5x2", "1+-1x2", "0x10", "0x1F", "010", "1x", "x3", "stalex2", "Infx2", "Inf+1x2", "1+1",
    "1x-2", "--1", "a", "1a", "1x2.5", "_3", "__", "1+.5x2", "1_000", "1+1e1x2", "NaN-1x1", "1e", "1,2",
)  # fmt: skip
METRICS: Final = (
    "x", "x{}", '{a="1"}', 'x{a="1"}', "x{a='1',}", 'x{a=~"1"}', "x{", "{}", "", 'x{a="1",b=""}', "1x", "x:y", "x-y",
    'x{__name__="x"}', "sum", "x{a=1}", 'x {a="1"}', "x[5m]", 'x{a="1",b="2"} offset 5m',
)  # fmt: skip
RULES: Final[tuple[dict[str, Any], ...]] = (
    {"record": "r:sum", "expr": "sum by (job) (x)"},
    {"record": "r:rate", "expr": "rate(x[2m])", "labels": {"kind": "rate"}},
    {"record": "r:twice", "expr": "r:sum * 2"},
    {"record": "r:one", "expr": "1"},
    {"alert": "High", "expr": "x > 2", "for": "2m", "labels": {"severity": "page"}, "annotations": {"is": "{{ $value }}"}},
    {"alert": "Any", "expr": "x", "labels": {"from": "{{ $labels.job }}"}},
    {"alert": "Kept", "expr": "x > 3", "keep_firing_for": "150s", "annotations": {"dc": "{{ $externalLabels.dc }}"}},
    {"alert": "Gone", "expr": "absent(x{job='b'})", "for": "90s"},
    {"alert": "Any", "expr": "r:sum > 4", "annotations": {"q": '{{ range query "sum(r:sum)" }}{{ . | value }}{{ end }}'}},
)  # fmt: skip
QUERIES: Final = (
    "x", "r:sum", "r:rate", "r:twice", "r:one", "ALERTS", "ALERTS_FOR_STATE", "count(ALERTS) by (alertstate)",
    "timestamp(r:sum)", "count_over_time(x[5m:])", "sum(x)", "x > 1", "vector(1)", "time()",
)  # fmt: skip


def passes(path: Path) -> bool:
    """Promtool's verdict."""
    assert PROMTOOL is not None
    command = [PROMTOOL, "test", "rules", path.name]
    done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode == 0


def ours(path: Path) -> bool:
    file = read(path)
    return not file.fatal and not any(run(file, scenario) for _, scenario in file.scenarios())


def put(folder: Path, scenario: dict[str, Any], rules: list[dict[str, Any]], interval: str) -> Path:
    groups = [{"name": "g", "rules": rules[::2]}, {"name": "h", "rules": rules[1::2]}]
    (folder / "rules.yml").write_text(json.dumps({"groups": [one for one in groups if one["rules"]]}))
    tests = {"rule_files": ["rules.yml"], "evaluation_interval": interval, "group_eval_order": ["g", "h"]}
    path = folder / "tests.yml"
    path.write_text(json.dumps(tests | {"tests": [scenario]}))
    return path


def scenario_by(chance: random.Random) -> dict[str, Any]:
    series = [
        {"series": f'x{{job="{job}",n="{number}"}}', "values": " ".join(values_by(chance) for _ in range(6))}
        for job in "ab"
        for number in range(chance.randint(0, 2))
    ]
    times = [f"{chance.randint(0, 900)}s" for _ in range(6)]
    return {
        "interval": chance.choice(("30s", "1m", "2m")),
        "external_labels": {"dc": "here"},
        "input_series": series,
        "alert_rule_test": [
            {"eval_time": time, "alertname": name} for time in times for name in ("High", "Any", "Kept")
        ],
        "promql_expr_test": [{"eval_time": time, "expr": chance.choice(QUERIES)} for time in times for _ in range(3)],
    }


def values_by(chance: random.Random) -> str:
    return chance.choice(("_", "stale", f"{chance.randint(0, 5)}", f"{chance.randint(0, 5)}+1x2", f"{chance.randint(3, 6)}x2", "_x2"))  # fmt: skip


def learnt(path: Path, scenario: dict[str, Any]) -> dict[str, Any]:
    """The scenario with what our run gave as its expectations. It expects nothing yet, so all that was got is unexpected."""
    file = read(path)
    assert not file.fatal, file.findings
    failures = [failure for _, one in file.scenarios() for failure in run(file, one)]
    assert all(not failure.reason for failure in failures), failures
    got = {failure.what: [pair.got for pair in failure.pairs if pair.got is not None] for failure in failures}
    alerts = [
        case | {"exp_alerts": [alert_of(one) for one in found(got, case)]} for case in scenario["alert_rule_test"]
    ]
    queries = [
        case | {"exp_samples": [sample_of(one) for one in found(got, case)]} for case in scenario["promql_expr_test"]
    ]
    return scenario | {"alert_rule_test": alerts, "promql_expr_test": queries}


def found(got: dict[str, list[Thing]], case: dict[str, Any]) -> list[Thing]:
    minutes, seconds = divmod(int(case["eval_time"][:-1]), 60)
    time = (f"{minutes}m" if minutes else "") + (f"{seconds}s" if seconds or not minutes else "")
    return got.get(
        f"alert {case['alertname']}, firing at {time}" if "alertname" in case else f"{case['expr']} at {time}", []
    )


def alert_of(thing: Thing) -> dict[str, Any]:
    labels = {name: value for name, value in thing.labels.items() if name != "alertname"}
    return {"exp_labels": labels, "exp_annotations": dict(thing.annotations)}


def sample_of(thing: Thing) -> dict[str, Any]:
    assert thing.value is not None
    assert math.isfinite(thing.value)
    return {"labels": str(Labels.of(thing.labels)), "value": thing.value}


@pytest.mark.parametrize("name", FILES)
def test_promtools_own_files_are_judged_alike(name: str, conformance: Path) -> None:
    path = conformance / "prometheus" / "promtool" / f"{name}.yml"
    assert ours(path) == passes(path)


@pytest.mark.parametrize("text", ITEMS)
def test_values_are_read_or_refused_alike(text: str, tmp_path: Path) -> None:
    query = {"expr": "count_over_time(x[1h]) or vector(0)", "eval_time": "59m"}
    scenario = {"interval": "1m", "input_series": [{"series": "x", "values": text}], "promql_expr_test": [query]}
    path = put(tmp_path, scenario, [], "59m")
    file = read(path)
    if file.fatal:
        assert not passes(path)
    else:
        assert passes(put(tmp_path, learnt(path, scenario | {"alert_rule_test": [], "promql_expr_test": [query | {"eval_time": "3540s"}]}), [], "59m"))  # fmt: skip


@pytest.mark.parametrize("text", METRICS)
@pytest.mark.parametrize("place", ["series", "labels"])
def test_names_of_series_are_read_or_refused_alike(text: str, place: str, tmp_path: Path) -> None:
    if place == "series":
        scenario: dict[str, Any] = {"interval": "1m", "input_series": [{"series": text, "values": "1"}]}
    else:
        scenario = {"promql_expr_test": [{"expr": "vector(1)", "exp_samples": [{"labels": text, "value": 1}]}]}
    path = put(tmp_path, scenario, [], "1m")
    assert ours(path) == passes(path)


@pytest.mark.parametrize("seed", range(12))
def test_files_made_by_chance_pass_and_fail_alike(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    rules, interval = chance.sample(RULES, chance.randint(3, len(RULES))), chance.choice(("30s", "1m", "90s"))
    scenario = scenario_by(chance)
    right = learnt(put(tmp_path, scenario, rules, interval), scenario)
    path = put(tmp_path, right, rules, interval)
    assert ours(path)
    assert passes(path)
    spoiled = json.loads(json.dumps(right))
    cases = [case for case in spoiled["alert_rule_test"] if case["exp_alerts"]]
    if cases:
        chance.choice(cases)["exp_alerts"][0]["exp_labels"]["more"] = "x"
    else:
        spoiled["promql_expr_test"].append({"expr": "vector(1)"})
    path = put(tmp_path, spoiled, rules, interval)
    assert not ours(path)
    assert not passes(path)
