"""Matchers and labels as they are typed. Both grammars are read, since whoever is asked may know either."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

import click

if TYPE_CHECKING:
    from engine.alerting.matching.grammar import Grammar

_OPERATORS: Final = frozenset("=~!")
F = TypeVar("F", bound=Callable[..., object])


def matchers_of(words: Sequence[str]) -> list[str]:
    """A first word without an operator is an alert's name. Raises ConfigError."""
    from engine.alerting.matching.grammar import Grammar

    texts = named(words)
    for text in texts:
        Grammar.BOTH.matcher(text)
    return texts


def labels_of(words: Sequence[str]) -> dict[str, str]:
    """Of NAME=VALUE, quoted or not. Raises ConfigError, UsageError."""
    from engine.alerting.matching.grammar import Grammar
    from promql.model.matchers import MatchOp

    found = {}
    for word in words:
        if not _OPERATORS & set(word):
            raise click.UsageError(f'"{word}": want NAME=VALUE')
        matcher = Grammar.BOTH.matcher(word)
        if matcher.op is not MatchOp.EQUAL:
            raise click.UsageError(f'"{word}" is a condition: want NAME=VALUE')
        found[matcher.name] = matcher.value
    return found


def named(words: Sequence[str]) -> list[str]:
    """The same, with the label that a bare first word is the value of."""
    return [f"alertname={word}" if at == 0 and not _OPERATORS & set(word) else word for at, word in enumerate(words)]


def with_features(command: F) -> F:
    """The option of commands that read matchers as a running engine does; see `grammar_of`."""
    return click.option(
        "--enable-feature", "features", multiple=True, metavar="NAME",
        help="classic-mode or utf8-strict-mode: read Alertmanager's matchers by one grammar alone",
    )(command)  # fmt: skip


def grammar_of(features: Sequence[str]) -> Grammar:
    """Raises ConfigError."""
    from engine.app.features import enabled, grammar

    return grammar(enabled(features))
