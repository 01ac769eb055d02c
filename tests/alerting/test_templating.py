from __future__ import annotations

from pathlib import Path

import pytest

from engine.alerting.notify.templating import BUILT_IN, Templates, load_templates
from engine.foundation.errors import ConfigError
from engine.gotemplate.errors import TemplateError
from tests.alerting.test_payloads import ENDED, rendering

PLAIN = ["__alertmanager", "__alertmanagerURL", "__subject", "__description", "__text_alert_list"]
BY_RECEIVER = {
    "slack": [
        "title",
        "username",
        "fallback",
        "callbackid",
        "pretext",
        "titlelink",
        "iconemoji",
        "iconurl",
        "text",
        "footer",
    ],
    "pagerduty": ["description", "client", "clientURL", "instances"],
    "opsgenie": ["message", "description", "source"],
    "wechat": ["message", "to_user", "to_party", "to_tag", "agent_id"],
    "victorops": ["state_message", "entity_display_name", "monitoring_tool"],
    "pushover": ["title", "message", "url"],
    "sns": ["subject", "message"],
    "telegram": ["message"],
    "discord": ["title", "message"],
    "webex": ["message"],
    "email": ["subject", "html"],
}
NAMES = PLAIN + [f"{receiver}.default.{name}" for receiver, names in BY_RECEIVER.items() for name in names]


def filled(name: str, ends_at: int | None = None) -> str:
    shown = rendering() if ends_at is None else rendering(ends_at)
    data = ".Alerts" if name in ("__text_alert_list", "pagerduty.default.instances") else "."
    return shown.text(f'{{{{ template "{name}" {data} }}}}')


@pytest.mark.parametrize("name", NAMES)
def test_every_template_of_the_original_is_there_and_can_be_filled(name: str) -> None:
    for ends_at in (None, ENDED):
        assert "<no value>" not in filled(name, ends_at)


def test_the_subject_counts_what_fires_and_names_what_is_shared() -> None:
    assert filled("__subject") == '[FIRING:2] Disk <Full> & "q" (warn)'
    assert filled("__subject", ENDED) == '[RESOLVED] Disk <Full> & "q" (warn)'


def test_the_html_letter_escapes_what_alerts_bring_and_says_everything() -> None:
    letter = rendering().html('{{ template "email.default.html" . }}')
    for part in ("[2] Firing", "Disk &lt;Full&gt; &amp; &#34;q&#34;", "http://am.example/x/#/alerts?receiver=", "a:1"):
        assert part in letter
    assert "<Full>" not in letter
    assert "Resolved" not in letter


def test_the_built_in_files_are_packaged() -> None:
    assert BUILT_IN == ("default.tmpl", "email.tmpl")


def test_a_users_definition_takes_the_place_of_a_built_in_one_unless_it_is_empty(tmp_path: Path) -> None:
    (tmp_path / "b.tmpl").write_text('{{ define "__subject" }}second{{ end }}')
    (tmp_path / "a.tmpl").write_text('{{ define "__subject" }}first{{ end }}{{ define "__alertmanager" }}  {{ end }}')
    templates = load_templates(["*.tmpl", "none/*.tmpl"], tmp_path)
    shown = rendering(templates=templates)
    assert shown.text('{{ template "slack.default.title" . }}') == "second"
    assert shown.text('{{ template "slack.default.username" . }}') == "Alertmanager"


def test_free_text_of_a_file_is_a_template_under_the_files_name(tmp_path: Path) -> None:
    (tmp_path / "note.tmpl").write_text("see {{ .Receiver }}")
    templates = load_templates([str(tmp_path / "*.tmpl")], Path("/elsewhere"))
    assert rendering(templates=templates).text('{{ template "note.tmpl" . }}') == r"see we\.ird\[x\]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ nofunc }}", 'template: bad.tmpl:1: function "nofunc" not defined'),
        ('{{ define "x" }}a{{ end }}{{ define "x" }}b{{ end }}', "multiple definition of template"),
    ],
)
def test_a_template_file_with_a_mistake_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.tmpl").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_templates(["bad.tmpl"], tmp_path)
    assert message in str(caught.value)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.tmpl").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"bad\.tmpl: can't read this template file"):
        load_templates(["bad.tmpl"], tmp_path)


def test_sets_are_independent() -> None:
    with pytest.raises(TemplateError):
        Templates([("x", "{{")])
