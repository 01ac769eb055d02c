"""Text of blobs as few bytes."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.zstd import compressed, decompressed
from engine.logs.store.packing import packed_text

LINES = 6000


def of_one_template() -> bytes:
    chance = random.Random(1)
    return b"".join(
        b'level=info msg="request done" path=/api/v1/items/%d took=%d id=%d\n'
        % (chance.randrange(10**4), chance.randrange(10**4), chance.randrange(10**8))
        for _ in range(LINES)
    )


def of_many_templates() -> bytes:
    chance = random.Random(1)
    words = [bytes(chance.choices(b"abcdefghijklmnop", k=12)) for _ in range(400)]
    templates = [b" ".join(chance.choices(words, k=10)) for _ in range(200)]
    return b"".join(b"%s %d\n" % (chance.choice(templates), chance.randrange(1000)) for _ in range(LINES))


@given(piece=st.binary(min_size=1, max_size=50), times=st.integers(1, 20_000))
def test_what_was_packed_comes_out_again(piece: bytes, times: int) -> None:
    text = (piece * times)[:200_000]
    assert decompressed(packed_text(text)) == text


def test_lines_of_one_template_take_less_than_as_zstd_packs_them_by_itself() -> None:
    text = of_one_template()
    assert len(packed_text(text)) < 0.95 * len(compressed(text))


def test_lines_of_many_templates_take_no_more_than_that() -> None:
    text = of_many_templates()
    assert len(packed_text(text)) < 1.01 * len(compressed(text))


def test_both_ways_of_packing_give_frames_that_tell_how_long_their_content_is() -> None:
    for text in (b"", b"short\n", of_one_template(), of_many_templates()):
        assert decompressed(packed_text(text)) == text
