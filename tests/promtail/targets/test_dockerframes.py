"""What a Docker daemon streams of a container."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.promtail.errors import SourceError
from engine.promtail.targets.docker import Cursor
from engine.promtail.targets.dockerframes import Frames

STAMP = b"2026-01-02T03:04:05.000000001Z "


def frame(data: bytes, stream: int = 1) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4) + data


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=10)), max_size=8), st.integers(1, 13))
def test_however_the_bytes_come_lines_come_out(lines: list[tuple[int, bytes]], step: int) -> None:
    clean = [(stream, line.replace(b"\n", b"")) for stream, line in lines]
    data = b"".join(frame(STAMP + line + b"\n", stream) for stream, line in clean)
    frames = Frames(tty=False)
    found = [one for at in range(0, len(data), step) for one in frames.feed(data[at : at + step])]
    assert [(1 if one.stream == "stdout" else 2, one.line) for one in found] == clean
    assert all(one.time is not None for one in found)
    assert not frames.finish()


def test_a_line_that_came_in_parts_is_whole_and_has_the_first_time() -> None:
    frames = Frames(tty=False)
    first = frames.feed(frame(STAMP + b"one ") + frame(b"2026-01-02T03:04:06Z more", 2))
    assert not first
    (out, err) = (*frames.feed(frame(b"2026-01-02T03:04:07Z two\n")), *frames.finish())
    assert (out.line, out.time) == (b"one two", 1767323045000000001)
    assert (err.stream, err.line) == ("stderr", b"more")


def test_with_a_terminal_there_are_no_frames() -> None:
    frames = Frames(tty=True)
    assert [one.line for one in frames.feed(STAMP + b"a\r\n" + STAMP + b"b")] == [b"a"]
    assert [one.line for one in frames.finish()] == [b"b"]


@given(st.binary(max_size=100))
def test_any_bytes_are_frames_or_refused(data: bytes) -> None:
    for tty in (True, False):
        try:
            Frames(tty=tty).feed(data)
        except SourceError:
            assert not tty


@pytest.mark.parametrize("head", [b"\x03\0\0\0\0\0\0\1", b"\1\1\0\0\0\0\0\1", b"\1\0\0\0\xff\0\0\0"])
def test_a_header_that_is_none_is_refused(head: bytes) -> None:
    with pytest.raises(SourceError):
        Frames(tty=False).feed(head)


def test_a_cursor_counts_lines_of_one_time() -> None:
    cursor = Cursor().after(5).after(5).after(7)
    assert (cursor, cursor.after(7)) == (Cursor(7, 1), Cursor(7, 2))
    assert Cursor.parse(cursor.text()) == cursor
    assert Cursor(1_500_000_000, 1).since == "1.500000000"
    assert Cursor.parse("no") == Cursor()
