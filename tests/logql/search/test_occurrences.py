"""All places of some bytes in a text."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.logql.search.occurrences import occurrences, places_of

_SOME = st.lists(st.sampled_from([b"a", b"b", b"\x00", b"\xff", b"\n", b"ab"])).map(b"".join)


@given(text=_SOME, needle=_SOME.filter(bool))
def test_they_are_those_at_which_the_text_goes_on_with_the_needle(text: bytes, needle: bytes) -> None:
    assert occurrences(text, needle).tolist() == [at for at in range(len(text)) if text.startswith(needle, at)]


def test_a_needle_longer_than_the_text_is_nowhere() -> None:
    assert occurrences(b"a", b"aa").tolist() == []


@given(size=st.integers(0, 300), places=st.sets(st.integers(0, 299), max_size=40))
def test_places_are_found_by_words_as_one_by_one(size: int, places: set[int]) -> None:
    holds = np.zeros(size, np.bool_)
    holds[[place for place in places if place < size]] = True
    assert places_of(holds).tolist() == np.flatnonzero(holds).tolist()
