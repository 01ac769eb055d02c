"""Texts of well-typed expressions, in odd spellings; and rubbish."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

_BLANK: Final = st.sampled_from(["", " ", "  ", "\n", "\t", " # é\n"])
_NAME: Final = st.sampled_from(["up", "a", "b:c", ":x", "sum", "BY", "offset", "and", "start", "http_requests_total"])
_LABEL: Final = st.sampled_from(["a", "b", "job", "instance", "by", "on", "bool", "atan2", "end", "__name__"])
_LENGTH: Final = st.sampled_from(["5m", "1h30m", "90s", "1y2w3d", "1500ms", "7d", "1d"])
_NUMBER: Final = st.sampled_from(["0", "1", "010", "0x1F", ".5", "5.", "1e3", "1E-7", "Inf", "123456789", "09.5"])
_TEXT: Final = st.sampled_from(['"a"', "'b\"'", "`c\\d`", '"\\n\\x41\\101\\u00e9"', '"é"', "''"])
_OPERATORS: Final = ["+", "-", "*", "/", "%", "^", "atan2", "ATAN2"]
_COMPARISONS: Final = ["==", "!=", "<", "<=", ">", ">="]
_SETS: Final = ["and", "OR", "unless"]


def _spaced(*pieces: str | st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """The pieces with blanks between them; a letter never runs into the next piece."""
    parts = [st.just(piece) if isinstance(piece, str) else piece for piece in pieces]
    return st.tuples(*(st.tuples(part, _BLANK) for part in parts)).map(
        lambda found: "".join(f"{part} {blank}" for part, blank in found)
    )


def _listed(items: st.SearchStrategy[str], least: int = 0) -> st.SearchStrategy[str]:
    return st.tuples(st.lists(items, min_size=least, max_size=3, unique=True), st.booleans()).map(
        lambda found: f"({', '.join(found[0])}{',' if found[1] and found[0] else ''})"
    )


_MATCHER: Final = st.one_of(
    _spaced(st.sampled_from(["a", "b", "on"]), st.sampled_from(["=", "!="]), _TEXT),
    _spaced("c", st.sampled_from(["=~", "!~"]), st.sampled_from(['"x.*"', "'y|z'", '""'])),
)
_BRACES: Final = st.one_of(st.just(""), st.lists(_MATCHER, max_size=3).map(lambda found: f"{{{','.join(found)}}}"))
_SELECTOR: Final = st.one_of(_spaced(_NAME, _BRACES), st.just('{__name__=~"a.+"}'), st.just('{a="b",}'))
_OFFSET: Final = st.one_of(_spaced("offset", _LENGTH), _spaced("OFFSET -", _LENGTH))
_AT: Final = st.sampled_from(["@ 1.5", "@ -3", "@ start()", "@ END()", "@ 1e9"])
_SHIFT: Final = st.one_of(st.just(""), _OFFSET, _AT, _spaced(_OFFSET, _AT), _spaced(_AT, _OFFSET))
_GROUPED: Final = st.one_of(st.just(""), _spaced(st.sampled_from(["by", "Without"]), _listed(_LABEL)))
_MATCHED: Final = st.one_of(
    st.just(""),
    _spaced(st.sampled_from(["on", "IGNORING"]), _listed(st.sampled_from(["a", "b"]), 1)),
)
_GROUPING: Final = st.one_of(
    st.just(""),
    _spaced(st.sampled_from(["group_left", "group_right"]), _listed(st.sampled_from(["c", "d"]))),
)
_MATRIX: Final = st.builds(lambda s, n, m: f"{s}[{n}]{m}", _SELECTOR, _LENGTH, st.just("") | _spaced("", _SHIFT))
_SCALAR: Final = st.one_of(_NUMBER, st.just("time()"), st.just("-1"), _spaced("-", _NUMBER))
_LEAF: Final = st.one_of(
    _spaced(_SELECTOR, _SHIFT),
    st.just("vector(1)"),
    _spaced(st.sampled_from(["rate", "last_over_time"]), "(", _MATRIX, ")"),
)


def _extend(vector: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    inside: Any = vector.map(lambda text: f"({text})")
    operator, comparison = st.sampled_from(_OPERATORS), st.sampled_from(_COMPARISONS)
    return st.one_of(
        inside,
        _spaced(st.sampled_from(["-", "+"]), vector),
        _spaced(vector, operator, vector),
        _spaced(vector, operator, _MATCHED, vector),
        _spaced(vector, operator, "on (a)", _GROUPING, inside),
        _spaced(vector, comparison, st.sampled_from(["", "bool"]), vector),
        _spaced("(", vector, comparison, "BOOL", _SCALAR, ")"),  # or the scalar would bind to what follows
        _spaced("(", _SCALAR, operator, vector, ")"),
        _spaced(vector, st.sampled_from(_SETS), _MATCHED, vector),
        _spaced(st.sampled_from(["sum", "Group"]), _GROUPED, inside),
        _spaced(st.sampled_from(["avg", "STDDEV"]), inside, _GROUPED),
        _spaced(st.sampled_from(["topk", "quantile"]), _GROUPED, "(", _SCALAR, ",", vector, ")"),
        _spaced("count_values", "(", _TEXT, ",", vector, ")", _GROUPED),
        _spaced("clamp", "(", vector, ",", _SCALAR, ",", _SCALAR, ")"),
        st.builds(lambda v, n, s, m: f"rate({v}[{n}:{s}]{m})", inside, _LENGTH, st.just("") | _LENGTH, _SHIFT),
    )


VECTORS: Final = st.recursive(_LEAF, _extend, max_leaves=8)
EXPRESSIONS: Final = st.one_of(VECTORS, VECTORS, _SCALAR, _TEXT, _MATRIX)

_PIECES: Final = [
    *"()[]{},=<>+-*/%^:@#!.$\n\\\"'`", "up", "sum", "by", "and", "offset", "bool", "on", "group_left", "atan2", "start",
    "rate", "topk", "1", "0x", "5m", "0s", "1m1h", '"a"', '"\\q"', "é", "{a=", '=~"("', "[5m]", "[5m:", "@ 1", "without",
    "label_join", "round", "ignoring", "(up)", " ", " ", " ",
]  # fmt: skip
RUBBISH: Final = st.one_of(st.text(), st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))
