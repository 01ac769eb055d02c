"""Makes tables.py from promql.lark, and wide_tables.py from it and additions.lark: `python -m promql.syntax.generate`.

lark works the LALR(1) table out; that takes longer than most commands of the engine may take to start (lark's import
alone about 50 ms), so the table is kept as a module, and a test says when it is no longer the grammar's.

Two things are added to what lark knows, both as yacc has them, since Prometheus's error texts depend on them:
a state's most frequent reduction is its default, done for wrong tokens too, and done without a look at the next token
where it is the only action; and states that accept ERROR have no default and know which alternative to report.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from lark import Lark
from lark.parsers.lalr_analysis import Reduce

STARTS: Final = ["query", "selector"]
MADE_OF: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {"tables.py": ("promql.lark",), "wide_tables.py": ("promql.lark", "additions.lark")}
)
_ERROR: Final = "ERROR"

_Row: TypeAlias = dict[str, tuple[Any, Any]]  # symbol: (shift, state) or (reduce, rule)
_Rule: TypeAlias = tuple[str, int, str]  # as in RULES


def source(module: str) -> str:
    """The text of a module of MADE_OF for its grammar as it stands; the same on every run."""
    grammar = "\n".join(files("promql.syntax").joinpath(name).read_text() for name in MADE_OF[module])
    return table_of(grammar, STARTS, " and ".join(MADE_OF[module]))


def table_of(grammar: str, starts: Sequence[str], name: str) -> str:
    """The text of a module for a grammar of this name."""
    parser = Lark(grammar, parser="lalr", lexer="basic", start=list(starts))
    table = parser.parser.parser._parse_table  # noqa: SLF001 - lark has no public name for it
    lines = _lines(table.states, table.start_states, table.end_states)
    heading = f'"""The LALR(1) table of {name}, made by generate.py; not for editing."""\n'
    return "\n".join((heading, *lines)).replace("'", '"') + "\n"


def _lines(states: dict[int, _Row], starts: dict[str, int], ends: dict[str, int]) -> Iterator[str]:
    order = _order(states, list(starts.values()))
    number = {state: n for n, state in enumerate(order)}
    rules = sorted({_key(rule) for row in states.values() for action, rule in row.values() if action is Reduce})
    numbered = {rule: n for n, rule in enumerate(rules)}
    yield "# ruff: noqa: E501 - one state a line"
    yield "# fmt: off\nfrom __future__ import annotations\n\nfrom typing import Final\n"
    yield "# Nonterminal, number of values, name of the action (none: the one value is passed on)."
    yield "RULES: Final[tuple[tuple[str, int, str], ...]] = ("
    yield from (f"    {rule!r}," for rule in rules)
    yield ")\n"
    yield "# State: what to do for a token: shift to a state, or reduce by a rule (~rule); shifting $END is the end."
    accepts = {state: {"$END": number[state]} for state in ends.values()}
    actions = (accepts.get(s) or _actions(states[s], number, numbered) for s in order)
    yield from _rows("ACTIONS: Final[tuple[dict[str, int], ...]]", actions)
    yield "# State: what to do for any other token, always a reduction; 0 for an error."
    yield from _rows("DEFAULTS: Final[tuple[int, ...]]", (_default(states[s], numbered) for s in order))
    yield "# State: where to go on with a nonterminal."
    yield from _rows("GOTOS: Final[tuple[dict[str, int], ...]]", (_gotos(states[s], number) for s in order))
    yield "# State: the words for a wrong token."
    reports = {number[s]: _report(states, states[s]) for s in order if _accepts_error(states[s])}
    yield f"REPORTS: Final[dict[int, str]] = {reports!r}"
    yield f"STARTS: Final[dict[str, int]] = { {name: number[starts[name]] for name in starts}!r}"


def _order(states: dict[int, _Row], starts: list[int]) -> list[int]:
    """Breadth first by the names of symbols: lark numbers states by hashes, which change from run to run."""
    seen, todo = dict.fromkeys(starts), deque(starts)
    while todo:
        row = states[todo.popleft()]
        for symbol in sorted(row):
            action, target = row[symbol]
            if action is not Reduce and target not in seen:
                seen[target] = None
                todo.append(target)
    return list(seen)


def _key(rule: Any) -> _Rule:
    return (str(rule.origin.name), len(rule.expansion), str(rule.alias or ""))


def _default(row: _Row, rules: dict[_Rule, int]) -> int:
    reductions = Counter(~rules[_key(rule)] for action, rule in row.values() if action is Reduce)
    if not reductions or _accepts_error(row):
        return 0
    return max(reductions, key=lambda rule: (reductions[rule], rule))


def _actions(row: _Row, states: dict[int, int], rules: dict[_Rule, int]) -> dict[str, int]:
    default = _default(row, rules)
    actions = {
        symbol: ~rules[_key(target)] if action is Reduce else states[target]
        for symbol, (action, target) in sorted(row.items())
        if symbol.isupper() and symbol != _ERROR
    }
    return {symbol: target for symbol, target in actions.items() if target != default}


def _gotos(row: _Row, states: dict[int, int]) -> dict[str, int]:
    return {symbol: states[target] for symbol, (_, target) in sorted(row.items()) if symbol.islower()}


def _accepts_error(row: _Row) -> bool:
    return _ERROR in row and row[_ERROR][0] is not Reduce


def _report(states: dict[int, _Row], row: _Row) -> str:
    """The action of the alternative that ends in this ERROR."""
    (alias,) = {str(rule.alias) for _, rule in states[row[_ERROR][1]].values()}
    return alias


def _rows(name: str, rows: Iterator[object]) -> Iterator[str]:
    yield f"{name} = ("
    yield from (f"    {row!r}," for row in rows)
    yield ")\n"


if __name__ == "__main__":
    for name in MADE_OF:
        Path(__file__).with_name(name).write_text(source(name))
