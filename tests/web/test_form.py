"""Parameters are read as Go and urllib read them, by shorter ways where there is little to read."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from engine.web.api.form import parse

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=4))
def test_what_was_escaped_comes_back(pairs: list[tuple[str, str]]) -> None:
    text = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs)
    assert list(parse(text)) == pairs


@given(st.text("aé+=&%4Cf", max_size=20))
def test_what_anybody_may_send_is_read_as_the_library_reads_it_or_left_out(text: str) -> None:
    whole = [pair for pair in text.split("&") if all(_is_hex(rest[:2]) for rest in pair.split("%")[1:])]
    assert list(parse(text)) == parse_qsl("&".join(whole), keep_blank_values=True)


def _is_hex(digits: str) -> bool:
    return len(digits) == 2 and all(digit in "0123456789abcdefABCDEF" for digit in digits)
