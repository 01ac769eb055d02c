"""`engine rules preview`: over a folder, as table, bars and JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from engine.cli.testing.rules import rules as command
from engine.cli.testing.timeline import DRAWN, Look, bar, render
from engine.tsdb.batch import Batch
from engine.tsdb.store import Store
from promql.model.labels import Labels

MINUTE = 60_000
START = 1_700_000_040_000
RULE = 'groups: [{name: g, rules: [{alert: Down, expr: "x == 0", for: 2m, annotations: {is: "{{ $labels.job }} is"}}]}]'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store of one hour in which x falls to 0 from minute 20 to 40, and a rule file."""
    store = Store.open(tmp_path / "data" / "metrics")
    source = store.source("test")
    columns = source.columns([Labels.of(__name__="x", job="a")])
    for minute in range(61):
        value = 0.0 if 20 <= minute < 40 else 1.0
        store.append(source, [Batch(START + minute * MINUTE, columns, np.array([value]))])
    store.close()
    (tmp_path / "r.yml").write_text(RULE)
    return tmp_path


def invoke(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(command, ["preview", str(folder / "r.yml"), "--data-dir", str(folder / "data"), *words])


def test_the_table_says_when_an_alert_was_pending_and_firing(folder: Path) -> None:
    result = invoke(folder, "--since", "1h")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == "2023-11-14 22:14:00 to 2023-11-14 23:14:00 (1h)"
    assert lines[2] == "Down, for 2m: fired once"
    assert lines[3] == '  {job="a"}'
    assert set(lines[4].strip()) == {".", "-", "#"}
    assert "(20m), value 0" in lines[5]
    assert lines[6] == "      is: a is"


def test_json_is_what_the_api_answers(folder: Path) -> None:
    document = json.loads(invoke(folder, "--since", "1h", "--json").output)
    (rule,) = document["groups"][0]["rules"]
    (alert,) = rule["alerts"]
    assert alert["labels"] == {"alertname": "Down", "job": "a"}
    assert {"activeAt", "firedAt", "endedAt"} < alert.keys()


def test_only_the_alert_that_is_asked_for_is_shown(folder: Path) -> None:
    assert len(invoke(folder, "--since", "1h", "--alert", "Other").output.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["preview", "r.yml", "--data-dir", ".", "--url", "http://x"], "name one"),
        (["preview", "--data-dir", "."], "name at least one rule file"),
        (["preview", "--url", "http://127.0.0.1:1", "--interval", "1m"], "--interval goes with --data-dir"),
        (["preview", "--url", "http://x", "--until", "soon"], 'cannot parse "soon"'),
    ],
)
def test_wrong_usage_is_told(words: list[str], said: str) -> None:
    result = CliRunner().invoke(command, words)
    assert result.exit_code == 2
    assert said in result.output


def test_a_rule_that_fails_fails_the_command(folder: Path) -> None:
    (folder / "r.yml").write_text(
        'groups: [{name: g, rules: [{alert: A, expr: \'x * on(none) group_left x{job=~".+"} + "a"\'}]}]'
    )
    assert invoke(folder).exception is not None
    (folder / "r.yml").write_text(
        'groups: [{name: g, rules: [{record: r, expr: \'label_replace(x, "1", "", "a", "")\'}]}]'
    )
    result = invoke(folder)
    assert result.exit_code == 1
    assert "r: failed: " in result.output


def test_a_bar_shows_the_strongest_state_of_each_column() -> None:
    def at(seconds: int) -> str:
        return f"1970-01-01T00:{seconds // 60:02}:{seconds % 60:02}.000Z"

    lives = [{"activeAt": at(10), "firedAt": at(20), "endedAt": at(30)}, {"activeAt": at(90)}]
    assert bar(lives, (0, 100_000), Look(DRAWN, 22)) == "··░░██············░░"


def test_a_document_without_alerts_is_one_line_a_rule() -> None:
    rule = {"type": "alerting", "name": "A", "query": "x", "duration": 0, "keepFiringFor": 0, "alerts": []}
    document = {"start": "1970-01-01T00:00:00Z", "end": "1970-01-01T01:00:00Z", "groups": [{"rules": [rule]}]}
    assert list(render(document, Look(DRAWN, 80)))[1:] == ["", "A: fired never"]
