"""`engine routes` and `engine template render`: Alertmanager's files tried without an engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.cli.alerting.routes import routes
from engine.cli.alerting.template import template
from engine.foundation.errors import ConfigError
from tests.app.world import relative

CONFIG = """
route:
  receiver: team
  group_by: [alertname]
  routes:
  - {receiver: pager, matchers: [severity=page], continue: true, routes: [{receiver: db, matchers: ['job=~"db|sql"'], group_by: ['...'], group_wait: 5s}]}
  - {receiver: pager, matchers: [severity=page], mute_time_intervals: [night]}
time_intervals: [{name: night, time_intervals: [{}]}]
receivers: [{name: team}, {name: pager}, {name: db}]
templates: [t/*.tmpl]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "alertmanager.yml"
    path.write_text(CONFIG)
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "mine.tmpl").write_text('{{ define "mine" }}<{{ .CommonLabels.severity }}>{{ end }}')
    return path


def routed(config: Path, *words: str) -> Result:
    return CliRunner().invoke(routes, ["test", "--config", str(config), *words])


def test_the_receivers_that_hear_of_an_alert_are_told_in_order(config: Path) -> None:
    assert routed(config, "severity=page", "job=db").output == "db,pager\n"
    assert routed(config, "severity=page").output == "pager,pager\n"
    assert routed(config).output == "team\n"


def test_other_receivers_than_the_ones_wanted_fail(config: Path) -> None:
    assert routed(config, "severity=page", "--verify", "pager,pager").exit_code == 0
    failed = routed(config, "severity=page", "--verify", "team")
    assert (failed.exit_code, failed.output) == (1, "pager,pager\nwanted team\n")


def test_what_is_no_label_is_told(config: Path) -> None:
    assert "want NAME=VALUE" in routed(config, "x").output


def test_the_tree_shows_the_routes_that_match_and_why_tells_group_and_times(config: Path) -> None:
    told = routed(config, "severity=page", "job=db", "--tree", "--why").output.splitlines()
    assert told == [
        "default-route             receiver: team",
        '├── {severity="page"}  continue: true  receiver: pager',
        '│   └── {job=~"db|sql"}  receiver: db',
        '└── {severity="page"}  receiver: pager',
        "db,pager",
        '  db: group {}/{severity="page"}/{job=~"db|sql"}:{job="db", severity="page"}',
        "    group_wait 5s, group_interval 5m, repeat_interval 4h",
        '  pager: group {}/{severity="page"}:{}',
        "    group_wait 30s, group_interval 5m, repeat_interval 4h",
        "    mute_time_intervals night",
    ]
    assert "receiver: db" not in routed(config, "severity=page", "--tree").output
    assert len(CliRunner().invoke(routes, ["show", "--config", str(config)]).output.splitlines()) == 4


def test_a_file_with_mistakes_is_refused_with_all_of_them(config: Path) -> None:
    config.write_text(CONFIG.replace("receiver: db", "receiver: dba").replace("group_by: [alertname]", "group_bye: []"))
    result = routed(config)
    assert isinstance(result.exception, ConfigError)
    assert 'unknown key "group_bye"' in str(result.exception)
    assert "dba" in str(result.exception)


def filled(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(template, ["render", *words], input=stdin)


def test_a_text_is_filled_in_with_an_example(config: Path) -> None:
    assert filled('{{ template "slack.default.title" . }}').output == "[FIRING:1] Example (page)\n"
    assert filled("--config", str(config), '{{ template "mine" . }}').output == "<page>\n"
    assert filled("--config", str(relative(config)), '{{ template "mine" . }}').output == "<page>\n"
    own = ("--glob", str(config.parent / "t/*"))
    assert filled(*own, '{{ template "mine" . }}').output == "<page>\n"
    assert filled(*own, "--template.type", "html", "--template.text", "{{ print `<` }}").output == "&lt;\n"
    assert filled("-", stdin="{{ .Status }}").output == "firing\n"


def test_a_notification_of_ones_own_is_taken_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "data.json"
    alerts = [{"status": "resolved", "labels": {"a": "<b>"}, "startsAt": "2024-01-02T03:04:05.123456789+02:00"}]
    file.write_text(json.dumps({"receiver": "r", "alerts": alerts}))
    text = "{{ .Status }} {{ .CommonLabels.a }} {{ (index .Alerts 0).StartsAt }} {{ (index .Alerts 0).EndsAt.IsZero }}"
    told = filled("--data", str(file), text).output
    assert told == "resolved <b> 2024-01-02 03:04:05.123456789 +0200 +0200 true\n"
    assert filled("--data", str(file), "--html", "{{ .CommonLabels.a }}").output == "&lt;b&gt;\n"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("[", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ('{"alerts": 1}', "no notification"),
        ('{"alerts": [{"startsAt": "soon"}]}', "no time"),
    ],
)
def test_what_is_no_notification_is_refused(data: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text(data)
    result = filled("--data", str(tmp_path / "data.json"), "x")
    assert isinstance(result.exception, ConfigError)
    assert said in str(result.exception)


def test_a_template_that_fails_says_where() -> None:
    failed = filled("{{ .Nope }}")
    assert (failed.exit_code, "can't evaluate field Nope" in failed.output) == (1, True)
    assert filled().exit_code == 2
