"""Types. (Most refusals are in errors.json.)"""

from __future__ import annotations

import pytest

from promql.errors import ParseError
from promql.syntax.ast import Call, NumberLiteral, ValueType
from promql.syntax.check import check
from promql.syntax.parser import parse


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1", ValueType.SCALAR),
        ("1 + 2 * -3", ValueType.SCALAR),
        ("(1 == bool 2)", ValueType.SCALAR),
        ("time()", ValueType.SCALAR),
        ("scalar(up) ^ pi()", ValueType.SCALAR),
        ("up", ValueType.VECTOR),
        ("up + 1", ValueType.VECTOR),
        ("1 < up", ValueType.VECTOR),
        ("-up", ValueType.VECTOR),
        ("up or up", ValueType.VECTOR),
        ("sum(up)", ValueType.VECTOR),
        ("minute()", ValueType.VECTOR),
        ('label_join(up, "a", "b")', ValueType.VECTOR),
        ('label_join(up, "a", "b", "c", "d", "e")', ValueType.VECTOR),
        ("up[5m]", ValueType.MATRIX),
        ("(up[5m:])", ValueType.MATRIX),
        ('("a")', ValueType.STRING),
    ],
)
def test_every_expression_has_its_type(text: str, kind: ValueType) -> None:
    assert check(parse(text), text) is kind


def test_a_tree_from_elsewhere_is_checked_as_well() -> None:
    with pytest.raises(ParseError, match='1:1: parse error: expected type instant vector in call to function "abs"'):
        check(Call("abs", (NumberLiteral(1.0),)))
