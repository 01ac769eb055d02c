"""What a `grafana/` folder says: data sources, folders of dashboards, settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.check import check, render_verdict
from engine.config.grafana import load_grafana
from engine.config.grafana_ini import read
from engine.foundation.source import Severity
from engine.foundation.values import Secret

SOURCES = """
apiVersion: 1
deleteDatasources: [{name: Old, orgId: 1}]
datasources:
- {name: P, type: prometheus, url: 'http://$HOST:9090', isDefault: true, jsonData: {timeInterval: 30s, a: [1, {b: $HOST}]},
   secureJsonData: {basicAuthPassword: '$$${PASS}'}}
"""
BOARDS = "apiVersion: 1\nproviders:\n- {name: D, folder: Team, options: {path: /etc/grafana/boards}, editable: false}\n"


def folder(home: Path, **files: str) -> Path:
    for name, text in files.items():
        path = home / "provisioning" / name.replace("__", "/").replace("_yml", ".yml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return home


def test_values_of_the_environment_are_put_in_as_grafana_does(tmp_path: Path) -> None:
    found = load_grafana(folder(tmp_path, datasources__a_yml=SOURCES), {"HOST": "h", "PASS": "x"})
    (source,) = found.sources
    assert not found.findings
    assert (source.config.url, source.config.is_default) == ("http://h:9090", True)
    assert source.json == {"timeInterval": "30s", "a": [1, {"b": "h"}]}
    assert source.config.secure_json_data["basicAuthPassword"].reveal() == "$x"
    assert "x" not in repr(source.config.secure_json_data)


def test_a_source_without_uid_has_the_one_that_grafana_makes_of_its_name(guide: Path) -> None:
    found = load_grafana(guide / "monorepo" / "grafana", {})
    assert [one.config.id for one in found.sources] == ["PBFA97CFB590B2093", "P8E80F9AEF21F6940"]


def test_paths_of_containers_lie_beside_provisioning(tmp_path: Path) -> None:
    (tmp_path / "boards").mkdir()
    found = load_grafana(folder(tmp_path, dashboards__a_yml=BOARDS), {})
    (shelf,) = found.shelves
    assert (shelf.path, shelf.folder, shelf.may_save) == (tmp_path / "boards", "Team", False)
    assert found.translations == (("/etc/grafana/boards", str(tmp_path / "boards")),)


def test_a_misspelled_key_is_told_with_the_nearest(tmp_path: Path) -> None:
    text = "datasources:\n- {name: P, type: prometheus, isdefault: true}\n"
    (finding,) = load_grafana(folder(tmp_path, datasources__a_yml=text), {}).findings
    assert finding.severity is Severity.ERROR
    assert 'did you mean "isDefault"' in finding.message


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    (finding,) = load_grafana(folder(tmp_path, dashboards__a_yml=BOARDS), {}).findings
    assert "there is no such folder" in finding.message


def test_settings_come_from_the_file_and_variables_win() -> None:
    ini = "[security]\nadmin_password = ${PW}\n[server]\nroot_url = http://x/g/\nserve_from_sub_path = true\n"
    settings, found = read(
        ini, "grafana.ini", {"PW": "a", "GF_SECURITY_ADMIN_PASSWORD": "b", "GF_AUTH_ANONYMOUS_ENABLED": "1"}
    )
    assert (settings.password, settings.prefix, settings.anonymous, found) == (Secret("b"), "/g", True, [])
    assert "<secret>" in repr(settings)


def test_keys_without_a_meaning_here_are_named_and_misspelled_ones_too() -> None:
    ini = "[smtp]\nenabled = true\n[dashboards]\nversions_to_kep = 5\n[nosuch]\na = 1\nnonsense\n"
    _, found = read(ini, "f", {})
    assert [(f.severity, f.line) for f in found] == [
        (Severity.IDLE, 2), (Severity.WARNING, 4), (Severity.WARNING, 6), (Severity.ERROR, 7),
    ]  # fmt: skip
    assert 'did you mean "versions_to_keep"' in found[1].message


def test_who_may_come_in_and_for_how_long_is_read_as_grafana_writes_it() -> None:
    ini = "[auth]\nlogin_maximum_inactive_lifetime_duration = 12h\nlogin_maximum_lifetime_duration = 1M\n[auth.anonymous]\norg_role = editor\n"
    settings, found = read(ini, "f", {"GF_SECURITY_ADMIN_PASSWORD": "", "GF_SECURITY_COOKIE_SECURE": "true"})
    assert (settings.session_patience, settings.session_lifetime) == (12 * 3600, 30 * 86_400)
    assert (settings.anonymous_role, settings.password, settings.secure_cookie, found) == ("Editor", None, True, [])


@pytest.mark.parametrize(
    "text",
    [
        "[auth]\nlogin_maximum_lifetime_duration = long",
        "[auth]\nlogin_maximum_lifetime_duration = 0s",
        "[auth]\nlogin_maximum_lifetime_duration = 0M",
        "[auth.anonymous]\norg_role = King",
    ],
)
def test_what_says_neither_a_role_nor_a_time_is_a_mistake(text: str) -> None:
    _, (finding,) = read(text, "f", {})
    assert finding.severity is Severity.ERROR


def test_a_number_that_is_none_is_a_mistake() -> None:
    _, (finding,) = read("[dashboards]\nversions_to_keep = many\n", "f", {})
    assert finding.fatal


def test_the_guides_settings_are_fine(guide: Path) -> None:
    path = guide / "snippets" / "grafana.ini"
    verdict = check(path)
    assert verdict.fine
    assert sum("without effect here" in line for line in render_verdict(verdict)) == 4


def test_a_folder_is_judged_with_its_dashboards(tmp_path: Path) -> None:
    (tmp_path / "boards").mkdir()
    (tmp_path / "boards" / "a.json").write_text(
        '{"title":"t","panels":[{"title":"p","targets":[{"expr":"up{"}]},{"id":2,"type":"x"}]}'
    )
    (tmp_path / "boards" / "b.json").write_text("{")
    lines = list(render_verdict(check(folder(tmp_path, dashboards__a_yml=BOARDS), "grafana")))
    assert any('panel "p", query' in line for line in lines)
    assert any("panel 2: the panel type" in line for line in lines)
    assert any("b.json:1:1: it is no dashboard" in line for line in lines)
