"""A look at a target's page: what it holds, and where it stops to be readable."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.scrape.look import SHOWN_BYTES, look_at
from engine.scrape.ports import Fetched
from exporters.exposition.negotiate import Format

GOOD = b'# TYPE a counter\na{b="c"} 1\n'


def text(body: bytes) -> Fetched:
    return Fetched(body, "text/plain; version=0.0.4")


def test_a_page_that_can_be_read_is_shown_from_its_beginning() -> None:
    found = look_at(text(GOOD), Format.TEXT)
    assert (found.error, found.line, found.first, found.size) == ("", 0, 1, len(GOOD))
    assert (found.text, found.cut) == (GOOD.decode(), False)


@given(before=st.integers(0, 60), after=st.integers(0, 5), ended=st.booleans())
def test_the_first_bad_line_is_named_wherever_it_stands(before: int, after: int, ended: bool) -> None:
    lines = [b"good %d" % n for n in range(before)] + [b"bad{ 1"] + [b"worse worse"] * after
    body = b"\n".join(lines) + (b"\n" if ended else b"")
    found = look_at(text(body), Format.TEXT)
    assert found.error
    assert found.line == before + 1
    assert found.text.splitlines()[found.line - found.first] == "bad{ 1"


def test_the_end_that_openmetrics_demands_is_the_last_thing_to_miss() -> None:
    page = Fetched(b"# TYPE a gauge\na 1\na nothing\n# EOF\n", "application/openmetrics-text")
    assert look_at(page, Format.OPENMETRICS).line == 3
    unended = Fetched(b"# TYPE a gauge\na 1\n", "application/openmetrics-text")
    assert look_at(unended, Format.OPENMETRICS).line == 3


def test_a_long_page_is_cut() -> None:
    found = look_at(text(b"a 1\n" * SHOWN_BYTES), Format.TEXT)
    assert found.cut
    assert len(found.text) == SHOWN_BYTES
