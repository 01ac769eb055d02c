"""Ad hoc filters: matchers that every selector of a query gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import asdict, replace

from engine.dashboards.json import Json, objects, text
from engine.foundation.errors import EngineError
from promql.model.labels import label_name, quote
from promql.model.matchers import Matcher, MatchOp
from promql.syntax.ast import Node, VectorSelector
from promql.syntax.parser import parse
from promql.syntax.printer import print_expr

OPERATORS: Final = ("=", "!=", "=~", "!~")


class Filter(Struct, frozen=True):
    """One condition."""

    key: str
    operator: str
    value: str


def read(found: Any) -> tuple[Filter, ...]:
    """Those that are complete."""
    made = [_read(one) for one in objects(found)]
    return tuple(one for one in made if one.key and one.operator in OPERATORS)


def _read(one: Json) -> Filter:
    return Filter(text(one.get("key")), text(one.get("operator"), "="), text(one.get("value")))


def written(query: str, filters: Sequence[Filter]) -> str:
    """The query with the filters in each of its selectors; as it is where it does not parse."""
    if not filters:
        return query
    try:
        tree = parse(query)
        more = tuple(Matcher(one.key, MatchOp(one.operator), one.value) for one in filters)
    except EngineError:
        return query
    return print_expr(_with(tree, more))


def of_logs(query: str, filters: Sequence[Filter]) -> str:
    """The same for LogQL, whose selectors are the braces that open outside of texts."""
    if not filters:
        return query
    more = ", ".join(f"{label_name(one.key)}{one.operator}{quote(one.value)}" for one in filters)
    pieces, inside = [], ""
    for at, char in enumerate(query):
        pieces.append(char)
        if inside:
            inside = "" if char == inside and (char == "`" or query[at - 1] != "\\") else inside
        elif char in '"`':
            inside = char
        elif char == "{":
            pieces.append(more + ("" if query[at + 1 :].lstrip().startswith("}") else ", "))
    return "".join(pieces)


def _with(tree: Any, more: tuple[Matcher, ...]) -> Any:
    if isinstance(tree, VectorSelector):
        return replace(tree, matchers=(*more, *tree.matchers))
    if isinstance(tree, tuple):
        return tuple(_with(one, more) for one in tree)
    if not isinstance(tree, Node):
        return tree
    inner = {name: part for name, part in asdict(tree).items() if isinstance(part, Node | tuple)}
    return replace(tree, **{name: _with(part, more) for name, part in inner.items()})
