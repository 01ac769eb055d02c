"""What templates of queries may call: Go's words, sprig's numbers, and no fault but an error of the line."""

from __future__ import annotations

import pytest
from hypothesis import given

from engine.gotemplate.errors import TemplateError
from engine.logql.pipeline.formats import filler
from engine.logql.pipeline.functions import functions
from engine.logql.pipeline.row import Row
from tests.gotemplate.calls import calls


def filled(template: str, **labels: str) -> str:
    row = Row(labels)
    row.begin(b"line", 1_700_000_000_123_456_789)
    return filler(template, 0)(row)


@given(calls(sorted(functions(str, int, 0))))
def test_a_call_gives_a_text_or_an_error_of_templates(template: str) -> None:
    try:
        filled(template, a="b").encode()
    except TemplateError:
        return


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('{{ toDate "2006-01-02" "2021-11-02" | unixEpoch }}', "1635811200"),
        ('{{ .t | toDateInZone "2006-01-02T15:04:05.999999999Z" "UTC" | unixEpochMillis }}', "1678411960340"),
        ('{{ (toDateInZone "2006-01-02 15:04" "Europe/Berlin" "2023-07-01 12:00").String }}', "2023-07-01 12:00:00 +0200 CEST"),
        ('{{ toDateInZone "2006-01-02 15:04" "Europe/Berlin" "2023-07-01 12:00" | date "15:04 MST" }}', "10:00 UTC"),
        ('{{ toDateInZone "2006" "No/Place" "2023" | unixEpoch }}', "1672531200"),
        ('{{ toDateInZone "2006" "Europe" "2023" | unixEpoch }}', "1672531200"),
        ('{{ toDate "2006-01-02" "no date" | date "2006-01-02" }}', "0001-01-01"),
        ('{{ int "010" }} {{ int "0x1f" }} {{ int " 3" }} {{ int "99999999999999999999" }}', "8 31 0 0"),
        ("{{ add 9223372036854775807 1 }}", "-9223372036854775808"),
        ("{{ addf 0.1 0.2 }} {{ divf 10 3 }} {{ mulf 1.1 1.1 }}", "0.3 3.3333333333333335 1.21"),
        ("{{ round -1.2 0 }} {{ round 1.25 1 }} {{ round 1.24 1 0.3 }}", "-2 1.3 1.3"),
        ('{{ (fromJson `{"a":1000000}`).a }} {{ fromJson "{" }}', "1e+06 <no value>"),
        ('{{ b64dec "%%" }}', "illegal base64 data at input byte 0"),
    ],
)  # fmt: skip
def test_functions_answer_as_their_originals(template: str, text: str) -> None:
    assert filled(template, t="2023-03-10T01:32:40.340485723Z") == text


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ('{{ urldecode "a%zz" }}', 'invalid URL escape "%zz"'),
        ("{{ divf 1 0 }}", "decimal division by 0"),
        ("{{ mod 1 0 }}", "integer divide by zero"),
    ],
)
def test_what_can_not_be_reckoned_is_told(template: str, said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        filled(template)


def test_a_product_of_products_stays_a_number_of_64_bits() -> None:
    squared = "{{ $x := 3 }}" + "{{ $x = mul $x $x }}" * 60 + "{{ $x }}"
    assert filled(squared) == str((pow(3, 2**60, 2**64) + 2**63) % 2**64 - 2**63)


def test_a_layout_of_many_short_parts_is_read_in_linear_time() -> None:
    layout, text = "1" * 60, "1" * 90 + "x"
    assert filled(f'{{{{ toDate "{layout}" "{text}" | unixEpoch }}}}') == "-62135596800"
