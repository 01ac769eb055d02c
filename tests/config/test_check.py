"""`engine check`: kinds, exit codes, and how findings are shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.check import BAD, FINE, LINT, Judging, check, exit_code, first_keys, guess_kind, render_verdict
from engine.config.foreign import foreign
from engine.foundation.source import Severity

RULE = "{record: a, expr: up}"


def file(folder: Path, text: str, name: str = "f.yml") -> Path:
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("groups: []", "rules"),
        ("scrape_configs: []", "config"),
        ("global: {}\nrule_files: []", "config"),
        ("global: {}\nroute: {}", "alertmanager"),
        ("receivers: []", "alertmanager"),
        ("", "config"),
        ("auth_enabled: false\nserver: {}\ncommon: {}\nruler: {}", "loki"),
        ("a: [", "config"),
    ],
)
def test_a_file_tells_its_kind_by_its_keys(text: str, kind: str, tmp_path: Path) -> None:
    path = file(tmp_path, text)
    assert guess_kind(path, first_keys(path)) == kind
    assert foreign(path, first_keys(path), own=9) == ""


def test_a_file_without_keys_tells_its_kind_by_its_name() -> None:
    assert guess_kind(Path("alertmanager.yml"), frozenset({"global"})) == "alertmanager"


@pytest.mark.parametrize(
    ("name", "text", "owner"),
    [
        ("contact.yml", "apiVersion: 1\ncontactPoints: []", "Grafana"),
        ("docker-compose.yml", "version: '3.8'\nservices: {}", "Docker Compose"),
    ],
)
def test_a_file_of_another_program_is_told_to_be_one(name: str, text: str, owner: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    path = file(tmp_path, text, name)
    verdict = check(path)
    assert list(render_verdict(verdict)) == [
        f"{path}:1:1: this looks like a file of {owner}, which is not supported yet",
        f"{path}: refused (not supported yet)",
    ]
    assert verdict.exit_code == BAD


def test_whoever_says_what_a_file_is_has_it_judged_as_that(tmp_path: Path) -> None:
    (found,) = check(file(tmp_path, "limits_config: {}"), "config").findings
    assert found.message.startswith('unknown key "limits_config"')


def test_a_strange_key_makes_no_file_foreign(tmp_path: Path) -> None:
    (found,) = check(file(tmp_path, "global: {}\nrule_files: []\nserver: {}")).findings
    assert found.message.startswith('unknown key "server"')


def test_the_exit_code_is_that_of_the_worst(tmp_path: Path) -> None:
    fine = check(file(tmp_path, f"groups: [{{name: g, rules: [{RULE}]}}]", "a.yml"))
    lint = check(file(tmp_path, f"groups: [{{name: g, rules: [{RULE}, {RULE}]}}]", "b.yml"))
    bad = check(file(tmp_path, "groups: [{}]", "c.yml"))
    assert [verdict.exit_code for verdict in (fine, lint, bad)] == [FINE, LINT, BAD]
    assert (exit_code([fine]), exit_code([lint, fine]), exit_code([fine, bad, lint])) == (FINE, LINT, BAD)
    assert exit_code([]) == FINE


def test_a_finding_shows_its_line_with_a_caret(tmp_path: Path) -> None:
    path = file(tmp_path, "scrape_configs:\n- job_name: a\n  honor_labels: maybe\n")
    assert list(render_verdict(check(path))) == [
        f'{path}:3:17: scrape_configs[0].honor_labels: want true or false, got "maybe"',
        "      honor_labels: maybe",
        "                    ^",
        f"{path}: refused (1 mistake)",
    ]


def test_a_fine_file_is_summed_up(guide: Path) -> None:
    path = guide / "monorepo" / "prometheus" / "prometheus.yml"
    assert list(render_verdict(check(path))) == [f"{path}: fine (5 scrape jobs, 1 rule file, 4 rules)"]


def test_a_warning_is_called_one_and_lets_the_file_through(guide: Path) -> None:
    verdict = check(guide / "monorepo" / "alertmanager" / "config.yml")
    first, *_, last = render_verdict(verdict)
    assert ": warning: " in first
    assert "fine (2 receivers, 1 inhibit rule, 0 templates)" in last
    assert verdict.exit_code == FINE


def test_what_is_not_supported_is_no_mistake_but_refused(tmp_path: Path) -> None:
    verdict = check(file(tmp_path, "scrape_configs: [{job_name: a, ec2_sd_configs: [{region: x}]}]"))
    assert list(render_verdict(verdict))[-1].endswith("refused (right, but 1 key not supported)")
    assert verdict.exit_code == BAD


def test_a_kubeconfig_is_read_and_one_that_wants_a_program_run_is_refused_by_name(tmp_path: Path) -> None:
    config = file(
        tmp_path, "scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pod, kubeconfig_file: k.yml}]}]"
    )
    kubeconfig = (
        "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
        "clusters: [{name: k, cluster: {server: 'https://x'}}]\nusers: [{name: u, user: {USER}}]\n"
    )
    file(tmp_path, kubeconfig.replace("USER", "token: t"), "k.yml")
    assert check(config).fine
    file(tmp_path, kubeconfig.replace("USER", "exec: {command: aws}"), "k.yml")
    (found,) = check(config).findings
    assert found.severity is Severity.UNSUPPORTED
    assert "gets credentials by `exec`, which is valid in Prometheus, not supported here" in found.message
    file(tmp_path, "{}", "k.yml")
    (found,) = check(config).findings
    assert found.message.endswith("k.yml: names no current-context")


def test_a_config_is_judged_with_its_rule_files(tmp_path: Path) -> None:
    file(tmp_path, "groups: [{}]", "r.yml")
    verdict = check(file(tmp_path, "rule_files: [r.yml, none.yml]"))
    assert [Path(f.file).name for f in verdict.findings] == ["f.yml", "r.yml"]


def test_a_target_that_relabelling_leaves_nowhere_is_found(conformance: Path) -> None:
    folder = conformance / "prometheus" / "promtool"
    for where in ("alert", "scrape"):
        (found,) = check(folder / f"url_in_{where}_targetgroup_with_relabel_config.bad.yml").findings
        assert found.message == '"http://bad" is not a valid hostname'
        assert check(folder / f"url_in_{where}_targetgroup_with_relabel_config.good.yml").fine


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert [f.message for f in check(tmp_path / "none.yml").findings] == ["can't be read: No such file or directory"]


def test_a_file_that_a_config_needs_must_be_there(tmp_path: Path) -> None:
    path = file(tmp_path, "scrape_configs: [{job_name: a, basic_auth: {password_file: pw}}]")
    (found,) = check(path).findings
    assert str(found) == f'{path}:1:60: scrape_configs[0].basic_auth.password_file: file "pw" does not exist'
    file(tmp_path, "secret", "pw")
    assert check(path).fine


def test_files_of_targets_are_judged_when_they_are_there(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('[{"targets": ["a:1"], "lables": {}}]')
    (tmp_path / "good.yml").write_text("- targets: [a:1]")
    config = tmp_path / "prometheus.yml"
    config.write_text(
        "scrape_configs:\n- job_name: a\n  file_sd_configs:\n  - files: [bad.json, good.yml, later.json]\n"
    )
    verdict = check(config)
    said = [(f.severity.value, f.line, f.path, f.message.removeprefix(f"{tmp_path}/")) for f in verdict.findings]
    where = "scrape_configs[0].file_sd_configs[0].files"
    assert [(severity, line, path) for severity, line, path, _ in said] == [
        ("error", 4, f"{where}[0]"), ("warning", 4, f"{where}[2]")
    ]  # fmt: skip
    assert said[0][3].startswith("bad.json: not a list of target groups: Object contains unknown field `lables`")
    assert said[1][3] == 'file "later.json" does not exist (yet): it has no targets'


def test_keys_that_hold_anchors_work_and_prometheus_is_said_to_refuse_them(tmp_path: Path) -> None:
    text = "x-rules: &drop [{action: labeldrop, regex: pod}]\nscrape_configs: [{job_name: a, metric_relabel_configs: *drop}]"
    verdict = check(file(tmp_path, text))
    assert verdict.fine
    assert [str(f) for f in verdict.findings] == [
        f"{tmp_path / 'f.yml'}:1:1: x-rules: works here, but Prometheus refuses it"
    ]
    assert not check(file(tmp_path, "scrape_configs: [{x-a: b, job_name: c}]")).fine


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("global: {scrape_interval: 15}", 'not a valid duration string: "15" (did you mean "15s"?)'),
        ("global: {scrape_interval: 15 s}", 'not a valid duration string: "15 s" (did you mean "15s"?)'),
        ("global: {scrape_interval: 1.5h}", 'not a valid duration string: "1.5h" (did you mean "1h30m"?)'),
        ("global: {scrape_interval: soon}", 'not a valid duration string: "soon"'),
        (
            "scrape_configs: [{job_name: a, static_configs: [{targets: ['https://x:1/m']}]}]",
            '"https://x:1/m" is not a valid hostname (a target is HOST:PORT: x:1; the rest is scheme: https, metrics_path: /m)',
        ),
        (
            "scrape_configs: [{job_name: a, static_configs: [{targets: [node-exporter]}]}]",
            '"node-exporter" names no port: port 80 is asked (did you mean "node-exporter:9100"?)',
        ),
        (
            "scrape_configs: [{job_name: a, scheme: https, static_configs: [{targets: [x]}]}]",
            '"x" names no port: port 443 is asked',
        ),
        (
            "scrape_configs: [{job_name: a, static_configs: [{targets: ['a:1, b:2']}]}]",
            '"a:1, b:2" is one target: each has to be an item of the list by itself',
        ),
        (
            "scrape_configs: [{job_name: a, static_configs: [{targets: ['${HOST}:1']}]}]",
            '"${HOST}:1" is taken as it is written: --expand-env fills in variables',
        ),
        *(
            (
                f"scrape_configs: [{{job_name: a, static_configs: [{{targets: ['x:{port}']}}]}}]",
                f'"x:{port}" names no port that there is: "{port}"',
            )
            for port in ("99999", "9" * 5000, "http", "")
        ),
        ("scrape_configs: [{job_name: a, targets: [x]}]", 'unknown key "targets" (it belongs under static_configs)'),
        ("scrape_interval: 5s", 'unknown key "scrape_interval" (it belongs under global or scrape_configs)'),
        (
            "global:\n\tscrape_interval: 15s",
            "found character that cannot start any token (indent with spaces, not tabs;",
        ),
    ],
)
def test_the_classic_mistakes_are_told_with_what_was_meant(text: str, said: str, tmp_path: Path) -> None:
    (finding,) = check(file(tmp_path, text)).findings
    assert finding.message.startswith(said)


@pytest.mark.parametrize("key", ["keep_dropped_targets: 0", "no_proxy: ''", "http_headers: {}", "scrape_protocols: "])
def test_a_key_that_an_original_does_not_know_is_refused_whatever_it_holds(key: str, tmp_path: Path) -> None:
    text = f"scrape_configs: [{{job_name: a, {key}}}]"
    assert not check(file(tmp_path, text), how=Judging(original="prometheus-2.42")).fine


def test_as_an_original_what_it_lacks_is_a_mistake_and_what_we_lack_is_none(tmp_path: Path) -> None:
    how = Judging(original="prometheus-2.42")
    for text in ("x-a: 1", "storage: {tsdb: {retention.time: 1d}}", "scrape_config_files: ['jobs/*.yml']"):
        assert check(file(tmp_path, text)).fine
        assert not check(file(tmp_path, text), "config", how).fine
    ec2 = "scrape_configs: [{job_name: a, ec2_sd_configs: [{region: x}]}]"
    assert not check(file(tmp_path, ec2)).fine
    assert check(file(tmp_path, ec2), how=how).fine


def test_as_an_original_rules_are_read_by_its_grammar(tmp_path: Path) -> None:
    later = file(tmp_path, "groups: [{name: g, rules: [{record: a, expr: 'rate(x[300])'}]}]", "r.yml")
    assert check(later).fine
    verdict = check(later, how=Judging(original="prometheus-2.42"))
    assert [f.severity for f in verdict.findings] == [Severity.ERROR]


def test_a_file_of_another_program_is_not_judged_as_this_one(tmp_path: Path) -> None:
    routes = file(tmp_path, "route: {receiver: a}\nreceivers: [{name: a}]", "am.yml")
    assert check(routes, how=Judging(original="alertmanager-0.25")).fine
    (finding,) = check(routes, how=Judging(original="prometheus-2.42")).findings
    assert finding.message == "this is no file of prometheus-2.42: judge it without --as, or as its own"


def test_with_syntax_only_files_that_are_named_need_not_exist(tmp_path: Path) -> None:
    text = "rule_files: [none.yml]\nscrape_configs: [{job_name: a, bearer_token_file: none}]"
    assert not check(file(tmp_path, text)).fine
    assert check(file(tmp_path, text), how=Judging(syntax_only=True)).fine


def test_environment_variables_are_expanded_where_that_is_asked_for(tmp_path: Path) -> None:
    text = file(tmp_path, "scrape_configs: [{job_name: '${JOB}', static_configs: [{targets: ['${HOST}']}]}]")
    assert check(text, how=Judging(environment={"JOB": "a", "HOST": "b:1"})).findings == ()
    (finding,) = check(text, how=Judging(environment={"JOB": "a"})).findings
    assert finding.message.startswith("the environment variable HOST is not set")
