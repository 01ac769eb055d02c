"""PromQL and templates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from docs.tables.markdown import Row, code, originals, section, table
from engine.gotemplate.functions.alertmanager import ALERTMANAGER
from engine.gotemplate.functions.builtins import BUILTINS
from engine.gotemplate.functions.prometheus import functions as prometheus_functions
from promql.execute.reduce import REDUCTIONS
from promql.functions.operators import ARITHMETIC, COMPARISON, SETS
from promql.functions.presence import nothing
from promql.functions.signatures import ADDED, SIGNATURES, Signature
from promql.functions.table import FUNCTIONS, OverGrids
from promql.syntax.build import WITH_PARAMETER


def promql() -> Iterator[str]:
    known = {**SIGNATURES, **ADDED}
    absent = sorted(known.keys() - FUNCTIONS.keys())
    empty = sorted(name for name, row in FUNCTIONS.items() if isinstance(row, OverGrids) and row.call is nothing)
    yield from section(
        "PromQL",
        f"All {len(SIGNATURES)} functions of 2.42 are parsed and checked, with the original's error texts; of later"
        f" releases {code(sorted(ADDED))}.",
    )
    rows = [(_signature(shape), code(names)) for shape, names in _by_signature(known, FUNCTIONS.keys() & known.keys())]
    yield from table(("Arguments", "Evaluated"), rows)
    yield f"Not evaluated: {code(absent) or 'none'}. Without native histograms to work on, always empty: {code(empty)}."
    yield ""
    yield f"Aggregations: {code(sorted({*REDUCTIONS, *WITH_PARAMETER}))}, with `by` and `without`."
    yield ""
    yield (
        f"Operators: {code(ARITHMETIC)}; {code(COMPARISON)} with `bool`; {code(sorted(SETS))}; with `on`, `ignoring`,"
        " `group_left`, `group_right`. Modifiers: `offset` (also negative), `@` with a time, `start()` or `end()`;"
        " subqueries."
    )
    yield ""


def _by_signature(known: Mapping[str, Signature], names: Iterable[str]) -> list[tuple[Signature, list[str]]]:
    grouped: dict[Signature, list[str]] = {}
    for name in sorted(names):
        grouped.setdefault(known[name], []).append(name)
    return list(grouped.items())


def _signature(signature: Signature) -> str:
    args = [kind.value for kind in signature.args]
    if signature.variadic:
        args[-1] = f"[{args[-1]}{', ...' if signature.most is None or signature.most > len(args) else ''}]"
    return f"({', '.join(args)}) to {signature.returns.value}"


def templates() -> Iterator[str]:
    yield from section(
        "Templates",
        "Go's template language, text and HTML, with all of its own functions: " + code(BUILTINS) + ".",
    )
    of_prometheus = prometheus_functions(lambda _: (), "", 0.0).keys() - BUILTINS.keys()
    of_alertmanager = ALERTMANAGER.keys() - BUILTINS.keys()
    rows = [
        ("rules", *_compared(of_prometheus, originals("prometheus", "template_functions"))),
        ("notifications", *_compared(of_alertmanager, originals("alertmanager", "template_functions"))),
    ]
    yield from table(("In", "Works", "Missing", "Works, though only later releases have it"), rows)


def _compared(here: Collection[str], there: Collection[str]) -> Row:
    known, missing, more = set(here) & set(there), set(there) - set(here), set(here) - set(there)
    return code(sorted(known)), code(sorted(missing)) or "none", code(sorted(more))
