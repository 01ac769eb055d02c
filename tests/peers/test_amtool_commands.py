"""`engine routes test` and `engine template render` beside amtool's, over the same files."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.cli.alerting.routes import routes
from engine.cli.alerting.template import template
from tests.peers.test_alertmanager import original

pytestmark = pytest.mark.peer

CONFIG = """
route:
  receiver: team
  routes:
  - {receiver: pager, match: {severity: page}, continue: true, routes: [{match_re: {job: "db|sql"}, receiver: db}, {matchers: ['x!="1"', y=~"a.*"], receiver: xy}]}
  - {receiver: pager, matchers: [severity=page]}
  - {matchers: ['owner=""', 'team!~"a|b"'], receiver: nobody, continue: true}
  - {matchers: [team=a], receiver: a}
receivers: [{name: team}, {name: pager}, {name: db}, {name: xy}, {name: nobody}, {name: a}]
"""
ALERTS = [
    [], ["severity=page"], ["severity=page", "job=db"], ["severity=page", "job=dbx", "y=ab"], ["team=a"],
    ["team=a", "owner=me"], ["severity=page", "job=sql", "y=a", "x=1"], ["owner=me"], ["severity=page", "y=a", "team=c"],
]  # fmt: skip
TEXTS = [
    "{{ .Status }} {{ .Receiver }} {{ .ExternalURL }}", "{{ len .Alerts.Firing }}{{ (index .Alerts 0).Labels.instance }}",
    "{{ range .CommonLabels.SortedPairs }}{{ .Name }}={{ .Value }};{{ end }}", "{{ .CommonAnnotations }}",
    "{{ range .Alerts }}{{ .StartsAt }}|{{ .EndsAt }}|{{ .Fingerprint }}{{ end }}", "{{ .GroupLabels.alertname | toUpper }}",
    '{{ join "," .CommonLabels.Names }}', "<b title='{{ .CommonLabels.alertname }}'>{{ .CommonLabels.alertname }}</b>",
]  # fmt: skip


def amtool(*words: str) -> str:
    done = subprocess.run([original("amtool"), *words], capture_output=True, text=True, timeout=30, check=True)
    return done.stdout


@pytest.mark.parametrize("labels", ALERTS)
def test_the_same_receivers_hear_of_an_alert(labels: list[str], tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(CONFIG)
    mine = CliRunner().invoke(routes, ["test", "--config", str(file), *labels])
    assert mine.output == amtool("config", "routes", "test", f"--config.file={file}", *labels)


@pytest.mark.parametrize("kind", ["text", "html"])
def test_templates_render_alike(kind: str, tmp_path: Path) -> None:
    raw = json.loads((Path(__file__).parents[1] / "alerting/payloads/webhook-all-resolved.json").read_bytes())
    (tmp_path / "data.json").write_text(json.dumps(raw))
    (tmp_path / "a.tmpl").write_text('{{ define "x" }}{{ end }}')
    words = (f"--template.data={tmp_path / 'data.json'}", f"--template.glob={tmp_path / '*.tmpl'}")
    for text in TEXTS:
        mine = CliRunner().invoke(template, ["render", *words, f"--template.type={kind}", f"--template.text={text}"])
        theirs = amtool("template", "render", *words, f"--template.type={kind}", f"--template.text={text}")
        assert mine.output.rstrip("\n") == theirs.rstrip("\n"), text
