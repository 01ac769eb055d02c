"""The cheap parse and the full one agree, whatever stands in the pages."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporters.exposition.layout import LARGE, MANY, OPENMETRICS, TEXT, Format, Layout
from exporters.exposition.page import ExpositionError, Page


def answer(parse: object, body: bytes) -> object:
    try:
        return told(parse(body))  # type: ignore[operator]
    except ExpositionError as error:
        return str(error), told(error.page)


def told(page: Page) -> object:
    stamps = (
        None if page.timestamps is None or page.stamped is None else (page.timestamps.tolist(), page.stamped.tolist())
    )
    return page.keys, page.values.view(np.uint64).tolist(), stamps, page.metadata, page.exemplars


KEYS = st.sampled_from([b"a", b"ab", b"b_total", b'a{l="1"}', b'a{l="x,y z"}', b"", b" a", b'a{l="', b"# HELP a x"])
GAPS = st.sampled_from([b" ", b" ", b" ", b"", b"  ", b"\t"])
NUMBERS = st.sampled_from(
    [b"1", b"2", b"2.5", b"-1e3", b"NaN", b"+Inf", b"-nan", b"1e999", b"1_0", b"x", b"", b"1 17", b"2 18", b"1  17",
     b"3 99999999999999999999", b"1 -4", b"1 1.5", b'1 # {i="1"} 1', b'2 # {i="2"} 3 4', b" 5", b"1,", b"1\r", b"\0"]
)  # fmt: skip
LINES = st.tuples(KEYS, GAPS, NUMBERS).map(b"".join)
ENDS = st.sampled_from([b"", b"\n", b"\n# EOF", b"\n# EOF\n", b"\n# TYPE a gauge\n", b"\n\0\n"])


@st.composite
def pages(draw: st.DrawFn) -> list[bytes]:
    """A page and what became of it: some lines change, rarely one comes or goes."""
    lines = draw(st.lists(LINES, min_size=1, max_size=5))
    end = draw(ENDS)
    bodies = []
    for _ in range(draw(st.integers(1, 4))):
        bodies.append(b"\n".join(lines) + end)
        lines = [
            draw(st.just(line) | LINES | NUMBERS.map(lambda n, line=line: line.rpartition(b" ")[0] + b" " + n))
            for line in lines
        ]
        lines += draw(st.lists(LINES, max_size=1)) if draw(st.booleans()) else []
    return bodies


SIZES = st.sampled_from([(LARGE, MANY), (0, 0), (0, MANY)])
"""From which size on pages and numbers are read in bulk: never here, always, pages alone."""


@given(bodies=pages(), form=st.sampled_from([TEXT, OPENMETRICS]), sizes=SIZES)
def test_a_layout_gives_what_a_full_parse_gives(bodies: list[bytes], form: Format, sizes: tuple[int, int]) -> None:
    layout = Layout(form, large=sizes[0], many=sizes[1])
    for body in bodies:
        assert answer(layout.parse, body) == answer(form.parse, body)


GOOD = st.tuples(
    st.sampled_from([b"1", b"2.5", b"NaN", b"-Inf", b"1e9"]), st.sampled_from([b"", b"", b" 17", b" 18"])
).map(b"".join)


@given(rows=st.lists(st.lists(GOOD, min_size=3, max_size=3), min_size=2, max_size=5), sizes=SIZES)
def test_good_pages_with_steady_keys_keep_one_list_of_keys(rows: list[list[bytes]], sizes: tuple[int, int]) -> None:
    layout = Layout(TEXT, large=sizes[0], many=sizes[1])
    seen = None
    for row in rows:
        body = b"".join(b'k{i="%d"} %s\n' % (i, value) for i, value in enumerate(row))
        page = layout.parse(body)
        assert told(page) == told(TEXT.parse(body))
        assert seen is None or page.keys is seen
        seen = page.keys


def large_page(values: list[str], *, comment: str = "Help.") -> bytes:
    """One that is compared in pieces."""
    lines = [
        f'requests_total{{path="/a/rather/long/path/{"x" * 200}",n="{n}"}} {value}' for n, value in enumerate(values)
    ]
    return f"# HELP requests_total {comment}\n".encode() + "\n".join(lines).encode() + b"\n"


@given(
    seed=st.integers(0, 2**32),
    changes=st.lists(st.tuples(st.integers(0, 2999), st.sampled_from(["7", "1.25e-07", "-0.1", "+Inf", "1 5", "1 x"]))),
)
@settings(max_examples=20)
def test_a_large_page_is_read_as_by_a_full_parse(seed: int, changes: list[tuple[int, str]]) -> None:
    layout = Layout(TEXT)
    values = list(map(str, np.random.default_rng(seed).integers(0, 10**6, 3000).tolist()))
    for changed in ([], changes, [(0, "12345678901")], changes, [(n, "1") for n in range(2000)], [(2999, "0.5")]):
        for place, value in changed:
            values[place] = value
        body = large_page(values)
        assert answer(layout.parse, body) == answer(TEXT.parse, body)


@pytest.mark.parametrize("place", [5, 300_000, 700_000])
def test_a_byte_of_a_large_page_beside_its_values_is_not_overlooked(place: int) -> None:
    layout, body = Layout(TEXT), large_page(["1"] * 3000)
    layout.parse(body)
    other = body[:place] + (b"y" if body[place : place + 1] != b"y" else b"z") + body[place + 1 :]
    assert answer(layout.parse, other) == answer(TEXT.parse, other) != answer(layout.parse, body)
