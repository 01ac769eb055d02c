"""Variables in compose files mean what the Compose Specification says."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.stack.interpolation import dotenv, interpolate
from engine.foundation.errors import ConfigError

SET = {"A": "one", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("plain", "plain"),
        ("$A/$$A/${A}", "one/$A/one"),
        ("${GONE}|$GONE", "|"),
        ("${GONE:-x}${EMPTY:-y}${A:-z}", "xyone"),
        ("${GONE-x}${EMPTY-y}", "x"),
        ("${A:+there}${EMPTY:+there}${EMPTY+there}", "therethere"),
        ("${GONE:-${A}}!", "one!"),
        ("${A:+<${A}>}${GONE:+${A}}", "<one>"),
        ("^/(sys|proc)($$|/)", "^/(sys|proc)($|/)"),
        ("5$", "5$"),
    ],
)
def test_a_variable_stands_for_what_is_set(text: str, meant: str) -> None:
    assert interpolate(text, SET) == meant


@pytest.mark.parametrize("text", ["${GONE:?say which}", "${EMPTY:?say which}", "${GONE?say which}"])
def test_one_that_must_be_set_is_named_where_it_is_not(text: str) -> None:
    with pytest.raises(ConfigError, match="say which"):
        interpolate(text, SET)


def test_the_file_beside_gives_variables_with_and_without_quotes(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# words\nA=1\nexport B = two # no\nC='a # b'\nD=\"x\"\n\nbroken\n")
    assert dotenv(tmp_path / ".env") == {"A": "1", "B": "two", "C": "a # b", "D": "x"}
    assert dotenv(tmp_path / "none") == {}


def test_a_file_that_cannot_be_read_is_named_and_a_folder_of_that_name_is_none(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"A=\xff\n")
    with pytest.raises(ConfigError, match=r"bytes: it is not UTF-8"):
        dotenv(tmp_path / "bytes")
    assert dotenv(tmp_path) == {}
