"""The table of functions as the checker knows it."""

from __future__ import annotations

import pytest

from promql.functions.signatures import SIGNATURES, Signature
from promql.syntax.ast import ValueType


def test_there_are_the_70_functions_of_prometheus_2_42() -> None:
    assert len(SIGNATURES) == 70
    assert list(SIGNATURES) == sorted(SIGNATURES)


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("abs", 1, 1),
        ("time", 0, 0),
        ("minute", 0, 1),
        ("round", 1, 2),
        ("label_join", 3, None),
        ("label_replace", 5, 5),
    ],
)
def test_variadic_functions_say_how_many_arguments_they_take(name: str, least: int, most: int | None) -> None:
    assert (SIGNATURES[name].least, SIGNATURES[name].most) == (least, most)


def test_the_last_declared_type_stands_for_all_that_follow() -> None:
    signature = Signature((ValueType.VECTOR, ValueType.STRING), variadic=-1)
    assert [signature.type_of(n) for n in range(4)] == [ValueType.VECTOR, *[ValueType.STRING] * 3]
