"""Rule files: what only a parser can say of them, and what Prometheus asks of rules, in its words and order.

A finding's place is `group "NAME", rule N, "NAME"`, as there; its line and column are those of the key it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeAlias

from msgspec import Struct

from engine.foundation.decode import Decoded, Report, decode
from engine.foundation.errors import EngineError
from engine.foundation.values import is_label_name, is_metric_name
from engine.gotemplate.functions.prometheus import functions
from engine.gotemplate.template import parse as parse_template
from engine.rules.config import Rule, RuleFile, RuleGroup
from promql.model.labels import METRIC_NAME, quote
from promql.syntax.parser import parse as parse_expression

_VARIABLES: Final = (
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"
)
Try: TypeAlias = Callable[[str], object]
"""Parses a text; raises EngineError where it can't."""
TryTemplate: TypeAlias = Callable[[str, str], object]
"""Parses a text of the alert of that name; raises EngineError where it can't."""


class Language(Struct, frozen=True):
    """In what expressions are written. `refused` is said before why one is none; `useless` says of one that is fine why
    no rule can use it, if so.
    """

    parse: Try = parse_expression
    refused: Callable[[RuleGroup, Rule], str] = lambda *_: "could not parse expression: "
    useless: Callable[[str], str] = lambda _: ""


PROMQL: Final = Language()


def _try_template(alert: str, text: str) -> object:
    return parse_template(f"__alert_{alert}", _VARIABLES + text, functions(lambda _: (), "", 0.0))


def parse_rules(
    source: str | bytes,
    file: str,
    language: Language = PROMQL,
    template: TryTemplate = _try_template,
    *,
    environment: Mapping[str, str] | None = None,
) -> Decoded[RuleFile]:
    """The file's groups, and everything that is wrong with them."""

    def check(found: RuleFile, report: Report) -> None:
        for index, group in enumerate(found.groups):
            part = report.within("groups", index)
            _check_group(found.groups[:index], group, part)
            _check_rules(group, part, language, template)

    return decode(source, RuleFile, file, check, environment)


def parse_group(source: str | bytes, language: Language = PROMQL) -> Decoded[RuleGroup]:
    """One group that stands alone."""

    def check(group: RuleGroup, report: Report) -> None:
        _check_group((), group, report)
        _check_rules(group, report, language, _try_template)

    return decode(source, RuleGroup, "", check)


def _check_rules(group: RuleGroup, report: Report, language: Language, template: TryTemplate) -> None:
    for number, rule in enumerate(group.rules):
        place = f'group "{group.name}", rule {number + 1}, {quote(rule.name)}'
        part = report.within("rules", number, place=place)
        _check_rule(rule, part)
        _check_expression(group, rule, part, language)
        _check_names(rule, part)
        if rule.alert and not rule.record:
            _check_templates(rule, part, template)


def _check_group(before: tuple[RuleGroup, ...], group: RuleGroup, report: Report) -> None:
    if not group.name:
        report.error("Groupname must not be empty", "name")
    elif any(group.name == other.name for other in before):
        report.error(f'groupname: "{group.name}" is repeated in the same file')
    _check_labels(group.labels, report)


def _check_rule(rule: Rule, report: Report) -> None:
    if rule.record and rule.alert:
        report.error("only one of 'record' and 'alert' must be set", "record")
    if not rule.record and not rule.alert:
        report.error("one of 'record' or 'alert' must be set", "alert")
    if not rule.expr:
        report.error("field 'expr' must be set in rule", "expr")
    if not rule.record:
        return
    for key, given in (
        ("annotations", rule.annotations), ("for", rule.for_), ("keep_firing_for", rule.keep_firing_for),
    ):  # fmt: skip
        if given:
            report.error(f"invalid field '{key}' in recording rule", key)
    if not is_metric_name(rule.record):
        report.error(f"invalid recording rule name: {rule.record}", "record")


def _check_expression(group: RuleGroup, rule: Rule, report: Report, language: Language) -> None:
    parsing = partial(language.parse, rule.expr)
    if rule.expr and _attempt(parsing, language.refused(group, rule), report, "expr"):
        why = language.useless(rule.expr)
        if why:
            report.unusable(why, "expr")


def _check_names(rule: Rule, report: Report) -> None:
    _check_labels(rule.labels, report)
    for name in rule.annotations:
        if not is_label_name(name):
            report.error(f"invalid annotation name: {name}", "annotations", name)


def _check_labels(labels: Mapping[str, str], report: Report) -> None:
    for name in labels:
        if not is_label_name(name) or name == METRIC_NAME:
            report.error(f"invalid label name: {name}", "labels", name)


def _check_templates(rule: Rule, report: Report, template: TryTemplate) -> None:
    texts: Mapping[str, Mapping[str, str]] = {"label": rule.labels, "annotation": rule.annotations}
    for what, fields in texts.items():
        for name, text in fields.items():
            _attempt(partial(template, rule.alert, text), f'{what} "{name}": ', report, f"{what}s", name)


def _attempt(deed: Callable[[], object], prefix: str, report: Report, *at: str) -> bool:
    """Whether it succeeds."""
    try:
        deed()
    except EngineError as error:
        report.error(f"{prefix}{error}", *at)
        return False
    return True
