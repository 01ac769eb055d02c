"""Judges what the grammar in force decides: matchers of routes and rules, and the names of labels beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.alerting.config.document import ALL_LABELS, AlertmanagerConfig, walk
from engine.alerting.matching.grammar import Grammar, disagreement, is_name
from engine.alerting.matching.text import MatcherError
from engine.foundation.decode import Report
from engine.foundation.regexes import RegexError
from engine.foundation.source import Path
from engine.foundation.values import is_label_name

_BEFORE: Final = "works here, but Alertmanager before 0.27 refuses it: "


def check_matching(config: AlertmanagerConfig, report: Report, grammar: Grammar) -> None:
    """Where both grammars are in force, it is told what only one of them reads, or reads otherwise."""
    for at, text in _texts(config):
        _check_text(text, at, report, grammar)
    for at, name, refused in _names(config):
        if grammar is Grammar.CLASSIC or not is_name(name):
            report.error(refused, *at)
        elif grammar is Grammar.BOTH:
            report.ours(f"{_BEFORE}{refused}", *at)


def _check_text(text: str, at: Path, report: Report, grammar: Grammar) -> None:
    if refused := _refused(text, grammar):
        report.error(refused, *at)
    elif grammar is Grammar.BOTH:
        if refused := _refused(text, Grammar.CLASSIC):
            report.ours(f"{_BEFORE}{refused}", *at)
        elif told := disagreement(text):
            report.warning(told, *at)


def _refused(text: str, grammar: Grammar) -> str:
    try:
        grammar.matchers(text)
    except (MatcherError, RegexError) as error:
        return str(error)
    return ""


def _texts(config: AlertmanagerConfig) -> Iterator[tuple[Path, str]]:
    """All matchers, and where they stand."""
    for route, at in walk(config.route):
        for index, text in enumerate(route.matchers):
            yield (*at, "matchers", index), text
    for number, rule in enumerate(config.inhibit_rules):
        for key, texts in (("source_matchers", rule.source_matchers), ("target_matchers", rule.target_matchers)):
            for index, text in enumerate(texts):
                yield ("inhibit_rules", number, key, index), text


def _names(config: AlertmanagerConfig) -> Iterator[tuple[Path, str, str]]:
    """Names that 0.25 refuses, where they stand, and its words."""
    for route, at in walk(config.route):
        for index, name in enumerate(route.group_by):
            if name != ALL_LABELS and not is_label_name(name):
                yield (*at, "group_by", index), name, f'invalid label name "{name}" in group_by list'
    for number, rule in enumerate(config.inhibit_rules):
        for index, label in enumerate(rule.equal):
            if label and not is_label_name(label):
                yield ("inhibit_rules", number, "equal", index), label, f'"{label}" is not a valid label name'
