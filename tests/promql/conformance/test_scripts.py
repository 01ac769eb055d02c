"""Prometheus's own test scripts: each evaluation at its instant, as the middle of a range, and pinned with `@`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.foundation.errors import EngineError
from promql.functions.table import FUNCTIONS
from promql.model.labels import EMPTY, Labels
from promql.model.results import Matrix, Result, Scalar, Vector
from promql.syntax.ast import Aggregation, Binary, Call, Expr, MatrixSelector, Paren, Subquery, Unary, VectorSelector
from promql.syntax.parser import parse
from tests.conftest import shared
from tests.promql.conformance.script import Clear, Eval, Load, read
from tests.promql.memory_store import MemoryStore

_TIMED = {name for name, row in FUNCTIONS.items() if getattr(row, "timed", False)} | {"timestamp"}
_MINUTE = 60_000


def _evals(path: Path) -> Iterator[tuple[Eval, MemoryStore]]:
    store, loads = MemoryStore(), []
    for command in read(path):
        match command:
            case Clear():
                store, loads = MemoryStore(), []
            case Load():
                loads = [*loads, command]
                store = _stored(loads)
            case Eval():
                yield command, store


def _stored(loads: list[Load]) -> MemoryStore:
    store = MemoryStore()
    for load in loads:
        for labels, values in load.series.items():
            store.extend(labels, ((i * load.step, v) for i, v in enumerate(values) if v is not None))
    return store


@cache
def _cases(folder: Path) -> dict[str, list[tuple[Eval, MemoryStore]]]:
    return {path.stem: list(_evals(path)) for path in sorted((folder / "prometheus" / "promql").glob("*.test"))}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    try:
        cases = _cases(shared("conformance", "ENGINE_CONFORMANCE"))
    except pytest.skip.Exception:
        cases = {}
    metafunc.parametrize(
        ("case", "store"),
        [pytest.param(c, s, id=f"{name}:{c.line}") for name, found in cases.items() for c, s in found],
    )


def _same(got: float, want: float) -> bool:
    if math.isnan(got) or math.isnan(want):
        return math.isnan(got) and math.isnan(want)
    if got == want:
        return True
    if got == 0 or want == 0 or abs(got) + abs(want) < 2.3e-308:
        return abs(got - want) < 1e-6 * 2.3e-308
    return abs(got - want) / (abs(got) + abs(want)) < 1e-6


def _elements(result: Result, time: int) -> list[tuple[Labels, float]]:
    match result:
        case Vector():
            return list(zip(result.labels, result.values.tolist(), strict=True))
        case Matrix():
            at = result.times.tolist().index(time)
            return [
                (labels, float(row[at]))
                for labels, row, there in zip(result.labels, result.values, result.present, strict=True)
                if there[at]
            ]
        case Scalar():
            return [(EMPTY, result.value)]
    raise AssertionError(f"unexpected result {result}")


def _compare(case: Eval, result: Result, time: int) -> None:
    got = _elements(result, time)
    want = case.expected if case.scalar is None else [(EMPTY, case.scalar)]
    if isinstance(result, Scalar | Vector):
        assert isinstance(result, Scalar) == (case.scalar is not None)
    if not case.ordered:
        got, want = sorted(got, key=lambda e: e[0].pairs), sorted(want, key=lambda e: e[0].pairs)
    assert [labels for labels, _ in got] == [labels for labels, _ in want]
    for (labels, value), (_, expected) in zip(got, want, strict=True):
        assert _same(value, expected), f"{labels}: {value} is not {expected}"


def test_an_evaluation_gives_what_prometheus_gives(case: Eval, store: MemoryStore) -> None:
    if case.fails:
        with pytest.raises(EngineError):
            store.query(case.query, case.time)
        return
    _compare(case, store.query(case.query, case.time), case.time)


def test_an_instant_inside_a_range_gives_the_same(case: Eval, store: MemoryStore) -> None:
    if case.fails or case.ordered:
        return
    result = store.query(case.query, case.time - _MINUTE, case.time + _MINUTE, _MINUTE)
    _compare(case, result, case.time)


def test_a_query_pinned_to_its_instant_gives_the_same_at_any_time(case: Eval, store: MemoryStore) -> None:
    expr = parse(case.query)
    if case.fails or _is_timed(expr):
        return
    pinned = _pinned(expr, case.time)
    for time in (case.time - 6 * 3_600_000, case.time + 100, case.time + 3_600_000):
        _compare(case, store.query(pinned, time), time)


def _is_timed(expr: Expr) -> bool:
    match expr:
        case Call():
            return expr.function in _TIMED or any(map(_is_timed, expr.args))
        case Binary():
            return _is_timed(expr.left) or _is_timed(expr.right)
        case Aggregation():
            return _is_timed(expr.expr) or (expr.param is not None and _is_timed(expr.param))
        case Paren() | Unary() | Subquery():
            return _is_timed(expr.expr)
    return False


def _pinned(expr: Expr, at: int) -> Expr:
    match expr:
        case VectorSelector():
            return expr if expr.at is not None else replace(expr, at=at)
        case MatrixSelector():
            return replace(expr, selector=_pinned(expr.selector, at))
        case Subquery():
            return expr if expr.at is not None else replace(expr, at=at)
        case Call():
            return replace(expr, args=tuple(_pinned(arg, at) for arg in expr.args))
        case Binary():
            return replace(expr, left=_pinned(expr.left, at), right=_pinned(expr.right, at))
        case Aggregation():
            param = None if expr.param is None else _pinned(expr.param, at)
            return replace(expr, expr=_pinned(expr.expr, at), param=param)
        case Paren() | Unary():
            return replace(expr, expr=_pinned(expr.expr, at))
    return expr
