"""Lines without colours."""

from __future__ import annotations

import pytest

from engine.logql.colours import without_colours


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[1;38;5;200mpink\x1b[m", "pink"),
        ("\x1b[2K\x1b[1Gprogress", "progress"),
        ("\x9b31mred", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("a\x1b", "a\x1b"),
    ],
)
def test_all_sequences_go_and_nothing_else(line: str, left: str) -> None:
    assert without_colours(line.encode()).decode() == left


def test_a_long_line_that_is_no_sequence_takes_linear_time() -> None:
    line = b"\x1b[" + b"1;" * 500_000 + b"!"
    assert without_colours(line).endswith(b"!")
