"""Rules over lines: where they lie, what is wrong with them, and what tells them from rules over metrics."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.check import Judging, check
from engine.config.load import load
from engine.config.log_alertmanagers import alertmanagers
from engine.config.log_rules import is_over_lines, judge_group, parse_log_rules, read_again, signature
from engine.config.loki_document import parse_loki
from engine.foundation.errors import ConfigError
from engine.foundation.source import Severity
from tests.unprivileged import unprivileged

LOKI = """\
auth_enabled: false
schema_config: {configs: [{from: 2020-10-24, store: tsdb, object_store: filesystem, schema: v12, index: {period: 24h}}]}
"""
RULES = """\
groups:
- name: errors
  rules:
  - {alert: Errors, expr: 'sum(rate({job="app"} |= "error" [5m])) > 1'}
"""


def stack(folder: Path, ruler: str, files: dict[str, str] | None = None) -> Path:
    (folder / "loki.yaml").write_text(LOKI + ruler)
    for name, text in (files or {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "loki.yaml"


def told(path: Path, *severities: Severity) -> list[str]:
    return [one.message for one in check(path, "loki").findings if one.severity in severities]


def test_files_of_rules_lie_in_a_folder_for_each_tenant(tmp_path: Path) -> None:
    files = {"rules/fake/app.yml": RULES, "rules/fake/.app.yml.swp": "{{{", "rules/fake/other.txt": RULES}
    path = stack(tmp_path, "ruler: {storage: {type: local, local: {directory: rules}}}\n", files)
    rules = load(None, loki=path).log_rules
    assert rules is not None
    assert {tenant: [Path(name).name for name in found] for tenant, found in rules.files.items()} == {
        "fake": ["app.yml", "other.txt"]
    }
    assert [spec.rules[0].query for spec in rules.groups("fake")] == ['sum(rate({job="app"} |= "error" [5m])) > 1'] * 2
    assert "2 rules" in check(path, "loki").said


@pytest.mark.parametrize(
    ("ruler", "expected"),
    [
        ("common: {storage: {filesystem: {rules_directory: rules}}}\n", "rules"),
        (("common: {storage: {filesystem: {rules_directory: other}}}\n"
         "ruler: {storage: {type: local, local: {directory: rules}}}\n"), "rules"),
        ("ruler: {storage: {type: local, local: {directory: /loki/rules}}}\n", "rules"),
        ("ruler: {storage: {type: local, local: {directory: /etc/loki/rules}}}\n", "rules"),
        ("ruler: {alertmanager_url: http://localhost:9093}\n", None),
        ("ruler: {storage: {type: s3}}\n", None),
    ],
)  # fmt: skip
def test_the_folder_is_the_rulers_or_the_common_one_also_by_a_containers_path(
    tmp_path: Path, ruler: str, expected: str | None
) -> None:
    path = stack(tmp_path, ruler, {"rules/fake/app.yml": RULES})
    found = load(None, loki=path, data_dir=tmp_path / "data")
    assert (None if found.log_rules is None else found.log_rules.folder) == (expected and tmp_path / expected)
    assert not found.fatal


def test_rules_that_would_not_be_evaluated_are_told(tmp_path: Path) -> None:
    files = {"rules/app.yml": RULES, "rules/team/app.yml": RULES}
    path = stack(tmp_path, "ruler: {storage: {type: local, local: {directory: rules}}}\n", files)
    loose, foreign = sorted(told(path, Severity.WARNING))
    assert loose == f"not evaluated: rules lie in a folder for each tenant (move it to {tmp_path}/rules/fake)"
    assert foreign.startswith(f"rules in {tmp_path}/rules/team find no lines: without auth_enabled")
    path = stack(tmp_path, "ruler: {storage: {type: local, local: {directory: nowhere}}}\n")
    assert told(path, Severity.WARNING) == [f"there are no rules: the folder {tmp_path}/nowhere is not there"]
    path = stack(tmp_path, "ruler: {storage: {type: s3, s3: {bucketnames: x}}}\n")
    assert told(path, Severity.WARNING) == ["no rules are evaluated: those in s3 can't be read here; use local"]


def test_what_changes_is_seen_beside_what_can_not_be_looked_at(tmp_path: Path) -> None:
    ruler = "ruler: {storage: {type: local, local: {directory: rules}}}\n"
    path = stack(tmp_path, ruler, {"rules/fake/b.yml": RULES, "rules/team/c.yml": RULES})
    (tmp_path / "rules/fake/a.yml").symlink_to(tmp_path / "nothing")
    before = signature(tmp_path / "rules")
    assert [Path(name).name for name, _, _ in before] == ["b.yml", "c.yml"]
    (tmp_path / "rules/fake/a.yml").unlink()
    rules = load(None, loki=path).log_rules
    assert rules is not None
    assert rules.seen == before, "what was there before the files were read"
    (tmp_path / "rules/team/c.yml").write_text(RULES + "# more\n")
    assert signature(tmp_path / "rules") != rules.seen


def test_rules_stay_where_their_folder_goes_while_they_are_evaluated(tmp_path: Path) -> None:
    ruler = "ruler: {storage: {type: local, local: {directory: rules}}}\n"
    rules = load(None, loki=stack(tmp_path, ruler, {"rules/fake/app.yml": RULES})).log_rules
    assert rules is not None
    (tmp_path / "rules").rename(tmp_path / "elsewhere")
    assert signature(rules.folder) != rules.seen
    with pytest.raises(ConfigError, match=r"the folder .*/rules is not there any more"):
        read_again(rules, None)


def test_a_folder_or_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    path = stack(
        tmp_path, "ruler: {storage: {type: local, local: {directory: rules}}}\n", {"rules/fake/app.yml": RULES}
    )
    for closed in ("rules/fake/app.yml", "rules/fake", "rules"):
        (tmp_path / closed).chmod(0)
        try:
            faults = unprivileged(lambda: told(path, Severity.ERROR))
            assert any("can't be read: Permission denied" in one for one in faults), closed
            code = unprivileged(lambda: check(tmp_path / "rules/fake/app.yml", "rules").exit_code)
            assert closed != "rules/fake/app.yml" or code == 2
        finally:
            (tmp_path / closed).chmod(0o700)


def test_a_mistake_of_a_rule_says_where_and_what(tmp_path: Path) -> None:
    broken = RULES.replace("sum(rate(", "sum(rat(") + "  - {record: lines, expr: '{job=\"app\"}'}\n"
    path = stack(
        tmp_path, "ruler: {storage: {type: local, local: {directory: rules}}}\n", {"rules/fake/app.yml": broken}
    )
    verdict = check(path, "loki")
    assert verdict.exit_code == 2
    parse, useless = (str(one) for one in verdict.findings if one.fatal)
    assert parse.startswith(
        f'{tmp_path}/rules/fake/app.yml:4:27: group "errors", rule 1, "Errors": could not parse expression for alert '
        "'Errors' in group 'errors': parse error at line 1, col 5:"
    )
    assert useless.startswith(f'{tmp_path}/rules/fake/app.yml:5:27: group "errors", rule 2, "lines": it gives lines')
    as_loki = check(path, "loki", Judging(original="loki-2.7"))
    assert [one.message for one in as_loki.findings if one.fatal] == [parse.split(": ", 2)[2]], "Loki loads the other"


def test_keys_that_make_no_sense_are_refused() -> None:
    def fatal(ruler: str) -> list[str]:
        return [str(one).partition(" ")[2] for one in parse_loki(LOKI + ruler).findings if one.fatal]

    assert fatal("ruler: {storage: {type: local}}") == ["ruler.storage: directory required for local rules config"]
    assert fatal("ruler: {storage: {type: disk}}") == [
        "ruler.storage.type: unrecognized rule storage mode disk, choose one of: configdb, gcs, s3, swift, azure, local"
    ]
    assert fatal("ruler: {remote_write: {enabled: true}}") == [
        "ruler.remote_write.enabled: remote-write enabled but no clients URL are configured"
    ]
    assert fatal("ruler: {alertmanager_url: 'localhost:9093'}") == [
        "ruler.alertmanager_url: want a URL, or several between commas, not localhost:9093"
    ]
    assert fatal("ruler: {remote_write: {client: {url: 'http://a'}, clients: {b: {url: 'http://b'}}}}") == [
        (
            "ruler.remote_write.client: both 'client' and 'clients' options are defined; 'client' is deprecated, please only "
            "use 'clients'"
        )
    ]
    assert fatal("ruler: {evaluation_interval: 0s}") == ["ruler.evaluation_interval: must be more than 0"]
    assert fatal("ruler: {enable_alertmanager_discovery: true, alertmanager_url: 'http://am:9093'}") == [
        (
            "ruler.alertmanager_url: when alertmanager-discovery is on, host name must be of the form "
            '_portname._tcp.service.fqdn (is "am:9093")'
        )
    ]


def test_each_alertmanager_is_spoken_to_as_the_file_says() -> None:
    found = parse_loki(
        LOKI + "ruler: {alertmanager_url: 'http://me:s%40cret@a:9093/alerts, https://b:9093', "
        "notification_timeout: 5s, alertmanager_client: {tls_ca_path: /ca.pem, credentials: x}}\n"
    ).value.ruler
    first, second = alertmanagers(found)
    assert (first.scheme, first.static_configs[0].targets, first.path_prefix) == ("http", ("a:9093",), "/alerts")
    assert first.basic_auth is not None
    assert (first.basic_auth.username, first.basic_auth.password.reveal()) == ("me", "s@cret")
    assert (second.scheme, second.static_configs[0].targets, second.timeout.seconds) == ("https", ("b:9093",), 5)
    assert second.authorization is not None
    assert (second.authorization.scheme, second.tls_config.ca_file) == ("Bearer", "/ca.pem")
    (discovered,) = alertmanagers(
        parse_loki(
            LOKI + "ruler: {enable_alertmanager_discovery: true, alertmanager_url: 'http://_http._tcp.am.example'}\n"
        ).value.ruler
    )
    assert (discovered.dns_sd_configs[0].names, discovered.static_configs) == (("_http._tcp.am.example",), ())


def test_rules_over_lines_are_told_from_others_by_what_only_one_language_reads() -> None:
    def over_lines(expr: str) -> bool:
        return is_over_lines(f"groups: [{{name: g, rules: [{{alert: a, expr: {expr!r}}}]}}]".encode(), "r.yml")

    assert over_lines('sum(rate({job="a"} |= "x" [5m])) > 1')
    assert over_lines('sum(rate({job="a"} |= "x" [5m])) > > 1'), "a mistake, and yet there is no such sign in PromQL"
    assert not over_lines("up == 0")
    assert not over_lines("up == ")
    assert not over_lines('rate(http_requests{path=~"/a|/b"}[5m')
    assert not over_lines('count_over_time({job="a"}[5m]) > 1'), "both read it, and it was written for either"


def test_a_file_that_is_named_is_judged_in_its_own_language(tmp_path: Path) -> None:
    path = tmp_path / "app.yml"
    path.write_text(RULES)
    verdict = check(path)
    assert (verdict.exit_code, verdict.said) == (0, "1 group, 1 rule over lines")
    path.write_text(RULES.replace(" > 1", " > "))
    (finding,) = check(path).findings
    assert (
        "could not parse expression for alert 'Errors' in group 'errors': parse error at line 1, col "
        in finding.message
    )


def test_a_group_that_is_sent_is_judged_alone() -> None:
    assert judge_group(b"name: g\nrules: [{record: a, expr: 'vector(1)'}]")[1] == []
    assert judge_group(b"name: ''")[1] == ["Groupname must not be empty"]
    assert judge_group(b"[]")[1][0] == "want a mapping, got a list"
    (mistake,) = judge_group(b"name: g\nrules: [{record: a-b, expr: 'vector(1)'}]")[1]
    assert mistake == "invalid recording rule name: a-b"


def test_templates_of_rules_over_lines_are_tried_too() -> None:
    text = RULES.replace("> 1'}", "> 1', annotations: {summary: '{{ $labels.job'}}")
    (finding,) = parse_log_rules(text, "r.yml").findings
    assert 'annotation "summary"' in finding.message
