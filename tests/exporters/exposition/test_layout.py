"""The cheap parse and the full one agree, whatever stands in the pages."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporters.exposition.layout import LARGE, MANY, OPENMETRICS, SPAN, TEXT, Layout
from exporters.exposition.page import ExpositionError, Page
from exporters.exposition.stretch import Format


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
    """A page and what became of it: some lines change, some come, go, or change places."""
    lines = draw(st.lists(LINES, min_size=1, max_size=5))
    end = draw(ENDS)
    bodies = []
    for _ in range(draw(st.integers(1, 4))):
        bodies.append(b"\n".join(lines) + end)
        lines = [
            draw(st.just(line) | LINES | NUMBERS.map(lambda n, line=line: line.rpartition(b" ")[0] + b" " + n))
            for line in lines
        ]
        for line in draw(st.lists(LINES, max_size=2)):
            lines.insert(draw(st.integers(0, len(lines))), line)
        if len(lines) > 1 and draw(st.booleans()):
            line = lines.pop(draw(st.integers(0, len(lines) - 1)))
            lines += [line] if draw(st.booleans()) else []
    return bodies


SIZES = st.sampled_from([(LARGE, MANY), (0, 0), (0, MANY)])
"""From which size on pages and numbers are read in bulk: never here, always, pages alone."""
SPANS = st.sampled_from([8, 20, SPAN])


@given(bodies=pages(), form=st.sampled_from([TEXT, OPENMETRICS]), sizes=SIZES, span=SPANS)
def test_a_layout_gives_what_a_full_parse_gives(
    bodies: list[bytes], form: Format, sizes: tuple[int, int], span: int
) -> None:
    layout = Layout(form, large=sizes[0], many=sizes[1], span=span)
    for body in bodies:
        assert answer(layout.parse, body) == answer(form.parse, body)


GOOD = st.tuples(
    st.sampled_from([b"1", b"2.5", b"NaN", b"-Inf", b"1e9"]), st.sampled_from([b"", b"", b" 17", b" 18"])
).map(b"".join)


@given(rows=st.lists(st.lists(GOOD, min_size=3, max_size=3), min_size=2, max_size=5), sizes=SIZES, span=SPANS)
def test_good_pages_with_steady_keys_keep_one_list_of_keys(
    rows: list[list[bytes]], sizes: tuple[int, int], span: int
) -> None:
    layout = Layout(TEXT, large=sizes[0], many=sizes[1], span=span)
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


ROWS = st.lists(st.tuples(st.integers(0, 12), st.sampled_from([b"1", b"2.5", b"NaN", b"7 17"])), max_size=20)


@given(pages=st.lists(ROWS, min_size=2, max_size=5), form=st.sampled_from([TEXT, OPENMETRICS]), sizes=SIZES, span=SPANS)
@settings(max_examples=300)
def test_samples_come_and_go_between_the_comments_of_a_page(
    pages: list[list[tuple[int, bytes]]], form: Format, sizes: tuple[int, int], span: int
) -> None:
    layout = Layout(form, large=sizes[0], many=sizes[1], span=span)
    for rows in pages:
        lines = [b'k{i="%d"} %s' % (i, value) for i, value in rows]
        half = len(lines) // 2
        body = b"\n".join([b"# TYPE k gauge", *lines[:half], b"# HELP k What.", *lines[half:], b"# EOF"]) + b"\n"
        assert answer(layout.parse, body) == answer(form.parse, body)


@pytest.mark.parametrize("count", [20, 80_000])
def test_a_page_with_a_line_more_is_not_parsed_whole(count: int) -> None:
    """What is parsed by the grammar is counted; of a large page a stretch may be."""
    parsed: list[int] = []

    def counting(body: bytes) -> Page:
        parsed.append(len(body))
        return TEXT.parse(body)

    layout = Layout(Format(counting, b"", whole_stamps=True))
    lines = [b'requests_total{path="/a/rather/long/path",n="%d"} %d' % (n, n) for n in range(count)]
    layout.parse(b"\n".join(lines))
    parsed.clear()
    lines[count // 2 : count // 2] = [b'requests_total{path="/new"} 1']
    del lines[3]
    body = b"\n".join(lines)
    assert told(layout.parse(body)) == told(TEXT.parse(body))
    assert sum(parsed) < max(40, 0.6 * len(body) if count > 1000 else 0)
