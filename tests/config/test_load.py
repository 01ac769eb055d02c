"""Finding files, and paths of containers."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.load import load
from engine.config.translate import Translator
from engine.foundation.source import Severity
from tests.app.world import relative

RULES = "groups: [{name: g, rules: [{alert: a, expr: up == 0}]}]"
AM = "route: {receiver: a}\nreceivers: [{name: a}]\n"


def put(folder: Path, **files: str) -> Path:
    """Files by name, where `__` is a slash and `_yml` an ending; the folder."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_yml", ".yml").replace("_tmpl", ".tmpl")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_the_guides_stack_is_found_from_its_prometheus_yml(guide: Path) -> None:
    home = guide / "monorepo"
    loaded = load(home / "prometheus" / "prometheus.yml")
    assert not loaded.fatal
    assert loaded.alertmanager_file == home / "alertmanager" / "config.yml"
    assert loaded.promtail_file == home / "promtail" / "config.yml"
    assert list(loaded.rules) == [str(home / "prometheus" / "rules" / "alerts.yml")]
    assert [(t.written, t.used) for t in loaded.translations] == [
        ("/etc/prometheus/rules/*.yml", str(home / "prometheus" / "rules" / "*.yml"))
    ]
    assert loaded.files == (
        home / "prometheus" / "prometheus.yml", home / "prometheus" / "rules" / "alerts.yml", loaded.alertmanager_file,
        loaded.promtail_file,
        home / "loki" / "local-config.yaml",
    )  # fmt: skip


def test_a_template_that_nobody_names_is_told(guide: Path) -> None:
    found = load(guide / "monorepo" / "prometheus" / "prometheus.yml").findings
    (finding,) = [one for one in found if one.severity is not Severity.IDLE]
    assert finding.severity is Severity.WARNING
    assert "templates/email.tmpl is not used" in finding.message


@pytest.mark.parametrize("place", ["alertmanager__config_yml", "alertmanager__alertmanager_yml", "alertmanager_yml"])
def test_alertmanager_lies_beside_or_one_folder_up(place: str, tmp_path: Path) -> None:
    put(tmp_path, p__prometheus_yml="", **{f"p__{place}": AM})
    put(tmp_path, q__in__prometheus_yml="", **{f"q__{place}": AM})
    put(tmp_path, r__in__deep__prometheus_yml="", **{f"r__{place}": AM})
    assert load(tmp_path / "p" / "prometheus.yml").alertmanager is not None
    assert load(tmp_path / "q" / "in" / "prometheus.yml").alertmanager is not None
    assert load(tmp_path / "r" / "in" / "deep" / "prometheus.yml").alertmanager is None


def test_a_relative_config_finds_its_neighbours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, p__prometheus_yml="rule_files: [rules/*.yml]", p__rules__a_yml=RULES, alertmanager__config_yml=AM)
    monkeypatch.chdir(tmp_path / "p")
    loaded = load(Path("prometheus.yml"))
    assert list(loaded.rules) == ["rules/a.yml"]
    assert loaded.alertmanager_file == Path("../alertmanager/config.yml")


def test_alertmanagers_file_may_be_named(tmp_path: Path) -> None:
    put(tmp_path, prometheus_yml="", alertmanager_yml="nonsense: 1", other_yml=AM)
    loaded = load(tmp_path / "prometheus.yml", alertmanager=tmp_path / "other.yml")
    assert not loaded.fatal
    assert loaded.alertmanager_file == tmp_path / "other.yml"


def test_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    put(
        tmp_path,
        prometheus_yml="rule_files: [r.yml]\nglobl: 1",
        r_yml="groups: [{name: ''}]",
        alertmanager_yml="route: {}",
    )
    loaded = load(tmp_path / "prometheus.yml")
    assert loaded.fatal
    assert [(Path(f.file).name, f.line) for f in loaded.findings] == [
        ("alertmanager.yml", 1),
        ("prometheus.yml", 2),
        ("r.yml", 1),
    ]


def test_a_missing_config_is_a_finding(tmp_path: Path) -> None:
    (finding,) = load(tmp_path / "none.yml").findings
    assert finding.message == "can't be read: No such file or directory"


def test_a_rule_file_that_is_missing_is_a_mistake_only_for_a_check(tmp_path: Path) -> None:
    put(tmp_path, prometheus_yml="rule_files: [none.yml, none*.yml]")
    findings = load(tmp_path / "prometheus.yml").findings
    assert [(f.fatal, f.message.split('"', 2)[2]) for f in findings] == [
        (False, " does not point to an existing file"),
        (False, " matches no file"),
    ]
    assert load(tmp_path / "prometheus.yml", must_exist=True).fatal


def test_a_rule_file_that_two_patterns_name_is_read_once(tmp_path: Path) -> None:
    put(tmp_path, prometheus_yml="rule_files: [a.yml, '*.yml']", a_yml=RULES)
    (tmp_path / "prometheus.yml").rename(tmp_path / "prometheus.yaml")
    assert len(load(tmp_path / "prometheus.yaml").rules) == 1


def test_jobs_may_stand_in_files_of_their_own(tmp_path: Path) -> None:
    put(
        tmp_path,
        prometheus_yml="global: {sample_limit: 5}\nscrape_config_files: [jobs/*.yml]\nscrape_configs: [{job_name: a}]",
        jobs__b_yml="scrape_configs: [{job_name: b, bearer_token_file: token}, {job_name: c, scrape_interval: 5s}]",
    )
    loaded = load(tmp_path / "prometheus.yml")
    assert not loaded.fatal
    assert [job.job_name for job in loaded.config.scrape_configs] == ["a", "b", "c"]
    _, b, c = loaded.config.scrape_configs
    assert (b.bearer_token_file, b.sample_limit, b.scrape_interval) == (str(tmp_path / "jobs" / "token"), 5, 60_000)
    assert (c.scrape_interval, c.scrape_timeout) == (5000, 5000)
    assert loaded.files == (tmp_path / "prometheus.yml", tmp_path / "jobs" / "b.yml")


def test_what_is_wrong_with_jobs_in_other_files_is_told_with_their_file(tmp_path: Path) -> None:
    put(
        tmp_path,
        prometheus_yml="scrape_config_files: [b.yml, none.yml]\nscrape_configs: [{job_name: a}]",
        b_yml="scrape_configs: [{job_name: a}, {job_name: b, scrape_timeout: 2m}]\nrule_files: []",
    )
    found = [str(finding).removeprefix(f"{tmp_path}/") for finding in load(tmp_path / "prometheus.yml").findings]
    late = 'scrape timeout greater than scrape interval for scrape config with job name "b"'
    for told in (
        'b.yml:1:29: scrape_configs[0].job_name: found multiple scrape configs with job name "a"',
        f"b.yml:1:63: scrape_configs[1].scrape_timeout: {late}",
        'b.yml:2:1: unknown key "rule_files" (allowed: scrape_configs)',
        f'prometheus.yml:1:1: scrape_config_files: "{tmp_path}/none.yml" does not point to an existing file',
    ):
        assert told in found


def test_duplicate_rules_are_lint(tmp_path: Path) -> None:
    put(tmp_path, prometheus_yml="rule_files: [r*.yml]", r1_yml=RULES, r2_yml=RULES)
    loaded = load(tmp_path / "prometheus.yml")
    assert [f.severity for f in loaded.findings] == [Severity.LINT]
    assert not loaded.fatal


@pytest.mark.parametrize("from_here", [False, True])
def test_a_bad_template_is_a_mistake(from_here: bool, tmp_path: Path) -> None:
    put(tmp_path, prometheus_yml="", alertmanager_yml=AM + "templates: ['*.tmpl']", bad_tmpl="{{ nofunc }}")
    file = tmp_path / "prometheus.yml"
    (finding,) = load(relative(file) if from_here else file).findings
    assert finding.fatal
    assert 'function "nofunc" not defined' in finding.message


def translator(tmp_path: Path, *, enabled: bool = True) -> Translator:
    homes = {"prometheus": tmp_path / "p", "alertmanager": tmp_path / "a"}
    return Translator(homes, tmp_path / "data", enabled=enabled)


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("/etc/prometheus/rules/*.yml", "p/rules/*.yml"),
        ("/etc/alertmanager/templates/*.tmpl", "a/templates/*.tmpl"),
        ("/prometheus", "data/prometheus"),
        ("/alertmanager/x", "data/alertmanager/x"),
        ("rules/a.yml", "here/rules/a.yml"),
    ],
)
def test_paths_of_containers_lead_to_this_machine(written: str, used: str, tmp_path: Path) -> None:
    assert translator(tmp_path).path(written, tmp_path / "here") == str(tmp_path / used)


@pytest.mark.parametrize("written", ["/etc/prometheusx/a", "/prometheus2", "/var/lib/x", "/etc/other/a"])
def test_other_paths_stay(written: str, tmp_path: Path) -> None:
    assert translator(tmp_path).path(written, tmp_path) == written


def test_a_path_that_exists_wins(tmp_path: Path) -> None:
    put(tmp_path, a_yml="")
    found = translator(tmp_path)
    assert found.path(str(tmp_path / "*.yml"), tmp_path) == str(tmp_path / "*.yml")
    assert found.done == {}


def test_translation_can_be_switched_off_and_is_told_once(tmp_path: Path) -> None:
    off = translator(tmp_path, enabled=False)
    assert off.path("/etc/prometheus/x", tmp_path) == "/etc/prometheus/x"
    found = translator(tmp_path)
    for _ in range(2):
        found.path("/etc/prometheus/x", tmp_path)
    assert [str(t) for t in found.done.values()] == [f"/etc/prometheus/x is read as {tmp_path / 'p' / 'x'}"]


def test_every_path_of_a_config_is_rooted(tmp_path: Path) -> None:
    put(
        tmp_path,
        prometheus_yml="scrape_configs: [{job_name: a, tls_config: {ca_file: ca.pem}, basic_auth: {password_file: pw}}]\n"
        "storage: {tsdb: {path: /prometheus}}",
    )
    config = load(tmp_path / "prometheus.yml", data_dir=tmp_path / "data").config
    (job,) = config.scrape_configs
    assert job.basic_auth is not None
    assert (job.tls_config.ca_file, job.basic_auth.password_file) == (str(tmp_path / "ca.pem"), str(tmp_path / "pw"))
    assert config.storage.tsdb.path == str(tmp_path / "data" / "prometheus")
