"""Pairs of logfmt."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.logql.logfmt import MalformedError, pairs

TEXTS = st.text(st.characters(codec="utf-8"), max_size=10)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), TEXTS, max_size=5))
def test_what_was_written_is_read_back(values: dict[str, str]) -> None:
    line = " ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in values.items())
    assert dict(pairs(line.encode())) == {key.encode(): value.encode() for key, value in values.items()}


@given(st.binary() | st.text(alphabet='ab= "\\\\\\n\ufffd').map(str.encode))
def test_any_line_is_read_up_to_somewhere(line: bytes) -> None:
    found: list[tuple[bytes, bytes]] = []
    with contextlib.suppress(MalformedError):
        found.extend(pairs(line))
    assert len(found) <= len(line)


@pytest.mark.parametrize(
    ("line", "found", "said"),
    [
        ('a=1 b="x y" c d= e="\\"q\\""', 'a:1 b:x y c: d: e:"q"', ""),
        ('a="1"b=2', "a:1 b:2", ""),
        ("a=1 =2 c=3", "a:1", "logfmt syntax error at pos 5 : unexpected '='"),
        ('a=1 b"c', "a:1", "logfmt syntax error at pos 6 : unexpected '\"'"),
        ('a=1 b="c', "a:1", "logfmt syntax error at pos 9 : unterminated quoted value"),
        ('a=1 b="\\e"', "a:1", "logfmt syntax error at pos 11 : invalid quoted value"),
        ("a=1 \ufffd=2", "a:1", "logfmt syntax error at pos 8 : invalid key"),
    ],
)
def test_reading_ends_where_a_pair_is_malformed(line: str, found: str, said: str) -> None:
    read, error = [], ""
    try:
        read.extend(pairs(line.encode()))
    except MalformedError as fault:
        error = str(fault)
    assert " ".join(f"{key.decode()}:{value.decode()}" for key, value in read) == found
    assert error == said
