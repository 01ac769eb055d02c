"""Files of definitions, and texts that call them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.gotemplate.errors import ExecutionError, Position, TemplateError
from engine.gotemplate.functions.alertmanager import ALERTMANAGER
from engine.gotemplate.template import MissingKey, Mode, TemplateSet, parse
from tests.gotemplate.notification import notification

EMAIL = '{{ define "email.default.html" }}<p>{{ .Status }}</p>{{ end }}'


def test_texts_call_the_definitions_of_files() -> None:
    templates = TemplateSet(ALERTMANAGER)
    templates.add("email.tmpl", EMAIL)
    assert templates.execute('[{{ template "email.default.html" . }}]', {"Status": "firing"}) == "[<p>firing</p>]"
    assert templates.names() == ["email.default.html", "email.tmpl"]


def test_a_later_file_replaces_a_definition() -> None:
    templates = TemplateSet(ALERTMANAGER)
    templates.add("default.tmpl", '{{ define "a" }}old{{ end }}')
    templates.add("mine.tmpl", '{{ define "a" }}new{{ end }}')
    assert templates.execute('{{ template "a" }}', None) == "new"


def test_an_empty_definition_never_replaces_another() -> None:
    templates = TemplateSet(ALERTMANAGER)
    templates.add("default.tmpl", '{{ define "a" }}old{{ end }}')
    templates.add("mine.tmpl", '{{ define "a" }}\n \n{{ end }}')
    assert templates.execute('{{ template "a" }}', None) == "old"


def test_a_text_may_override_a_definition_for_itself_alone() -> None:
    templates = TemplateSet(ALERTMANAGER)
    templates.add("default.tmpl", '{{ define "a" }}old{{ end }}')
    assert templates.execute('{{ define "a" }}mine{{ end }}{{ template "a" }}', None) == "mine"
    assert templates.execute('{{ template "a" }}', None) == "old"


def test_two_definitions_of_one_name_in_a_file_are_an_error() -> None:
    with pytest.raises(TemplateError, match=r'^template: x\.tmpl:2: template: multiple definition of template "a"$'):
        TemplateSet(ALERTMANAGER).add("x.tmpl", '{{ define "a" }}1{{ end }}\n{{ define "a" }}2{{ end }}')


def test_errors_in_a_file_name_it_with_line_and_column() -> None:
    templates = TemplateSet(ALERTMANAGER)
    templates.add("x.tmpl", 'one\n{{ define "a" }}é {{ .Nope.More }}{{ end }}')
    with pytest.raises(ExecutionError) as caught:
        templates.execute('{{ template "a" . }}', {"Nope": "x"})
    assert (
        str(caught.value)
        == 'template: x.tmpl:2:27: executing "a" at <.Nope.More>: can\'t evaluate field More in type string'
    )
    assert caught.value.position == Position("x.tmpl", 2, 27)


def test_a_parse_error_has_its_line_in_the_text_and_its_column_beside_it() -> None:
    with pytest.raises(TemplateError) as caught:
        parse("x", "a\n  {{ nope }}", ALERTMANAGER)
    assert str(caught.value) == 'template: x:2: function "nope" not defined'
    assert caught.value.position == Position("x", 2, 5)


def test_a_definition_can_be_filled_by_name() -> None:
    templates = TemplateSet(ALERTMANAGER)
    templates.add("email.tmpl", EMAIL)
    assert templates.named("email.default.html").execute({"Status": "x"}) == "<p>x</p>"
    with pytest.raises(TemplateError, match='template "nope" not defined'):
        templates.named("nope")


def test_html_escapes_each_call_for_its_place() -> None:
    templates = TemplateSet(ALERTMANAGER, mode=Mode.HTML)
    templates.add("x.tmpl", '{{ define "v" }}{{ . }}{{ end }}')
    text = '{{ template "v" . }}<a href="?q={{ template "v" . }}" title="{{ template "v" . }}"><script>{{ template "v" . }}</script>'
    assert templates.execute(text, "a b<") == (
        'a b&lt;<a href="?q=a%20b%3c" title="a b&lt;"><script>"a b\\u003c"</script>'
    )


def test_html_made_safe_later_than_the_original_is_kept_safe() -> None:
    """Go 1.19.9 closed two holes that amtool 0.25, built with 1.19.8, still has."""
    templates = TemplateSet(ALERTMANAGER, mode=Mode.HTML)
    assert templates.execute("<p title={{ . }} onclick=x>", "") == "<p title=ZgotmplZ onclick=x>"
    assert templates.execute("<style>a{b: {{ . }}}</style>", "</style><script>") == "<style>a{b: ZgotmplZ}</style>"


def test_the_guides_email_is_filled_and_escaped(guide: Path) -> None:
    templates = TemplateSet(ALERTMANAGER, mode=Mode.HTML)
    templates.add("email.tmpl", (guide / "monorepo/alertmanager/templates/email.tmpl").read_text())
    page = templates.execute('{{ template "email.default.html" . }}', notification())
    assert "<h1>High&lt;Load&gt;</h1>" in page
    assert "<p><strong>Start:</strong> 2026-11-23 07:18:17.120288386 &#43;0000 UTC</p>" in page
    assert "CPU &amp; &#34;load&#34; &gt; 90%" in page
    assert "<!--" not in page


@pytest.mark.parametrize(
    ("missing_key", "expected"), [(MissingKey.DEFAULT, "<no value>|<no value>"), (MissingKey.ZERO, "|<no value>")]
)
def test_missing_keys_are_what_the_caller_says(missing_key: MissingKey, expected: str) -> None:
    template = parse("", "{{ .CommonLabels.x }}|{{ .d.x }}", ALERTMANAGER)
    data = notification()
    shown = parse("", "{{ .CommonLabels.x }}", ALERTMANAGER).execute(data, missing_key=missing_key)
    assert shown == expected.split("|", maxsplit=1)[0]
    assert template.execute({"CommonLabels": data.get("CommonLabels"), "d": {}}, missing_key=missing_key) == expected


def test_missing_keys_can_be_errors() -> None:
    with pytest.raises(ExecutionError, match='map has no entry for key "x"'):
        parse("", "{{ .x }}", ALERTMANAGER).execute({}, missing_key=MissingKey.ERROR)


def test_an_empty_text_is_empty_in_both_modes() -> None:
    assert [TemplateSet(ALERTMANAGER, mode=mode).execute("", None) for mode in Mode] == ["", ""]
