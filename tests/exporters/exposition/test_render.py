"""What is rendered is read back as it was."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporters.exposition.families import Family, MetricType, Sample
from exporters.exposition.keys import decode
from exporters.exposition.negotiate import Format, format_of, negotiate
from exporters.exposition.openmetrics import parse_openmetrics
from exporters.exposition.render import number, render
from exporters.exposition.text import parse_text
from promql.model.numbers import general

PARSERS = {Format.TEXT: parse_text, Format.OPENMETRICS: parse_openmetrics}


def test_the_older_format_is_written_as_the_originals_write_it() -> None:
    family = Family.of("x_total", MetricType.COUNTER, "A \\ help\nof two", ({"a": 'q"\\\n'}, 1234567.0), ({}, 0.5))
    assert render([family], Format.TEXT) == (
        b"# HELP x_total A \\\\ help\\nof two\n# TYPE x_total counter\n"
        b'x_total{a="q\\"\\\\\\n"} 1.234567e+06\nx_total 0.5\n'
    )


def test_openmetrics_names_a_counter_without_its_suffix() -> None:
    family = Family("x_total", MetricType.COUNTER, "Help.", [Sample("x_total", (), 1, 1500)])
    assert render([family], Format.OPENMETRICS) == b"# HELP x Help.\n# TYPE x counter\nx_total 1 1.500\n# EOF\n"


def test_openmetrics_tells_units() -> None:
    family = Family("x_seconds", MetricType.GAUGE, "Help.", [Sample("x_seconds", (), 1)], unit="seconds")
    assert b"# UNIT x_seconds seconds\n" in render([family], Format.OPENMETRICS)


VALUES = st.floats() | st.sampled_from([0.0, -0.0, 1e21, 1e-7, math.inf, -math.inf, math.nan])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
LABELS = st.dictionaries(st.sampled_from(["a", "b_1", "_c"]), TEXTS, max_size=2)
SAMPLES = st.builds(
    lambda labels, value, stamp: Sample("m", tuple(labels.items()), value, stamp),
    LABELS,
    VALUES,
    st.none() | st.integers(0, 10**12),
)


@given(samples=st.lists(SAMPLES, max_size=5), help_=TEXTS, form=st.sampled_from(sorted(PARSERS, key=str)))
@example(samples=[], help_=" ", form=Format.TEXT)
def test_what_is_rendered_is_read_back(samples: list[Sample], help_: str, form: Format) -> None:
    page = PARSERS[form](render([Family("m", MetricType.GAUGE, help_, samples)], form))
    assert [decode(key)[1:] for key in page.keys] == [list(sample.labels) for sample in samples]
    for read, sample in zip(page.values, samples, strict=True):
        assert read == sample.value or (math.isnan(read) and math.isnan(sample.value))
    for index, sample in enumerate(samples):
        stamped = page.stamped is not None and page.stamped[index]
        assert stamped == (sample.timestamp is not None)
        if page.timestamps is not None and sample.timestamp is not None:
            assert abs(page.timestamps[index] - sample.timestamp) <= (form is Format.OPENMETRICS)
    said = page.metadata["m"]
    shown = (
        help_ if help_.strip(" \t") or form is Format.OPENMETRICS else ""
    )  # the older format reads blanks as nothing
    assert (said.type, said.help) == ("gauge", shown)


PROMETHEUS_ACCEPTS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", Format.TEXT),
        ("*/*", Format.TEXT),
        ("text/plain", Format.TEXT),
        ("text/html,application/xml;q=0.9,*/*;q=0.8", Format.TEXT),
        ("application/openmetrics-text", Format.OPENMETRICS),
        ("application/openmetrics-text; version=7", Format.TEXT),
        ("application/openmetrics-text;q=0.1,text/plain", Format.TEXT),
        ("application/openmetrics-text;q=x", Format.TEXT),
        (PROMETHEUS_ACCEPTS, Format.OPENMETRICS),
    ],
)
def test_a_client_gets_the_format_that_it_likes_best(accept: str, expected: Format) -> None:
    assert negotiate(accept) is expected


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", Format.OPENMETRICS),
        ("text/plain; version=0.0.4", Format.TEXT),
        ("application/vnd.google.protobuf;proto=x", Format.PROTOBUF),
        ("text/html", Format.TEXT),
        ("", Format.TEXT),
        (";;;", Format.TEXT),
    ],
)
def test_an_answer_is_plain_text_unless_it_says_otherwise(content_type: str, expected: Format) -> None:
    assert format_of(content_type) is expected


def test_what_says_nothing_known_is_read_as_the_fallback() -> None:
    assert format_of("text/html", Format.OPENMETRICS) is Format.OPENMETRICS
    assert format_of("text/plain", Format.OPENMETRICS) is Format.TEXT


def test_a_name_that_is_no_utf8_costs_its_letters_and_not_the_page() -> None:
    family = Family.of("x", MetricType.GAUGE, "Help.", ({"file": "a\udcff"}, 1.0))
    assert b'x{file="a?"} 1\n' in render([family], Format.TEXT)


@given(text=st.text(st.characters(codec=None)))
def test_headers_never_break_the_choice(text: str) -> None:
    assert negotiate(text) in Format
    assert format_of(text) in Format


@given(
    value=st.floats() | st.integers(-(10**17), 10**17).map(float) | st.sampled_from([0.0, -0.0, 1e6, 999999.0, 1e-4])
)
def test_the_quick_way_to_write_a_number_writes_what_the_slow_one_does(value: float) -> None:
    assert number(value) == general(value)
