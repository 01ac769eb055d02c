"""What parsers make of lines: facts about Loki 2.7, and what later releases added."""

from __future__ import annotations

import pytest

from engine.logql.errors import ParseError
from engine.logql.pipeline.program import compiled
from engine.logql.pipeline.row import Row
from engine.logql.syntax.parser import parse_log


def labels(stages: str, line: str, **stream: str) -> dict[str, str]:
    row = _row(stages, line, **stream)
    return row.all_labels()


def _row(stages: str, line: str, **stream: str) -> Row:
    program = compiled(parse_log(f'{{x="y"}} {stages}').stages, None, 7 * 10**9)
    row = Row(stream)
    row.begin(line.encode(), 1_700_000_000_123_456_789)
    assert program.passes(row)
    return row


def test_json_keeps_numbers_as_they_are_written() -> None:
    assert labels("| json", '{"a": 2.50, "b": 1e3, "c": -0.0, "d": 123456789012345678901234567890, "e": true}') == {
        "a": "2.50", "b": "1e3", "c": "-0.0", "d": "123456789012345678901234567890", "e": "true",
    }  # fmt: skip


def test_json_joins_the_keys_of_objects_and_skips_arrays_and_null() -> None:
    assert labels("| json", '{"a": {"b": {"c-d": 1}}, "x": [1], "n": null, "1é": "v"}') == {"a_b_c_d": "1", "_1_": "v"}


def test_a_label_of_the_stream_is_not_overwritten_by_a_parser() -> None:
    assert labels("| json", '{"job": "line"}', job="stream") == {"job": "stream", "job_extracted": "line"}


def test_broken_json_keeps_what_came_before_the_fault() -> None:
    found = labels("| json", '{"a": "b", "c": ')
    assert found["a"] == "b"
    assert found["__error__"] == "JSONParserErr"


def test_what_follows_an_object_does_not_count() -> None:
    assert labels("| json", '{"a": "b"} and more') == {"a": "b"}


def test_json_paths() -> None:
    line = '{"a": {"b": [{"c": "x"}, 2.50], "d-e": null}, "f": {"g": 1}}'
    assert labels('| json p="a.b[0].c", q="a.b[1]", r="a[\\"d-e\\"]", s="f", t="no.such", u="a.b[9]"', line) == {
        "p": "x", "q": "2.50", "r": "", "s": '{"g": 1}', "t": "", "u": "",
    }  # fmt: skip


def test_json_paths_of_a_line_that_is_no_json_give_an_error_alone() -> None:
    assert labels('| json a="b"', "not json") == {"__error__": "JSONParserErr"}


def test_logfmt() -> None:
    assert labels("| logfmt", 'a=1 b="x \\"y\\" \\u00e9" c= d e="" a=2') == {
        "a": "2", "b": 'x "y" é', "c": "", "d": "", "e": "",
    }  # fmt: skip


def test_logfmt_stops_at_a_malformed_pair() -> None:
    assert labels("| logfmt", "a=1 b= =x c=2") == {
        "a": "1",
        "b": "",
        "__error__": "LogfmtParserErr",
        "__error_details__": "logfmt syntax error at pos 8 : unexpected '='",
    }


def test_logfmt_with_expressions_sets_what_it_names() -> None:
    assert labels('| logfmt x="a", b, c', 'a=1 b="2" z=3') == {"x": "1", "b": "2", "c": ""}


def test_regexp_sets_named_groups() -> None:
    assert labels("| regexp `(?P<a>\\w+)( (?P<b>\\d+))?`", "foo bar") == {"a": "foo", "b": ""}
    assert labels("| regexp `(?P<a>[0-9]+)`", "foo") == {}


def test_pattern_gives_what_it_reached() -> None:
    assert labels("| pattern `<a> baz <b>`", "foo bar") == {"a": "foo bar"}
    assert labels('| pattern `<ip> - <_> "<m> <p>"`', '1.2.3.4 - x "GET /a"') == {
        "ip": "1.2.3.4",
        "m": "GET",
        "p": "/a",
    }
    assert labels("| pattern `x<a>`", "yx1") == {}


def test_unpack_replaces_the_line_where_there_is_an_entry() -> None:
    row = _row("| unpack", '{"a": "b", "n": 1, "_entry": "the line"}')
    assert (row.labels, row.text()) == ({"a": "b"}, "the line")
    row = _row("| unpack", '{"a": "b"}')
    assert (row.labels, row.text()) == ({}, '{"a": "b"}')


def test_label_format_renames_and_fills() -> None:
    assert labels("| label_format b=a, c=`<{{.a}}>`, d=nothing", "", a="1") == {"b": "1", "c": "<>"}
    assert labels("| label_format c=`<{{.a}}>`", "", a="1") == {"a": "1", "c": "<1>"}


def test_a_template_that_fails_leaves_the_line() -> None:
    row = _row("| line_format `{{ .a | div 1 }}`", "line", a="0")
    assert row.text() == "line"
    assert row.error == "TemplateFormatErr"


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ .a | ToUpper }}", "B"),
        ("{{ __line__ | trunc 2 }}", "li"),
        ('{{ __timestamp__ | date "2006-01-02T15:04:05.000Z07:00" }}', "2023-11-14T22:13:20.123Z"),
        ("{{ __timestamp__ | unixEpochNanos }}", "1700000000123456789"),
        ("{{ now | unixEpoch }}", "7"),
        ("{{ add 1 2 3 }} {{ div 7 2 }} {{ mod 7 2 }} {{ subf 1.5 1 }}", "6 3 1 0.5"),
        ('{{ Replace "aaa" "a" "b" 2 }}{{ replace "a" "c" "xa" }}', "bbaxc"),
        ('{{ .nope | default "none" }}', "none"),
        ('{{ regexReplaceAll "(l)" __line__ "<$1>" }}', "<l>ine"),
        ('{{ alignLeft 4 "ab" }}|{{ alignRight 1 "ab" }}', "ab  |b"),
        ('{{ b64enc "x" }} {{ b64dec "eA==" }} {{ urlencode "a b" }} {{ count "i" "iii" }}', "eA== x a+b 3"),
        ('{{ duration "1m30s" }} {{ bytes "2KB" }} {{ round 1.2345 2 }}', "90 2000 1.23"),
        ("{{ range $k, $v := . }}{{ $k }}={{ $v }};{{ end }}", "a=b;"),
        ('{{ if hasPrefix "li" __line__ }}yes{{ end }}', "yes"),
    ],
)  # fmt: skip
def test_functions_of_templates(template: str, text: str) -> None:
    assert _row(f"| line_format `{template}`", "line", a="b").text() == text


def test_drop_and_keep() -> None:
    assert labels('| drop a, b="1"', "", a="x", b="2", c="3") == {"b": "2", "c": "3"}
    assert labels('| keep a, b="1"', "", a="x", b="2", c="3") == {"a": "x"}
    assert labels("| json | drop __error__", "broken", a="x") == {"a": "x"}
    assert "__error__" in labels("| json | keep a", "broken", a="x")


def test_colours_are_taken_away() -> None:
    assert _row("| decolorize", "\x1b[31mred\x1b[0m \x1b[1;32mgreen").text() == "red green"


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ("|~ `[`", "stage '|~ \"[\"' : error parsing regexp: missing closing ]: `[`"),
        ("| regexp `a(b)`", "at least one named capture must be supplied"),
        ("| regexp `(?P<a>x)|(?P<a>y)`", "duplicate"),
        ("| pattern `abc`", "at least one capture is required"),
        ("| pattern `<a><b>`", "found consecutive capture '<b>'"),
        ("| pattern `<a> <a>`", "duplicate capture name (a)"),
        ("| label_format a=b, a=c", "multiple label name 'a' not allowed in a single format operation"),
        ("| label_format __error__=b", "__error__ cannot be formatted"),
        ("| line_format `{{ nosuch }}`", 'function "nosuch" not defined'),
        ('| json a="b..c"', "cannot parse expression"),
        ('|= ip("x")', "ip: invalid pattern"),
        ('| a = ip("1.2.3")', "ip: invalid pattern"),
        ("|> `<a> b`", "named captures are not allowed"),
    ],
)
def test_a_stage_that_can_not_be_is_named(stages: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        compiled(parse_log(f'{{x="y"}} {stages}').stages, None, 0)
    assert message in str(caught.value)
