"""Reading all entries of a push at once gives what reading them one by one gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.errors import RemoteError
from engine.foundation.protobuf import counted, framed
from engine.logs.push.entries import Entries
from engine.logs.push.json import Runs
from engine.logs.push.protobuf import read

NOW = 1_795_600_800
SECONDS = st.sampled_from([NOW, NOW, NOW, 0, 1, 127, 128, -1, 8_999_999_999, 9_223_372_037, 2**62])
NANOS = st.sampled_from([0, 1, 127, 128, 123_000_000, 999_999_999, -1, 2**35])
LINES = st.binary(max_size=4) | st.sampled_from([b"", b"x" * 127, b"x" * 128, b"\xff\x00", b"y" * 17_000])


def entry(seconds: int, nanos: int, line: bytes, metadata: bytes = b"") -> bytes:
    """As everybody writes it: what is nothing is left out."""
    text = framed(2, line) if line else b""
    return framed(2, framed(1, counted(1, seconds) + counted(2, nanos)) + text + metadata)


WITHIN = st.builds(lambda line, before: before + entry(NOW, 5, line), st.binary(max_size=3), st.binary(max_size=3))
"""A line that holds what looks like an entry."""
USUAL = st.builds(entry, SECONDS, NANOS, LINES | WITHIN)
ODD = st.sampled_from(
    [
        entry(NOW, 5, b"x", framed(3, framed(1, b"a") + framed(2, b"b"))),
        framed(2, framed(2, b"x") + framed(1, counted(1, NOW))),
        framed(2, b""),
        framed(7, b"unknown"),
        b"\x12\x08\x0a\x06\x08\x80\x80\x80\x80\x80",  # a number that does not end
    ]
)
STREAMS = st.builds(
    lambda labels, entries: framed(1, labels + b"".join(entries)),
    st.sampled_from([framed(1, b'{job="a"}'), framed(1, b'{job="b", c="d"}'), b""]),
    st.lists(USUAL | USUAL | USUAL | ODD, max_size=4) | st.lists(USUAL, max_size=6),
)


def told(message: bytes, entries: Entries) -> Runs | str:
    try:
        return read(message, entries)
    except RemoteError as error:
        return str(error)


@given(streams=st.lists(STREAMS, max_size=3), data=st.data())
def test_they_are_read_at_once_as_one_by_one(streams: list[bytes], data: st.DataObject) -> None:
    message = bytearray(b"".join(streams))
    if message and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(message) - 1))
        message[at : at + data.draw(st.integers(0, 1))] = data.draw(st.binary(max_size=2))
    assert told(bytes(message), Entries(bytes(message))) == told(bytes(message), Entries(b""))


def test_the_usual_ones_are_read_at_once() -> None:
    labels = framed(1, b'{job="a"}')
    stream = labels + b"".join(
        entry(NOW, nanos, b"x" * size) for nanos, size in ((0, 0), (7, 1), (10**8, 300), (999, 40_000))
    )
    chain = Entries(stream).chain(len(labels), len(stream))
    assert chain is not None
    assert [end - begin for begin, end in zip(chain.begins, chain.ends, strict=True)] == [0, 1, 300, 40_000]
    assert list(chain.times) == [NOW * 10**9 + nanos for nanos in (0, 7, 10**8, 999)]
