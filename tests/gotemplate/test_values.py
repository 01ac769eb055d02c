"""Values: their types, their methods, and how Go prints them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.gotemplate.errors import ExecutionError
from engine.gotemplate.functions.alertmanager import ALERTMANAGER
from engine.gotemplate.template import parse
from engine.gotemplate.values import (
    KV,
    STRING,
    GoDuration,
    GoList,
    GoPointer,
    GoStruct,
    GoTime,
    Strings,
    go_print,
    list_type,
    printf,
    struct_type,
)

POINT = struct_type("geo.Point", {"X": STRING, "Y": STRING})
SECOND = 1_000_000_000


def fill(text: str, data: object) -> str:
    return parse("", text, ALERTMANAGER).execute(data)


def test_kv_sorts_its_pairs_with_the_alerts_name_first() -> None:
    kv = KV({"b": "2", "alertname": "x", "a": "1"})
    assert (
        fill("{{ .SortedPairs }} {{ .Names }} {{ .Values }} {{ .Remove .Names }}", kv)
        == "[{alertname x} {a 1} {b 2}] [alertname a b] [x 1 2] map[]"
    )


def test_methods_hide_keys_of_the_same_name() -> None:
    assert fill("{{ .Names }}", KV({"Names": "x"})) == "[Names]"


def test_a_struct_refuses_fields_that_its_type_lacks() -> None:
    with pytest.raises(TypeError, match=r"geo\.Point has no field Z"):
        GoStruct(POINT, {"Z": "1"})


def test_structs_pointers_and_lists_name_their_types_in_errors() -> None:
    point = GoStruct(POINT, {"X": "1"})
    points = GoList(list_type("geo.Points", POINT), [point])
    for data, name in ((point, "geo.Point"), (GoPointer(point), r"\*geo.Point"), (points, "geo.Points")):
        with pytest.raises(ExecutionError, match=f"can't evaluate field Foo in type {name}$"):
            fill("{{ .Foo }}", data)


def test_pointers_show_their_target() -> None:
    pointer = GoPointer(GoStruct(POINT, {"X": "1", "Y": "2"}))
    assert fill("{{ .X }} {{ . }} {{ printf `%v %+v %T` . . . }}", pointer) == "1 {1 2} &{1 2} &{X:1 Y:2} *geo.Point"


def test_values_from_outside_of_the_tables_are_a_callers_mistake() -> None:
    with pytest.raises(TypeError, match="object can't be used in a template"):
        fill("{{ .x }}", {"x": object()})


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((1, 2, "a", "b", 3, 4.5), "1 2ab3 4.5"),
        ((None, True, 1e6, 1e-5, 123456.0), "<nil> true 1e+06 1e-05 123456"),
        (({"b": 1, "a": [1, "x", None]},), "map[a:[1 x <nil>] b:1]"),
        ((KV({"a": "1"}), Strings(["x", "y"]), GoDuration(1500 * SECOND)), "map[a:1] [x y] 25m0s"),
        ((math.nan, math.inf, -math.inf, -0.0), "NaN +Inf -Inf -0"),
    ],
)
def test_print_puts_spaces_between_operands_that_are_no_strings(values: tuple[object, ...], text: str) -> None:
    assert go_print(*values) == text


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0s"), (1, "1ns"), (1_500, "1.5µs"), (2_000_000, "2ms"), (SECOND, "1s"), (61 * SECOND, "1m1s"),
        (3_600 * SECOND + 1, "1h0m0.000000001s"), (-90 * SECOND, "-1m30s"), (-(2**63), "-2562047h47m16.854775808s"),
    ],
)  # fmt: skip
def test_durations_print_as_in_go(ns: int, text: str) -> None:
    assert GoDuration(ns).go_string() == text


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (GoTime.zero(), "0001-01-01 00:00:00 +0000 UTC"),
        (GoTime(0), "1970-01-01 00:00:00 +0000 UTC"),
        (GoTime(1_700_000_000_123_000_000, 7200), "2023-11-15 00:13:20.123 +0200 +0200"),
        (GoTime(1_700_000_000 * SECOND, -12_600), "2023-11-14 18:43:20 -0330 -0330"),
        (GoTime(1_700_000_000 * SECOND, 3600, "CET"), "2023-11-14 23:13:20 +0100 CET"),
        (GoTime(253_402_300_800 * SECOND), "10000-01-01 00:00:00 +0000 UTC"),
    ],
)
def test_times_print_as_in_go(time: GoTime, text: str) -> None:
    assert time.go_string() == text


@given(days=st.integers(-2_000_000, 4_000_000), clock=st.integers(0, 86_399), offset=st.integers(-50_400, 50_400))
def test_adding_no_date_changes_nothing(days: int, clock: int, offset: int) -> None:
    time = GoTime((days * 86_400 + clock) * SECOND, offset)
    assert time.instant.shifted(0, 0, 0) == time.ns


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_float_reads_back_as_itself(value: float) -> None:
    assert float(go_print(value)) == value
    assert float.fromhex(printf("%x", value)) == value


@given(value=st.integers(-(2**63), 2**63 - 1), width=st.integers(0, 30))
def test_widths_are_kept_and_digits_too(value: int, width: int) -> None:
    for flag in ("", "-", "0"):
        text = printf(f"%{flag}{width or ''}d", value)
        assert len(text) == max(width, len(str(value)))
        assert int(text) == value


@given(text=st.text())
def test_quoted_text_is_a_literal_of_the_language(text: str) -> None:
    assert fill("{{ " + printf("%q", text) + " }}", None) == text
    assert fill("{{ " + printf("%+q", text) + " }}", None) == text


@given(text=st.text(), cut=st.integers(0, 10))
def test_bytes_survive_until_they_leave(text: str, cut: int) -> None:
    raw = text.encode()
    at = min(cut, len(raw))
    joined = fill(f"{{{{ print (slice . 0 {at}) (slice . {at}) }}}}", text)
    assert joined == text
    assert fill(f"{{{{ len (slice . 0 {at}) }}}}", text) == str(at)


def test_later_releases_bring_dates_and_durations() -> None:
    text = '{{ .t | date "2006-01-02" }} {{ humanizeDuration 90 }} {{ trimSpace " a " }}'
    assert parse("", text, ALERTMANAGER).execute({"t": GoTime(1_700_000_000 * SECOND)}) == "2023-11-14 1m 30s a"
