"""All files of a stack together."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.check import BAD, LINT, Judging
from engine.config.stack.check import check_stack
from engine.foundation.errors import ConfigError
from engine.foundation.source import Severity

COMPOSE = """
services:
  prom:
    image: prom/prometheus:v2.42.0
    command: --config.file=/etc/prometheus/prometheus.yml --storage.tsdb.path=/prometheus
    volumes:
    - ./prometheus/prometheus.yml:/etc/prometheus/prometheus.yml
    - type: bind
      source: ./prometheus/rules
      target: /etc/prometheus/rules
    - data:/prometheus
  am:
    image: quay.io/prometheus/alertmanager@sha256:1
    container_name: alerts
    command: [--config.file=/etc/alertmanager/config.yml]
    volumes: ['./alertmanager:/etc/alertmanager:ro']
    networks: {back: {aliases: [pager]}}
"""
PROMETHEUS = """
rule_files: [rules/*.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ['pager:9093']}]}]}
scrape_configs: [{job_name: self, static_configs: [{targets: ['localhost:9090', 'alerts:9093']}]}]
"""
RULES = """
groups:
- name: g
  rules:
  - {record: 'job:up:sum', expr: sum by (job) (up)}
  - {alert: Down, expr: job:up:sum == 0, for: 5m, labels: {severity: page}}
  - {alert: Full, expr: 'disk_free{mode="a"} < 1', for: 5m, labels: {severity: '{{ $labels.level }}'}}
"""
ALERTMANAGER = """
route:
  receiver: team
  routes:
  - {match: {severity: page}, receiver: pager}
receivers:
- {name: team, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
- {name: pager, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
"""


class Files:
    """A stack that is right, and what a test makes of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in (
            ("docker-compose.yml", COMPOSE), ("prometheus/prometheus.yml", PROMETHEUS),
            ("prometheus/rules/r.yml", RULES), ("alertmanager/config.yml", ALERTMANAGER),
        ):  # fmt: skip
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def change(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def said(self, exposed: set[str] | None = None) -> list[str]:
        """Findings, with places but without the folder."""
        found = check_stack(self.folder, exposed).findings
        return [str(finding).removeprefix(f"{self.folder}/") for finding in found]


@pytest.fixture
def stack(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_a_stack_that_is_right_has_no_findings(stack: Files) -> None:
    assert stack.said({"up", "disk_free"}) == []


def test_names_that_variables_of_the_environment_stand_for_are_judged(stack: Files) -> None:
    stack.change("prometheus/prometheus.yml", "alerts:9093", "${HOST}:9093")
    (finding,) = check_stack(stack.folder, how=Judging(environment={"HOST": "nobody"})).findings
    assert finding.message == 'no service of the stack is called "nobody"'
    assert check_stack(stack.folder, how=Judging(environment={"HOST": "alerts"})).findings == ()


def test_a_folder_of_rules_that_is_not_mounted_is_told_with_the_mount_that_is_missing(stack: Files) -> None:
    stack.change("docker-compose.yml", "target: /etc/prometheus/rules", "target: /etc/elsewhere")
    (line,) = stack.said()
    assert line == (
        "prometheus/prometheus.yml:2:14: rule_files[0]: no volume of prom holds /etc/prometheus/rules: the container"
        " would not see rules/*.yml (mount ./prometheus/rules:/etc/prometheus/rules)"
    )


def test_a_config_that_the_container_does_not_look_for_is_told_with_the_flag_that_is_missing(stack: Files) -> None:
    stack.change(
        "docker-compose.yml",
        "./alertmanager:/etc/alertmanager:ro",
        "./alertmanager/config.yml:/etc/alertmanager/config.yml",
    )
    stack.change("docker-compose.yml", "    command: [--config.file=/etc/alertmanager/config.yml]\n", "")
    (line,) = stack.said()
    assert line.endswith(
        "the container looks for its configuration at /etc/alertmanager/alertmanager.yml, where nothing is mounted;"
        " it sees /etc/alertmanager/config.yml: name that by --config.file=/etc/alertmanager/config.yml"
    )


def test_a_part_of_the_stack_that_is_mounted_and_not_there_is_told(stack: Files) -> None:
    stack.change("docker-compose.yml", "- data:/prometheus", "- ./nowhere:/etc/prometheus/targets\n    - /proc/none:/p")
    (line,) = stack.said()
    assert line.endswith("nowhere is not there: docker would mount an empty folder as /etc/prometheus/targets")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("node-exporter:9100", 'no service of the stack is called "node-exporter"'),
        ("localhost:9100", None),
        ("127.0.0.1:8080", None),
        ("node.example.org:9100", ""),
        ("am:9093", ""),
    ],
)
def test_names_that_no_container_answers_to_are_told(target: str, said: str | None, stack: Files) -> None:
    stack.change(
        "prometheus/prometheus.yml",
        "scrape_configs: [",
        f"scrape_configs: [{{job_name: x, static_configs: [{{targets: ['{target}']}}]}}, ",
    )
    if said is None:
        said = f"{target.partition(':')[0]} is the container of prom itself, not the machine"
    assert [line.partition("targets[0]: ")[2] for line in stack.said()] == ([said] if said else [])


def test_routes_that_lead_nowhere_are_told(stack: Files) -> None:
    stack.write(
        "alertmanager/config.yml",
        """
route:
  receiver: team
  routes:
  - {match: {team: db}, receiver: pager}
  - {match: {alertname: Gone}, receiver: pager}
  - {matchers: ['severity=~"page|ticket"'], receiver: nobody}
  - {matchers: ['severity=~"page|ticket"', 'job="a"'], receiver: pager}
  - {match: {mode: b}, receiver: pager}
receivers:
- {name: team, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
- {name: pager, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
- {name: nobody}
- {name: forgotten, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
""",
    )
    assert [line.partition(": ")[2] for line in stack.said()] == [
        'route.routes[1]: no alert of the rules could match {alertname="Gone"}',
        'route.routes[2].receiver: "nobody" has no integration: whatever comes here is told to nobody',
        "route.routes[3]: never reached: a route before it takes all of these alerts, and does not continue",
        'receivers[3].name: no route leads to "forgotten"',
    ]


def test_rules_on_metrics_that_nobody_exposes_are_told_where_an_engine_was_asked(stack: Files) -> None:
    assert stack.said() == []
    assert stack.said({"up"}) == [
        "prometheus/rules/r.yml:7:25: groups[0].rules[2].expr: no target exposes disk_free, and no rule records it"
    ]


def test_keys_that_prometheus_refuses_count(stack: Files) -> None:
    stack.change("prometheus/prometheus.yml", "rule_files:", "storage: {tsdb: {retention.time: 1d}}\nrule_files:")
    verdict = check_stack(stack.folder)
    assert verdict.exit_code == LINT
    assert "no release of Prometheus takes it from the file" in verdict.findings[0].message


def test_a_mistake_of_a_file_is_told_and_nothing_is_concluded_from_it(stack: Files) -> None:
    stack.change("alertmanager/config.yml", "receiver: pager}", "receiver: nobody}")
    verdict = check_stack(stack.folder)
    assert not verdict.fine
    assert len(verdict.findings) == 1


@pytest.mark.parametrize("name", ["docker-compose.yml", "grafana/provisioning/datasources/d.yml"])
def test_a_file_that_is_no_yaml_is_told_and_not_taken_for_an_empty_one(name: str, stack: Files) -> None:
    grafana = "  g: {image: grafana/grafana, volumes: ['./grafana/provisioning:/etc/grafana/provisioning']}\n"
    stack.write("docker-compose.yml", COMPOSE + grafana)
    stack.write(name, "services: {a: [")
    (finding,) = check_stack(stack.folder).findings
    assert (finding.file, finding.severity) == (str(stack.folder / name), Severity.ERROR)


def test_a_compose_file_that_is_no_yaml_is_told_where_there_is_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text("services: {a: [")
    assert check_stack(tmp_path).exit_code == BAD


def test_a_compose_file_may_hold_what_nobody_expects(stack: Files) -> None:
    odd = "  ? [1]\n  : {image: x}\n  y: {volumes: ['~nobody-of-this-name/a:/b', 5, ~]}\n"
    stack.write("docker-compose.yml", COMPOSE + odd)
    (line,) = stack.said()
    assert line.endswith("~nobody-of-this-name/a is not there: docker would mount an empty folder as /b")


def test_without_a_compose_file_the_usual_places_are_looked_at(stack: Files) -> None:
    (stack.folder / "docker-compose.yml").unlink()
    assert check_stack(stack.folder).said == (
        "1 scrape job, 1 rule file, 3 rules, 2 receivers, 0 inhibit rules, 0 templates"
    )


def test_where_there_is_nothing_to_judge_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"neither a prometheus.yml nor a compose file"):
        check_stack(tmp_path)
    with pytest.raises(ConfigError, match="no such file or folder"):
        check_stack(tmp_path / "none")
    for name in ("compose.yml", "docker-compose.prod.yml"):
        (tmp_path / name).write_text("services: {}")
    with pytest.raises(ConfigError, match=r"several compose files, name one: docker-compose.prod.yml, compose.yml"):
        check_stack(tmp_path)


def test_the_guides_stack_would_not_see_its_rules_its_dashboards_and_its_routes(guide: Path) -> None:
    found = [finding.message for finding in check_stack(guide / "monorepo").findings]
    for part in (
        "no volume of prometheus holds /etc/prometheus/rules: the container would not see /etc/prometheus/rules/*.yml",
        "no volume of grafana holds /etc/grafana/dashboards: the container would not see the dashboards",
        "the container looks for its configuration at /etc/alertmanager/alertmanager.yml, where nothing is mounted",
        'no service of the stack is called "cadvisor"',
    ):
        assert any(part in message for message in found), part


def test_files_in_json_that_are_no_dashboards_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text("global: {}")
    board = '{"panels": [{"title": "x", "targets": [{"expr": "sum("}]}]}'
    for name in ("node_modules/thing/package.json", "dashboards/board.json"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(board)
    found = check_stack(tmp_path)
    assert [Path(finding.file).name for finding in found.findings] == ["board.json"]


OTHERS = """
services:
  prometheus:
    image: prom/prometheus
    volumes: ['./prometheus.yml:/etc/prometheus/prometheus.yml']
  loki: {image: grafana/loki, volumes: ['./loki.yml:/etc/loki/local-config.yaml']}
  promtail: {image: grafana/promtail, volumes: ['./promtail.yml:/etc/promtail/config.yml']}
  blackbox: {image: prom/blackbox-exporter, volumes: ['./modules.yml:/etc/blackbox_exporter/config.yml']}
"""


def test_the_files_of_the_other_programs_are_judged_as_their_containers_see_them(tmp_path: Path) -> None:
    clients = "clients: [{url: 'http://loki:3100/loki/api/v1/push'}, {url: 'http://lokki:3100/loki/api/v1/push'}]\n"
    files = {
        "docker-compose.yml": OTHERS,
        "prometheus.yml": "global: {}",
        "loki.yml": "auth_enabeld: false",
        "promtail.yml": clients,
        "modules.yml": "modules: {a: {probre: http}}",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    told = [(Path(finding.file).name, finding.message) for finding in check_stack(tmp_path).findings]
    assert ("loki.yml", 'unknown key "auth_enabeld" (did you mean "auth_enabled"?)') in told
    assert ("modules.yml", 'unknown key "probre" (did you mean "prober"?)') in told
    for name, text in (("loki.yml", "auth_enabled: false"), ("modules.yml", "modules: {a: {prober: http}}")):
        (tmp_path / name).write_text(text)
    told = [(Path(finding.file).name, finding.message) for finding in check_stack(tmp_path).findings]
    assert ("promtail.yml", 'no service of the stack is called "lokki"') in told
    assert "modules.yml" not in dict(told)
