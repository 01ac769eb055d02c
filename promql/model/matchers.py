"""Label matchers: a label's name, an operator, a value. An absent label counts as the empty string."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from engine.foundation.regexes import Regex
from promql.model.labels import Labels, label_name, quote


class MatchOp(Enum):
    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


class Matcher:
    """One condition on one label. Regexes match whole values. Raises RegexError."""

    __slots__ = ("_hash", "_regex", "name", "op", "value")

    def __init__(self, name: str, op: MatchOp, value: str) -> None:
        self.name = name
        self.op = op
        self.value = value
        self._hash = hash((name, op.value, value))
        self._regex: Regex | None = None
        if op in (MatchOp.REGEX, MatchOp.NOT_REGEX):
            self._regex = Regex(value)
            Regex(value, anchored=False)  # `a)(b` is a pattern only once it is anchored: refused, as in Prometheus

    def matches(self, value: str) -> bool:
        if self._regex is not None:
            return self._regex.matches(value) is (self.op is MatchOp.REGEX)
        return (value == self.value) is (self.op is MatchOp.EQUAL)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Matcher) and self._key() == other._key())

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        return f"{label_name(self.name)}{self.op.value}{quote(self.value)}"

    def __repr__(self) -> str:
        return f"Matcher({self})"

    def _key(self) -> tuple[str, MatchOp, str]:
        return (self.name, self.op, self.value)


def match_all(matchers: Iterable[Matcher], labels: Labels) -> bool:
    return all(m.matches(labels.get(m.name)) for m in matchers)
