"""Searching the text of a block finds what looking at each line finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.regexes import Regex, RegexError
from engine.logql.search.filters import Filter
from engine.logql.search.patterns import look
from engine.logql.search.text import Text
from engine.logql.syntax.ast import LineFilter, Needle
from promql.model.labels import Labels
from tests.logql.memory_source import MemoryBlock

_ALPHABET = st.sampled_from(
    ["a", "b", "ab", "A", " ", "x1", "\n", "\r", "é", "10.0.0.1", "1", '"', "", "ba", "\\", "."]
)
_LINES = st.lists(st.lists(_ALPHABET, max_size=6).map("".join), min_size=1, max_size=60)
_PIECES = st.sampled_from(
    ["a", "b", "ab", ".", "[^a]", "[ab1]", "\\s", "\\S", "\\d", "\\D", "\\W", "\\w", "\\b", "^", "$", "(a|b)", "(?:ab)+",
     "|", "*", "+", "?", "{2}", "{1,2}", "é", "[[:alpha:]]", "\\.", "[^\\s]", "\\A", "\\z", "x", ".*", "\\n", "[\\s\\S]",
     "[a-z]", "[\\t-\\r]", "(?i)a", "(?s:.)", "\\pL", '"', "[^[:space:]]", "[\\n]", "{", "\\Qa.\\E"]
)  # fmt: skip
_PATTERNS = st.tuples(st.sampled_from(["", "(?i)", "(?s)", "(?m)"]), st.lists(_PIECES, min_size=1, max_size=5)).map(
    lambda found: found[0] + "".join(found[1])
)


def _block(lines: list[str]) -> MemoryBlock:
    return MemoryBlock(Labels.of(a="b"), [line.encode() for line in lines], list(range(len(lines))))


def _holds(search: str, op: str, line: str) -> bool:
    found = search in line if op[1] == "=" else Regex(search, anchored=False).matches(line)
    return found is (op[0] == "|")


@given(lines=_LINES, needle=st.lists(_ALPHABET, max_size=3).map("".join), op=st.sampled_from(["|=", "!="]))
def test_a_literal_is_found_as_line_by_line(lines: list[str], needle: str, op: str) -> None:
    found = Filter(LineFilter(op, (Needle(needle),))).select(Text(_block(lines)), np.arange(len(lines)))
    assert found.tolist() == [at for at, line in enumerate(lines) if _holds(needle, op, line)]


@given(lines=_LINES, pattern=_PATTERNS, op=st.sampled_from(["|~", "!~"]))
def test_a_pattern_is_found_as_line_by_line(lines: list[str], pattern: str, op: str) -> None:
    try:
        Regex(pattern, anchored=False)
    except RegexError:
        return
    found = Filter(LineFilter(op, (Needle(pattern),))).select(Text(_block(lines)), np.arange(len(lines)))
    assert found.tolist() == [at for at, line in enumerate(lines) if _holds(pattern, op, line)]


@given(lines=_LINES, search=st.sampled_from(["a", "ab", "1", "é", '"', "a.*b", "1[^a]", "(?i)a1", "[ab] ?x"]))
def test_what_many_lines_hold_is_found_as_line_by_line(lines: list[str], search: str) -> None:
    many = lines * 30
    for op in ("|=", "|~"):
        found = Filter(LineFilter(op, (Needle(search),))).select(Text(_block(many)), np.arange(len(many)))
        assert found.tolist() == [at for at, line in enumerate(many) if _holds(search, op, line)]


_FILTERS = st.builds(
    LineFilter,
    st.sampled_from(["|=", "!=", "|~", "!~", "|>", "!>"]),
    st.lists(
        st.one_of(st.sampled_from(["a", "b<_>", "<_>1", "a|b", ""]).map(Needle), st.just(Needle("10.0.0.0/8", is_ip=True))),
        min_size=1,
        max_size=3,
    ).map(tuple),
)  # fmt: skip


@given(lines=_LINES, filters=st.lists(_FILTERS, min_size=1, max_size=3), low=st.integers(0, 40))
def test_filters_in_a_row_narrow_what_is_left(lines: list[str], filters: list[LineFilter], low: int) -> None:
    text, index = Text(_block(lines)), np.arange(min(low, len(lines)), len(lines))
    made = [Filter(one) for one in filters]
    found = index
    for one in made:
        found = one.select(text, found)
    assert found.tolist() == [at for at in index.tolist() if all(one.keeps(lines[at].encode()) for one in made)]


@pytest.mark.parametrize(
    ("pattern", "literals", "required"),
    [
        ("error", ("error",), "error"),
        (".*error.*", ("error",), "error"),
        ("a|bc|d", ("a", "bc", "d"), ""),
        ("(?i)error", (), ""),
        ("(?i)user_17 [a-z]", (), "_17 "),
        ("(?i)1a*2", (), "1"),
        ("(?i)1*a", (), ""),
        ("user=\\d+ done", (), "user="),
        ("a+bc?d", (), "a"),
        ("ab*", (), "a"),
        ("a\\.b", ("a.b",), "a.b"),
        ("(error)", (), ""),
    ],
)
def test_literals_of_a_pattern_are_known(pattern: str, literals: tuple[str, ...], required: str) -> None:
    found = look(pattern)
    assert (found.literals, found.required) == (literals, required)


@pytest.mark.parametrize(
    ("pattern", "cased"),
    [
        ("(?i)Error", "error"),
        ("(?i)Task ENDED", " ended"),  # K may be the sign of kelvin, S a long s
        ("(?i)user_17 [a-z]", "er_17 "),
        ("(?i)1a*2b", "2b"),
        ("(?i)a|b", ""),
        ("error", ""),
    ],
)
def test_what_a_pattern_needs_however_it_is_written_is_known(pattern: str, cased: str) -> None:
    assert look(pattern).cased == cased


_CASED = st.sampled_from(
    ["Timeout", "timeout", "TIME", "out", "@", "`", "[", "{", "\u212a", "\u017f", "k", "s", "\0", " "]
)


@given(
    lines=st.lists(st.lists(_CASED, max_size=4).map("".join), min_size=1, max_size=8),
    search=st.sampled_from(["timeout", "TimeOut@", "a`", "time\\[", "out k", "s", "kout", "time.out"]),
)
def test_words_are_found_in_any_case_as_line_by_line(lines: list[str], search: str) -> None:
    many = lines + ["nothing of interest"] * 640
    found = Filter(LineFilter("|~", (Needle(f"(?i){search}"),))).select(Text(_block(many)), np.arange(len(many)))
    assert found.tolist() == [at for at, line in enumerate(many) if _holds(f"(?i){search}", "|~", line)]


@pytest.mark.parametrize("pattern", ["\\n", "(?s)a.b", "[\\n]", "[\\t-\\r]", "\\pC", "(?m)^a", "[[:space:]]"])
def test_patterns_that_may_reach_over_a_line_are_tried_line_by_line(pattern: str) -> None:
    assert look(pattern).within == ""


@pytest.mark.parametrize(
    ("pattern", "line", "matches"),
    [
        ("<_> took <_>", "request took 5s", True),
        ("took <_>", "request took 5s", False),
        ("<_>took", "request took 5s", False),
        ("<_> took", "request took", True),
        ("a <_> c", "a  c", False),
        ("a <_> c", "a b c", True),
        ("<_>", "", False),
        ("", "", True),
    ],
)
def test_a_pattern_with_blanks_to_fill_is_of_the_whole_line(pattern: str, line: str, matches: bool) -> None:
    assert Filter(LineFilter("|>", (Needle(pattern),))).keeps(line.encode()) is matches
