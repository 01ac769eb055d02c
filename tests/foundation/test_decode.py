"""YAML by declared type: source text, places, all mistakes at once, and never an exception."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config.alertmanager import parse_alertmanager
from engine.config.prometheus import parse_prometheus
from engine.config.rules import parse_rules
from engine.foundation.decode import NotHere, NotYet, NullItem, OnlyHere, Report, decode
from engine.foundation.regexes import Regex
from engine.foundation.source import Severity
from engine.foundation.values import LabelName, Secret
from promql.model.durations import Duration


class Inner(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""
    seconds: Duration = Duration(5000)

    def check(self, report: Report) -> None:
        if not self.name:
            report.error("a name is missing", "name")


class Outer(msgspec.Struct, frozen=True, kw_only=True):
    LATER: ClassVar[Mapping[str, str]] = {"future": "release 9"}

    text: str = "default"
    flag: bool = False
    count: Annotated[int, msgspec.Meta(ge=0)] = 0
    share: float = 0.0
    level: Literal["low", "high"] = "low"
    pattern: Regex = Regex("(.*)")
    secret: Secret = Secret()
    inner: Inner | None = None
    many: Annotated[tuple[Inner, ...], NullItem("empty or null inner")] = ()
    words: tuple[str, ...] = ()
    labels: Mapping[Annotated[str, LabelName], str] = {}
    later_on: Annotated[str, NotYet()] = ""
    elsewhere: Annotated[tuple[str, ...], NotHere("use words")] = ()
    ours: Annotated[str, OnlyHere("everybody else refuses it")] = ""
    dotted: str = msgspec.field(name="dotted.key", default="")


def read(text: str) -> Outer:
    found = decode(text, Outer, "f.yml")
    assert [str(f) for f in found.findings] == []
    return found.value


def said(text: str) -> list[str]:
    return [str(finding) for finding in decode(text, Outer, "f.yml").findings]


@pytest.mark.parametrize(
    "text", ["1.10", "yes", "17:30", "0x10", "010", "1e3", "2020-01-01", "1_000", ".5e3", "True", "12:30:45", "=", "<"]
)
def test_a_text_is_its_source(text: str) -> None:
    assert read(f"text: {text}").text == text
    assert read(f"words: [{text}]").words == (text,)
    assert read(f"labels: {{a: {text}}}").labels == {"a": text}


@pytest.mark.parametrize("null", ["~", "null", "", "Null", "NULL"])
def test_null_is_the_empty_value(null: str) -> None:
    value = read(
        f"text: {null}\nwords: {null}\nlabels: {null}\ninner: {null}\nmany: {null}\nflag: {null}\ncount: {null}"
    )
    assert (value.text, value.words, value.labels, value.inner, value.many) == ("", (), {}, None, ())
    assert (value.flag, value.count) == (False, 0)
    assert read(f"pattern: {null}").pattern == Regex("")


def test_a_quoted_null_is_a_text() -> None:
    assert read('text: "~"').text == "~"


@pytest.mark.parametrize(("text", "flag"), [("yes", True), ("on", True), ("TRUE", True), ("no", False), ("Off", False)])
def test_flags_are_written_in_many_ways(text: str, flag: bool) -> None:
    assert read(f"flag: {text}").flag is flag


@pytest.mark.parametrize(("text", "count"), [("7", 7), ("0x10", 16), ("010", 8), ("1_000", 1000), ("+5", 5)])
def test_whole_numbers_are_written_as_in_go(text: str, count: int) -> None:
    assert read(f"count: {text}").count == count


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('flag: "true"', 'f.yml:1:7: flag: want true or false, got "true"'),
        ("flag: 12", 'f.yml:1:7: flag: want true or false, got "12"'),
        ('count: "5"', 'f.yml:1:8: count: want a whole number, got "5"'),
        ("count: 1.5", 'f.yml:1:8: count: want a whole number, got "1.5"'),
        ("count: -1", "f.yml:1:8: count: want at least 0, got -1"),
        ("share: half", 'f.yml:1:8: share: want a number, got "half"'),
        ("level: hihg", 'f.yml:1:8: level: unknown value "hihg" (did you mean "high"?)'),
        ("words: a", "f.yml:1:8: words: want a list, got text"),
        ("labels: [a]", "f.yml:1:9: labels: want a mapping, got a list"),
        ("text: [a]", "f.yml:1:7: text: want text, got a list"),
        ("labels: {a-b: c}", 'f.yml:1:10: labels: "a-b" is not a valid label name'),
        ("labels: {a: b, a: c}", 'f.yml:1:16: labels: key "a" is set twice'),
        ("text: a\ntext: b", 'f.yml:2:1: key "text" is set twice'),
        ("txet: a", 'f.yml:1:1: unknown key "txet" (did you mean "text"?)'),
        ("future: a", 'f.yml:1:1: unknown key "future" (only release 9 and later know it)'),
        ("pattern: (", "f.yml:1:10: pattern: error parsing regexp: missing closing ): `^(?:()$`"),
        (
            "inner: {name: a, seconds: 5}",
            'f.yml:1:27: inner.seconds: not a valid duration string: "5" (did you mean "5s"?)',
        ),
        ("many: [{name: a}, ~]", "f.yml:1:19: many[1]: empty or null inner"),
        ("many: [{seconds: 1s}]", "f.yml:1:8: many[0]: a name is missing"),
        ("many: [{name: ''}]", "f.yml:1:15: many[0].name: a name is missing"),
        ("[a]", "f.yml:1:1: want a mapping, got a list"),
        ("later_on: x", "f.yml:1:1: later_on: valid in Prometheus, not supported yet"),
        ("elsewhere: [x]", "f.yml:1:1: elsewhere: valid in Prometheus, not supported here: use words"),
        ("ours: x", "f.yml:1:1: ours: works here, but everybody else refuses it"),
    ],
)
def test_a_mistake_says_where_and_what(text: str, message: str) -> None:
    assert said(text) == [message]


def test_a_key_without_a_near_one_is_told_what_is_allowed() -> None:
    assert said("inner: {name: a, qqqqqq: b}") == ['f.yml:1:18: inner: unknown key "qqqqqq" (allowed: name, seconds)']


def test_all_mistakes_are_told_at_once_in_order() -> None:
    text = "flag: x\nmany:\n- seconds: 5\n  name: a\n- nmae: b\ncount: y\n"
    assert [line.split(": ")[0] for line in said(text)] == ["f.yml:1:7", "f.yml:3:12", "f.yml:5:3", "f.yml:6:8"]


def test_a_misspelled_key_is_not_missed_as_well() -> None:
    assert said("inner: {nmae: a}") == ['f.yml:1:9: inner: unknown key "nmae" (did you mean "name"?)']


def test_what_is_unsupported_is_silent_beside_a_mistake() -> None:
    found = decode("later_on: x\nours: x\nflag: z", Outer, "f.yml")
    assert [f.severity for f in found.findings] == [Severity.OURS, Severity.ERROR]


def test_an_unsupported_key_that_asks_for_nothing_is_fine() -> None:
    assert said("elsewhere: []\nlater_on:") == []


def test_a_warning_lets_the_file_through() -> None:
    found = decode("ours: x", Outer, "f.yml")
    assert not found.fatal
    assert found.value.ours == "x"


def test_the_value_of_a_mistake_is_its_default() -> None:
    assert decode("flag: x\ntext: y\nlevel: z", Outer).value == Outer(text="y")


def test_anchors_and_merge_keys_are_followed() -> None:
    text = "many:\n- &a {name: x, seconds: 1s}\n- <<: *a\n  name: y\n- *a\n- <<: [*a, {name: z}]\n"
    assert read(text).many == (
        Inner(name="x", seconds=Duration(1000)),
        Inner(name="y", seconds=Duration(1000)),
        Inner(name="x", seconds=Duration(1000)),
        Inner(name="x", seconds=Duration(1000)),
    )


def test_a_mistake_behind_an_alias_is_told_once() -> None:
    assert len(said("many:\n- &a {name: x, bad: 1}\n- *a\n- *a\n")) == 1


def test_only_the_first_document_is_read() -> None:
    assert read("text: a\n---\nnonsense: [").text == "a"


def test_dotted_keys_and_json_are_read() -> None:
    assert read('{"dotted.key": "a", "count": 3}') == Outer(dotted="a", count=3)


def test_an_empty_document_is_an_empty_mapping() -> None:
    assert read("") == read("# only this\n") == read("~") == Outer()
    assert [str(f) for f in decode("", Inner, "f.yml").findings] == ["f.yml:1:1: a name is missing"]


def test_what_is_only_judged_by_a_scalar_class_stays_plain_text() -> None:
    (name,) = read("labels: {team: a}").labels
    assert type(name) is str


def test_a_secret_does_not_print() -> None:
    secret = read("secret: hush").secret
    assert (str(secret), repr(secret), f"{secret}", secret.reveal()) == (
        "<secret>",
        "Secret(<secret>)",
        "<secret>",
        "hush",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a:\n\tb: c", "f.yml:2:1: found character that cannot start any token (indent with spaces"),
        ("text: a: b", "f.yml:1:8: mapping values are not allowed in this context (quote"),
        ("words: [a", "f.yml:2:1: did not find expected ',' or ']' (a bracket"),
        ('text: "a', "f.yml:1:9: found unexpected end of stream (a quote"),
        ("text: {{ a }} b", "f.yml:1:15: did not find expected key (look"),
        ("text: *x", "f.yml:1:7: found undefined alias"),
        ("text: \x00", "f.yml:1:7: YAML can't hold this character: "),
    ],
)
def test_what_is_no_yaml_is_told_in_one_line(text: str, message: str) -> None:
    (line,) = said(text)
    assert line.startswith(message)
    assert "\n" not in line


def test_bytes_that_are_no_text_are_told_with_their_place() -> None:
    found = decode(b"text: a\nwords: [\xff]\n", Outer, "f.yml")
    assert [str(f) for f in found.findings] == ["f.yml:2:9: this is not UTF-8 text"]


def test_a_mapping_that_merges_itself_ends() -> None:
    decode("labels: &a\n  <<: *a\n  b: c\n", Outer)
    decode("labels: &a\n  x: 1\n  <<: &b {y: 2, <<: *a}\n", Outer)


def test_a_list_that_holds_itself_ends() -> None:
    found = parse_alertmanager("route: &r {receiver: a, routes: [*r]}\nreceivers: [{name: a}]")
    assert "document contains excessive aliasing" in str(found.findings[0])


def test_aliases_of_aliases_are_stopped() -> None:
    class Tree(msgspec.Struct, frozen=True, kw_only=True):
        children: tuple[Outer, ...] = ()

    lines = ["a0: &a0 {words: [x, x, x, x, x, x, x, x, x]}"]
    lines += [f"a{n}: &a{n} {{many: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 9)]
    assert decode("\n".join(lines), Tree).fatal


def test_deep_nesting_is_a_finding() -> None:
    assert decode("[" * 100_000, Outer).fatal
    assert decode("words: " + "[" * 5000 + "]" * 5000, Outer).fatal


_PIECES = [
    *"abc: \n-[]{}&*!|>'\"%@`#?,<\t0.~=",
    "<<: ",
    "- ",
    "*a",
    "&a ",
    "text: ",
    "many:",
    "routes: ",
    "groups:\n- ",
]
_YAML = st.lists(st.sampled_from(_PIECES), max_size=40).map("".join)


@given(st.one_of(st.text(), _YAML, st.binary()))
def test_no_text_raises(text: str | bytes) -> None:
    for parse in (parse_prometheus, parse_alertmanager):
        parse(text, "f.yml")
    parse_rules(text, "f.yml")
    assert all("\n" not in f.message for f in decode(text, Outer).findings)


_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
_KEYS = st.sampled_from(
    ["global", "route", "routes", "receivers", "name", "groups", "rules", "expr", "alert", "scrape_configs", "job_name",
     "static_configs", "targets", "labels", "relabel_configs", "action", "scrape_interval", "matchers", "match_re"]
)  # fmt: skip
_TREES = st.recursive(
    _SCALARS,
    lambda part: st.one_of(st.lists(part, max_size=3), st.dictionaries(_KEYS, part, max_size=4)),
    max_leaves=12,
)


@given(_TREES)
def test_no_tree_raises(tree: object) -> None:
    text = msgspec.json.encode(tree)
    for parse in (parse_prometheus, parse_alertmanager):
        parse(text, "f.yml")
    parse_rules(text, "f.yml")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_a_quoted_text_survives(text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    found = decode(f"text: {quoted}", Outer)
    if not found.findings:  # what YAML can't hold is told
        assert found.value.text == text
