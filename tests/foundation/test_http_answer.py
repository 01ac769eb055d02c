"""Answers out of bytes, however these are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.http_answer import Answer, AnswerReader, IrregularError, TooLongError

SIZED = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;quoted=1\r\nlo\r\n0\r\nTrailer: x\r\n\r\n"
)
OPEN = b"HTTP/1.0 404 Not Found\r\nX:  y \r\n\r\nhello"


def read(data: bytes, cuts: list[int], limit: int = 0) -> Answer:
    reader = AnswerReader(limit)
    found = None
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        assert found is None, "nothing is left of an answer once it is whole"
        found = reader.feed(data[start:end])
    return reader.end() if found is None else found


@given(data=st.sampled_from([SIZED, CHUNKED, OPEN]), places=st.lists(st.integers(1, 120), max_size=6))
def test_pieces_make_the_answer_that_the_whole_makes(data: bytes, places: list[int]) -> None:
    cuts = sorted({place for place in places if place < len(data)})
    assert read(data, cuts) == read(data, [])
    assert read(data, cuts).body == b"hello"


def test_headers_are_told_in_lower_case_and_the_connection_is_kept() -> None:
    answer = read(SIZED, [])
    assert (answer.status, answer.reason, answer.headers["content-type"], answer.kept) == (
        200,
        "OK",
        "text/plain",
        True,
    )


@pytest.mark.parametrize(
    "data",
    [
        OPEN,
        SIZED.replace(b"Content-Type: text/plain", b"Connection: foo, Close"),
        SIZED.replace(b"HTTP/1.1", b"HTTP/1.0"),
    ],
)
def test_a_connection_is_not_kept_where_the_server_will_close_it(data: bytes) -> None:
    assert not read(data, []).kept


def test_an_older_server_may_keep_it() -> None:
    older = SIZED.replace(b"HTTP/1.1", b"HTTP/1.0").replace(b"Content-Type: text/plain", b"Connection: keep-alive")
    assert read(older, []).kept


def test_some_answers_have_no_body() -> None:
    assert read(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", []).body == b""


@pytest.mark.parametrize("data", [SIZED[:-1], CHUNKED[:-3], SIZED[:20]])
def test_an_answer_that_breaks_off_is_no_answer(data: bytes) -> None:
    with pytest.raises(EOFError):
        read(data, [])


@pytest.mark.parametrize(
    "data",
    [
        b"ICY 200 OK\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 100_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
        SIZED + b"!",
        CHUNKED + b"!",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20000,
    ],
)
def test_what_is_not_read_here_is_told(data: bytes) -> None:
    with pytest.raises(IrregularError):
        read(data, [])


@pytest.mark.parametrize("data", [SIZED, CHUNKED, OPEN])
def test_a_body_may_be_as_long_as_the_limit_and_no_longer(data: bytes) -> None:
    assert read(data, [], limit=5).body == b"hello"
    with pytest.raises(TooLongError):
        read(data, [], limit=4)


def test_a_chunk_that_is_too_long_is_not_waited_for() -> None:
    with pytest.raises(TooLongError):
        AnswerReader(5).feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n")
