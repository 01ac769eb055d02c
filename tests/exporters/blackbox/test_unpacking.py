"""Bodies unpacked, counted and cut."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.blackbox.config.accepting import accepts
from exporters.blackbox.http.unpacking import limited, unpacked
from exporters.blackbox.task import ProbeError

BOMB = gzip.compress(b"\0" * 50_000_000)


async def cut(data: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


@given(body=st.binary(max_size=500), size=st.integers(1, 60))
async def test_how_a_body_is_cut_makes_no_difference(body: bytes, size: int) -> None:
    packed = gzip.compress(body) + gzip.compress(b"more")
    assert b"".join([piece async for piece in unpacked(cut(packed, size), "gzip")]) == body + b"more"


async def test_no_more_is_unpacked_than_may_be() -> None:
    read: list[bytes] = []

    async def read_on() -> None:
        async for piece in limited(unpacked(cut(BOMB, 65_536), "gzip"), 1000):
            read.append(piece)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(ProbeError, match="too large"):
        await read_on()
    assert sum(map(len, read)) == 1000


async def test_a_body_of_exactly_the_limit_passes() -> None:
    assert b"".join([piece async for piece in limited(cut(b"x" * 100, 30), 100)]) == b"x" * 100


@pytest.mark.parametrize(
    ("compression", "header", "fine"),
    [
        ("", "deflate", True), ("gzip", "", True), ("gzip", "gzip", True), ("gzip", "deflate", False), ("gzip", "*", True),
        ("gzip", "br, gzip;q=0.1", True), ("gzip", "*;q=0", False), ("gzip", "gzip;q=0, *;q=0.5", True), ("br", "br;q=x", False),
    ],
)  # fmt: skip
def test_a_header_takes_a_compression(compression: str, header: str, fine: bool) -> None:
    assert accepts(compression, header) is fine
