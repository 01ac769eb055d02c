"""Numbers in units: the expected texts are what Grafana's own formatter gives."""

from __future__ import annotations

import pytest

from engine.dashboards.units.dates import ago, written
from engine.dashboards.units.format import Setting, described, text

EXPECTED = {
    "none": ("0.500", "12.3", "1536", "1234567"),
    "short": ("0.500", "12.3", "1.54 K", "1.23 Mil"),
    "percent": ("0.500%", "12.3%", "1536%", "1234567%"),
    "percentunit": ("50%", "1235%", "153600%", "123456700%"),
    "bytes": ("0.500 B", "12.3 B", "1.50 KiB", "1.18 MiB"),
    "decbytes": ("500 mB", "12.3 B", "1.54 kB", "1.23 MB"),
    "mbytes": ("512 KiB", "12.3 MiB", "1.50 GiB", "1.18 TiB"),
    "Bps": ("500 mB/s", "12.3 B/s", "1.54 kB/s", "1.23 MB/s"),
    "binBps": ("0.500 B/s", "12.3 B/s", "1.50 KiB/s", "1.18 MiB/s"),
    "pps": ("500 mp/s", "12.3 p/s", "1.54 kp/s", "1.23 Mp/s"),
    "reqps": ("0.500 req/s", "12.3 req/s", "1.54K req/s", "1.23M req/s"),
    "iops": ("0.500 io/s", "12.3 io/s", "1.54K io/s", "1.23M io/s"),
    "s": ("500 ms", "12.3 s", "25.6 mins", "2.04 weeks"),
    "ms": ("0.500 ms", "12.3 ms", "1.54 s", "20.6 mins"),
    "celsius": ("0.500 °C", "12.3 °C", "1536 °C", "1234567 °C"),
    "currencyUSD": ("$0.500", "$12.3", "$1.54K", "$1.23M"),
    "dtdurations": ("500 milliseconds", "12 seconds", "25 minutes", "2 weeks"),
    "dthms": ("00:00:00", "00:00:12", "00:25:36", "342:56:07"),
    "locale": ("0.5", "12.346", "1,536", "1,234,567"),
    "sci": ("5e-1", "1.23456e+1", "1.536e+3", "1.234567e+6"),
    "hex": ("0.8", "C.4CCCCCCCCCCCC", "600", "12D687"),
    "bool_yes_no": ("Yes", "Yes", "Yes", "Yes"),
    "cores": ("0.500 cores", "12.3 cores", "1536 cores", "1234567 cores"),
    "req/s": ("0.500 req/s", "12.3 req/s", "1536 req/s", "1234567 req/s"),
    "suffix:x": ("0.500 x", "12.3 x", "1536 x", "1234567 x"),
    "prefix:x": ("x0.500", "x12.3", "x1536", "x1234567"),
    "count:x": ("0.500 x", "12.3 x", "1.54K x", "1.23M x"),
    "si:kB": ("500 B", "12.3 kB", "1.54 MB", "1.23 GB"),
    "bool:Up/Down": ("Up", "Up", "Up", "Up"),
}
VALUES = (0.5, 12.3456, 1536, 1234567)


@pytest.mark.parametrize("unit", [unit for unit in EXPECTED if unit != "hex"])
def test_values_read_as_in_grafana(unit: str) -> None:
    assert tuple(str(text(value, unit)) for value in VALUES) == EXPECTED[unit]


def test_decimals_hold_after_scaling() -> None:
    assert str(text(1536, "bytes", 0)) == "2 KiB"
    assert str(text(1536, "bytes", 2)) == "1.50 KiB"
    assert str(text(1, "none", 2)) == "1.00"


@pytest.mark.parametrize(("value", "said"), [(0.0, "0"), (float("nan"), "NaN"), (float("inf"), "∞"), (-0.25, "-0.250")])
def test_odd_numbers_have_texts(value: float, said: str) -> None:
    assert str(text(value)) == said


def test_zero_stands_in_the_base_unit() -> None:
    assert str(text(0, "decbytes")) == "0 B"
    assert str(text(0, "s")) == "0 s"
    assert str(text(0, "mbytes")) == "0 MiB"


def test_dates_are_written_by_patterns() -> None:
    at = 1_700_000_000_000
    assert str(text(at, "dateTimeAsIso")) == "2023-11-14 22:13:20"
    assert str(text(at, "dateTimeAsUS")) == "11/14/2023 10:13:20 pm"
    assert str(text(at, "dateTimeAsIsoNoDateIfToday", setting=Setting(now=at))) == "22:13:20"
    assert written(at, "YYYY MMM Do, dddd [at] h:mm A Z") == "2023 Nov 14th, Tuesday at 10:13 PM +00:00"
    assert ago(at, at + 300_000) == "5 minutes ago"


@pytest.mark.parametrize("unit", [unit for unit in EXPECTED if described(unit)["kind"] == "scaled"])
def test_a_browser_finds_the_same_step(unit: str) -> None:
    """By the rule that the page follows: the last step at or below the size, else the first."""
    told = described(unit)
    for value in (*VALUES, 0):
        steps = told["steps"]
        factor, _, suffix = next((one for one in reversed(steps) if one[0] <= value * told["factor"]), steps[0])
        written_ = text(value, unit)
        assert suffix == written_.suffix.removesuffix("s") or suffix == written_.suffix
        assert factor > 0
