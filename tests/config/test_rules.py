"""Rule files: all mistakes in Prometheus's words, injected parsers, duplicates."""

from __future__ import annotations

from engine.config.rules import Language, parse_rules
from engine.foundation.errors import ConfigError

BAD = """
groups:
- name: g
  rules:
  - alert: a
    expr: up
    labels: {a: "{{ foo }}", b: "{{ $x }}"}
    annotations: {c: "{{ if }}", d: "{{ query \\"up\\" | first }}"}
  - record: "{{"
    expr: up
    annotations: {x: y}
    labels: {a: "{{"}
  - alert: "x y"
    expr: 1 +
"""


def test_every_mistake_of_a_file_is_told_in_prometheus_words() -> None:
    assert [str(f) for f in parse_rules(BAD, "r.yml").findings] == [
        'r.yml:7:17: group "g", rule 1, "a": label "a": template: __alert_a:1: function "foo" not defined',
        'r.yml:7:33: group "g", rule 1, "a": label "b": template: __alert_a:1: undefined variable "$x"',
        'r.yml:8:22: group "g", rule 1, "a": annotation "c": template: __alert_a:1: missing value for if',
        'r.yml:9:13: group "g", rule 2, "{{": invalid recording rule name: {{',
        'r.yml:11:18: group "g", rule 2, "{{": invalid field \'annotations\' in recording rule',
        'r.yml:14:11: group "g", rule 3, "x y": could not parse expression: 1:4: parse error: unexpected end of input',
    ]


def test_aliases_are_followed_where_prometheus_takes_their_names() -> None:
    text = "groups:\n- name: g\n  rules:\n  - {record: a, expr: &e up == 0}\n  - {alert: b, expr: *e, for: 1m}"
    found = parse_rules(text, "r.yml")
    assert found.findings == ()
    assert [rule.expr for rule in found.value.groups[0].rules] == ["up == 0", "up == 0"]


def test_names_are_needed_and_told_apart() -> None:
    text = "groups:\n- name: ''\n- name: a\n- name: a\n-\n"
    assert [(f.line, f.message) for f in parse_rules(text, "r.yml").findings] == [
        (2, "Groupname must not be empty"),
        (4, 'groupname: "a" is repeated in the same file'),
        (5, "Groupname must not be empty"),
    ]


def test_a_misspelled_expr_is_told_once() -> None:
    (finding,) = parse_rules("groups: [{name: g, rules: [{alert: a, exprs: up}]}]", "r.yml").findings
    assert finding.message == 'unknown key "exprs" (did you mean "expr"?)'


def test_parsers_may_be_others() -> None:
    def refuse(*_: str) -> None:
        raise ConfigError("not today")

    found = parse_rules(
        "groups: [{name: g, rules: [{alert: a, expr: up, labels: {x: y}}]}]", "r.yml", Language(refuse), refuse
    )
    assert [f.message for f in found.findings] == ["could not parse expression: not today", 'label "x": not today']


def test_keys_of_later_releases_work_and_are_told() -> None:
    group = "{name: g, query_offset: 1m, labels: {a: b, __name__: c}, rules: []}"
    told = [f.message for f in parse_rules(f"groups: [{group}]", "r.yml").findings]
    assert told == [
        "works here, but Prometheus refuses it before 2.53",
        "works here, but Prometheus refuses it before 3.0",
        "invalid label name: __name__",
    ]
