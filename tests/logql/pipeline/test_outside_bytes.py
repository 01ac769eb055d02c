"""Parsers meet bytes from anywhere: none fails, and long lines take no longer than they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.logql.pipeline.program import compiled
from engine.logql.pipeline.row import Row
from engine.logql.syntax.parser import parse_log

_STAGES = [
    "| json",
    '| json a="b.c", d="e[0]"',
    "| logfmt",
    '| logfmt --strict a="b", c',
    '| pattern `<a> <_> "<b>"`',
    "| regexp `(?P<a>\\\\w+) (?P<b>.*)`",
    "| unpack",
    "| decolorize",
    "| unpack | json | logfmt | unpack",
    '| json | line_format "{{.a}} {{__line__ | lower | trunc 5}}" | label_format b="{{.a | upper}}", c=a',
    '| logfmt | a > 5 | b < 1s or c >= 5KB | d = ip("10.0.0.0/8")',
    "|> `<_> a <_>`",
    "!~ `a.*b`",
]  # fmt: skip


def _run(stages: str, line: bytes) -> Row:
    program = compiled(parse_log(f'{{x="y"}} {stages}').stages, None, 0)
    row = Row({"x": "y"})
    row.begin(line, 0)
    if program.keeps(line):
        program.passes(row)
    for name, value in row.all_labels().items():
        assert name
        value.encode()
    row.text().encode()
    return row


@pytest.mark.parametrize("stages", _STAGES)
@given(
    st.one_of(
        st.binary(max_size=60), st.text(st.sampled_from(list('{}[]",:=\\ \n\tau0é<_>')), max_size=40).map(str.encode)
    )
)
def test_any_bytes_go_through(stages: str, line: bytes) -> None:
    _run(stages, line)


_LONG = [b"{" * 100_000, b'{"a":' * 50_000, b"[" * 100_000, b'{"a":"' + b"\\" * 100_001, b"=" * 100_000, b'a="' + b"\\" * 100_001,
         b'a="x" ' * 20_000, b'{"a":1,' * 50_000, b'"' * 100_000, b"1." * 50_000, b"\x1b[" * 50_000, b" " * 200_000,
         b'{"a":[' * 50_000, b'{"_entry":"' + b'{\\"a\\":' * 20_000 + b'"}']  # fmt: skip


@pytest.mark.parametrize("stages", _STAGES)
@pytest.mark.parametrize("line", _LONG, ids=lambda line: line[:12].decode(errors="replace"))
def test_long_lines_take_no_longer_than_they_are(stages: str, line: bytes) -> None:
    """A quadratic step would take minutes, and pytest's limit ends it."""
    _run(stages, line)
