"""All places of some bytes in a text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.logql.search.occurrences import occurrences

_SOME = st.lists(st.sampled_from([b"a", b"b", b"\x00", b"\xff", b"\n", b"ab"])).map(b"".join)


@given(text=_SOME, needle=_SOME.filter(bool))
def test_they_are_those_at_which_the_text_goes_on_with_the_needle(text: bytes, needle: bytes) -> None:
    assert occurrences(text, needle).tolist() == [at for at in range(len(text)) if text.startswith(needle, at)]


def test_a_needle_longer_than_the_text_is_nowhere() -> None:
    assert occurrences(b"a", b"aa").tolist() == []
