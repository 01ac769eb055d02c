"""OpenMetrics 1.0 text, as Prometheus 2.42 reads it.

Looser than its specification (order, grouping, suffixes and counters' signs are not looked at), but strict about
blanks, and about the last line, which must be `# EOF`. Timestamps are float seconds. `_created` samples are
samples like any other.
"""

from __future__ import annotations

import re
from typing import Final, NoReturn

from exporters.exposition.grammar import BAD_HELP, BAD_UTF8, INVALID, Columns, Fault, Lexer, is_utf8, read_page, token
from exporters.exposition.keys import unescape
from exporters.exposition.numbers import parse_float, parse_seconds, quote_bytes
from exporters.exposition.page import Exemplar, Page

TYPES: Final = {
    b"counter", b"gauge", b"histogram", b"gaugehistogram", b"summary", b"info", b"stateset", b"unknown",
}  # fmt: skip
NO_EOF: Final = "data does not end with # EOF"

_NAME: Final = rb"[a-zA-Z_:][a-zA-Z0-9_:]*+"
_LABEL_NAME: Final = rb"[a-zA-Z_][a-zA-Z0-9_]*+"
_QUOTED: Final = rb'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"'
_WORD: Final = rb" [^ \n\0]++"
_PAIR: Final = _LABEL_NAME + rb"=" + _QUOTED
_LABELS: Final = rb"\{(?:" + _PAIR + rb"(?:," + _PAIR + rb")*+)?+\}"
_ENTRY: Final = re.compile(  # noqa: TID251 - ours, linear
    rb"(" + _NAME + rb"(?:" + _LABELS + rb")?+)(" + _WORD + rb")"
    rb"(?:(?! # )(" + _WORD + rb"))?+(?: # (" + _LABELS + rb")(" + _WORD + rb")(" + _WORD + rb")?+)?+\n"
    rb"|# (HELP|TYPE|UNIT) (" + _NAME + rb") ([^\n]*+)\n"
)
_EOF: Final = re.compile(rb"# ?EOF\n?")  # noqa: TID251 - ours, linear

_TOKENS: Final = {
    "start": [
        token("HELP", rb"# HELP ", "name"),
        token("TYPE", rb"# TYPE ", "name"),
        token("UNIT", rb"# UNIT ", "name"),
        token("EOF_WORD", rb"# EOF\n?", "start"),
        token("MNAME", _NAME, "value"),
        token("EOF", rb"\Z", "start"),
    ],
    "name": [token("MNAME", _NAME, "text")],
    "text": [token("TEXT", rb" [^\n]*\n", "start")],
    "value": [token("BOPEN", rb"\{", "labels"), token("VALUE", _WORD, "timestamp")],
    "labels": [
        token("LNAME", _LABEL_NAME, "labels"),
        token("BCLOSE", rb"\}", "value"),
        token("EQUAL", rb"=", "label value"),
        token("COMMA", rb",", "labels"),
    ],
    "label value": [token("LVALUE", _QUOTED, "labels")],
    "timestamp": [
        token("COMMENT", rb" # \{", "exemplar"),
        token("TIMESTAMP", rb"(?! # )" + _WORD, "timestamp"),
        token("LINEBREAK", rb"\n", "start"),
        token("EOF", rb"\Z", "start"),
    ],
    "exemplar": [
        token("LNAME", _LABEL_NAME, "exemplar"),
        token("BCLOSE", rb"\}", "exemplar value"),
        token("EQUAL", rb"=", "exemplar value"),
        token("COMMA", rb",", "exemplar"),
    ],
    "exemplar value": [token("LVALUE", _QUOTED, "exemplar"), token("VALUE", _WORD, "exemplar timestamp")],
    "exemplar timestamp": [
        token("TIMESTAMP", _WORD, "exemplar timestamp"),
        token("LINEBREAK", rb"\n", "start"),
        token("EOF", rb"\Z", "start"),
    ],
}


def parse_openmetrics(body: bytes) -> Page:
    """The whole page. Raises ExpositionError."""
    return read_page(_scan, body)


def _scan(body: bytes, columns: Columns) -> None:
    doubtful = not is_utf8(body)
    keys, values = columns.keys, columns.values
    position = 0
    for entry in _ENTRY.finditer(body):
        if entry.start() != position:
            break
        key, value, stamp, labels, exemplar, exemplar_stamp, word, name, text = entry.groups()
        if key is None:
            _describe(columns, word, name, text)
        else:
            if doubtful and not is_utf8(key):
                raise Fault(BAD_UTF8)
            if stamp is not None or labels is not None:
                parse_float(value[1:])  # a fault in the value comes first
            if stamp is not None:
                columns.stamps.append(parse_seconds(stamp[1:], "invalid timestamp"))
                columns.stamped.append(len(keys))
            if labels is not None:
                columns.exemplars.append(_exemplar(len(keys), key, labels, exemplar, exemplar_stamp))
            keys.append(key)
            values.append(value[1:])
        position = entry.end()
    _finish(body, position)


def _exemplar(sample: int, key: bytes, labels: bytes, value: bytes, stamp: bytes | None) -> Exemplar:
    _check_bears_exemplars(key)
    if not is_utf8(labels):
        raise Fault(BAD_UTF8)
    number = parse_float(value[1:])
    return Exemplar(sample, labels, number, None if stamp is None else _exemplar_time(stamp))


def _exemplar_time(stamp: bytes) -> int:
    return parse_seconds(stamp[1:], "invalid exemplar timestamp")


def _check_bears_exemplars(key: bytes) -> None:
    name = key.partition(b"{")[0]
    if not name.endswith((b"_total", b"_bucket")):
        raise Fault(f"metric name {name.decode()} does not support exemplars")


def _describe(columns: Columns, word: bytes, name: bytes, text: bytes) -> None:
    if word == b"TYPE":
        if text not in TYPES:
            raise Fault(f"invalid metric type {quote_bytes(text)}")
        columns.describe(name, type_=text.decode())
    elif word == b"UNIT":
        if text and not name.endswith(b"_" + text):
            raise Fault(f"unit not a suffix of metric {quote_bytes(name)}")
        columns.describe(name, unit=text.decode())
    else:
        if not is_utf8(text):
            raise Fault(BAD_HELP)
        columns.describe(name, help_=unescape(text))


def _finish(body: bytes, position: int) -> None:
    """Where the scan stopped there must be the end; else say what is wrong: raises Fault."""
    end = _EOF.match(body, position)
    if end is None:
        _explain(body, position)
    elif body[end.end() : end.end() + 1] not in (b"", b"\0"):
        raise Fault("unexpected data after # EOF")


def _explain(body: bytes, position: int) -> NoReturn:
    lexer = Lexer(_TOKENS, body, position)
    first = lexer.next()
    if first == "EOF":
        raise Fault(NO_EOF)
    if first in ("HELP", "TYPE", "UNIT"):
        lexer.expect("MNAME", f"expected metric name after {first}")
        raise Fault(f"expected text in {first}")
    if first != "MNAME":
        raise Fault(f'"{INVALID}" {quote_bytes(_culprit(body, position))} is not a valid start token')
    name = lexer.text
    _explain_value(lexer, "metric")
    found = lexer.next()
    if found == "TIMESTAMP":
        parse_seconds(lexer.text[1:], "invalid timestamp")
        found = lexer.next()
        if found != "COMMENT":
            raise Fault(f'expected next entry after timestamp, got "{found}"')
    if found == "COMMENT":
        _check_bears_exemplars(name)
        _explain_exemplar(lexer)
    raise Fault(NO_EOF if found == "EOF" else f'expected timestamp or # symbol, got "{found}"')


def _explain_exemplar(lexer: Lexer) -> NoReturn:
    _explain_labels(lexer)
    _explain_value(lexer, "exemplar labels")
    found = lexer.next()
    if found == "TIMESTAMP":
        _exemplar_time(lexer.text)
        raise Fault(f'expected next entry after exemplar timestamp, got "{lexer.next()}"')
    raise Fault(NO_EOF if found == "EOF" else f'expected timestamp or comment, got "{found}"')


def _explain_value(lexer: Lexer, after: str) -> None:
    found = lexer.next()
    if found == "BOPEN":
        _explain_labels(lexer)
        found = lexer.next()
    if found != "VALUE":
        raise Fault(f'expected value after {after}, got "{found}"')
    parse_float(lexer.text[1:])


def _explain_labels(lexer: Lexer) -> None:
    found, first = lexer.next(), True
    while found != "BCLOSE":
        if found == "COMMA" and not first:
            lexer.expect("LNAME", "expected label name")
        elif found != "LNAME":
            raise Fault(f'expected {"label name" if first else "comma"} or left brace, got "{found}"')
        elif not first:
            raise Fault(f'expected comma, got "{found}"')
        lexer.label()
        found, first = lexer.next(), False


def _culprit(body: bytes, position: int) -> bytes:
    """The character at which the original's lexer gives up, which its message names."""
    entry = body[position : position + 7]
    furthest = max(_shared(word, entry) for word in (b"# HELP ", b"# TYPE ", b"# UNIT ", b"# EOF"))
    return chr((body[position + furthest : position + furthest + 1] or b" ")[0]).encode()


def _shared(word: bytes, text: bytes) -> int:
    return next((i for i, (a, b) in enumerate(zip(word, text, strict=False)) if a != b), min(len(word), len(text)))
