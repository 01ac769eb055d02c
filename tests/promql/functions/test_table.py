from __future__ import annotations

from promql.functions.signatures import ADDED, SIGNATURES, signature_of
from promql.functions.table import FUNCTIONS, AbsenceOverRange, OverGrids, OverRange
from promql.syntax.ast import ValueType


def test_every_function_of_the_language_is_evaluated() -> None:
    assert FUNCTIONS.keys() == SIGNATURES.keys() | ADDED.keys()
    assert not SIGNATURES.keys() & ADDED.keys()


def test_the_two_tables_agree_on_types() -> None:
    for name, row in FUNCTIONS.items():
        signature = signature_of(name)
        assert isinstance(row, OverRange | AbsenceOverRange) == (ValueType.MATRIX in signature.args), name
        assert (isinstance(row, OverGrids) and row.scalar) == (signature.returns is ValueType.SCALAR), name
