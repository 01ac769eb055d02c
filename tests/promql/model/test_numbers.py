"""Numbers as text: every form reads back as the same float."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promql.model import numbers

FORMS = (numbers.plain, numbers.exponential, numbers.general, numbers.sample)


@given(st.floats())
def test_every_form_reads_back_as_the_same_float(value: float) -> None:
    for form in FORMS:
        back = float(form(value))
        assert (math.isnan(back) and math.isnan(value)) or (
            back == value and math.copysign(1, back) == math.copysign(1, value)
        )


@pytest.mark.parametrize(
    ("value", "general", "sample", "plain", "exponential"),
    [
        (0.1, "0.1", "0.1", "0.1", "1e-01"),
        (1e6, "1e+06", "1000000", "1000000", "1e+06"),
        (123456.0, "123456", "123456", "123456", "1.23456e+05"),
        (1234567.0, "1.234567e+06", "1234567", "1234567", "1.234567e+06"),
        (1e-7, "1e-07", "1e-07", "0.0000001", "1e-07"),
        (1e-5, "1e-05", "0.00001", "0.00001", "1e-05"),
        (1e21, "1e+21", "1e+21", "1000000000000000000000", "1e+21"),
        (-0.0, "-0", "-0", "-0", "-0e+00"),
        (math.inf, "+Inf", "+Inf", "+Inf", "+Inf"),
    ],
)
def test_each_form_turns_to_exponents_where_the_original_does(
    value: float, general: str, sample: str, plain: str, exponential: str
) -> None:
    assert [numbers.general(value), numbers.sample(value)] == [general, sample]
    assert [numbers.plain(value), numbers.exponential(value)] == [plain, exponential]
