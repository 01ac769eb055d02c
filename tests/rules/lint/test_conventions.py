"""What names of metrics say, and what they don't."""

from __future__ import annotations

import pytest

from engine.rules.lint.conventions import mixed_units, unit, wrong_kinds
from promql.syntax.parser import parse


@pytest.mark.parametrize(
    ("expr", "better"),
    [
        ("rate(process_resident_memory_bytes[5m])", "deriv()"),
        ("increase(queue_age_seconds[5m])", "delta()"),
        ("sum(delta(http_requests_total[5m]))", "increase()"),
        ("deriv(http_request_duration_seconds_count[5m])", "rate()"),
    ],
)
def test_functions_of_the_other_kind_are_found(expr: str, better: str) -> None:
    (said,) = wrong_kinds(parse(expr))
    assert better in said


@pytest.mark.parametrize(
    "expr",
    [
        "rate(http_requests_total[5m])",
        "rate(process_cpu_seconds_total[5m])",
        "rate(node_netstat_Tcp_InSegs[5m])",
        "rate(job:bytes[5m])",
        "delta(node_hwmon_temp_celsius[5m])",
        'rate({job="a"}[5m])',
        "rate(sum(x_bytes)[5m:])",
        "rate(bytes[5m])",
    ],
)
def test_names_that_say_nothing_certain_are_believed(expr: str) -> None:
    assert list(wrong_kinds(parse(expr))) == []


@pytest.mark.parametrize(
    "expr",
    [
        "a_seconds > b_milliseconds",
        "time() - backup_timestamp_milliseconds > 3600",
        "sum(a_bytes) + sum(b_megabytes)",
        "histogram_quantile(0.9, a_seconds_bucket) > on() max(b_milliseconds)",
        "avg_over_time(a_ratio[5m]) > b_percent",
    ],
)
def test_different_units_of_one_thing_are_found(expr: str) -> None:
    assert len(list(mixed_units(parse(expr)))) == 1


@pytest.mark.parametrize(
    "expr",
    [
        "a_seconds > 500",
        "a_seconds > b_milliseconds / 1000",
        "a_seconds > b_bytes",
        "time() - backup_timestamp_seconds > 3600",
        "rate(a_seconds_total[5m]) > b_milliseconds",
        "a_seconds * b_milliseconds",
        "a_seconds_count > b_milliseconds_count",
    ],
)
def test_units_that_may_fit_are_believed(expr: str) -> None:
    assert list(mixed_units(parse(expr))) == []


def test_a_unit_lasts_through_what_keeps_it() -> None:
    assert unit(parse("max by (job) (avg_over_time(a_bytes[5m]))")) == "bytes"
    assert unit(parse("count(a_bytes)")) == ""
