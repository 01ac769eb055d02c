r"""The text format, version 0.0.4, as Prometheus 2.42 reads it.

Looser than its description: labels need no comma between them, a label value may hold a line break, a value
may follow its key at once, and a NUL where an entry may begin ends the page. Grouping, order and agreement of
types with samples are not looked at.
"""

from __future__ import annotations

import re
from typing import Final

from exporters.exposition.grammar import BAD_HELP, BAD_UTF8, Columns, Fault, Lexer, is_utf8, read_page, token
from exporters.exposition.keys import unescape_help
from exporters.exposition.numbers import NumberError, parse_float, parse_milliseconds, quote_bytes
from exporters.exposition.page import Page

TYPES: Final = {
    b"counter": "counter", b"gauge": "gauge", b"histogram": "histogram", b"summary": "summary", b"untyped": "unknown",
}  # fmt: skip

_NAME: Final = rb"[a-zA-Z_:][a-zA-Z0-9_:]*+"
_LABEL_NAME: Final = rb"[a-zA-Z_][a-zA-Z0-9_]*+"
_QUOTED: Final = rb'"[^"\\]*+(?:\\[^\n][^"\\]*+)*+"'
_VALUE: Final = rb"[^{ \t\n\0]++"
_LABELS: Final = (
    rb"\{[ \t]*+(?:" + _LABEL_NAME + rb"[ \t]*+=[ \t]*+" + _QUOTED + rb"[ \t]*+(?:,[ \t]*+)?+)*+\}"
)  # fmt: skip
_ENTRY: Final = re.compile(  # noqa: TID251 - ours, linear
    rb"([ \t]*+" + _NAME + rb"(?:[ \t]*+" + _LABELS + rb")?+)[ \t]*+(" + _VALUE + rb")[ \t]*+(?:([0-9]++)[ \t]*+)?+\n"
    rb"|[ \t]*+#[ \t]++(HELP|TYPE)[ \t]++(" + _NAME + rb")(?!\0)([^\n]*+)\n"
    rb"|[ \t]*+\n"
    rb"|[ \t]*+#(?![ \t])[^\n\0]*+\n"
    rb"|[ \t]*+#[ \t]++(?!(?:HELP|TYPE)[ \t])[^\n]*+\n"
    rb"|[ \t]*+(\0|#(?![ \t])[^\n\0]*+\0)"
)

_TOKENS: Final = {
    "start": [
        token("HELP", rb"#[ \t]+HELP[ \t]+", "name"),
        token("TYPE", rb"#[ \t]+TYPE[ \t]+", "name"),
        token("MNAME", _NAME, "value"),
    ],
    "name": [token("MNAME", _NAME, "start")],
    "value": [token("BOPEN", rb"\{", "labels"), token("VALUE", _VALUE, "timestamp")],
    "labels": [
        token("LNAME", _LABEL_NAME, "labels"),
        token("BCLOSE", rb"\}", "value"),
        token("EQUAL", rb"=", "label value"),
        token("COMMA", rb",", "labels"),
    ],
    "label value": [token("LVALUE", _QUOTED, "labels")],
    "timestamp": [token("TIMESTAMP", rb"[0-9]+", "timestamp"), token("LINEBREAK", rb"\n", "start")],
}


def parse_text(body: bytes) -> Page:
    """The whole page. Raises ExpositionError."""
    return read_page(_scan, body + b"\n")


def _scan(body: bytes, columns: Columns) -> None:
    doubtful = not is_utf8(body)
    keys, values = columns.keys, columns.values
    position = 0
    for entry in _ENTRY.finditer(body):
        if entry.start() != position:
            break
        key, value, stamp, word, name, rest, end = entry.groups()
        position = entry.end()
        if key is not None:
            if doubtful and not is_utf8(key):
                raise Fault(BAD_UTF8)
            if stamp is not None:
                columns.stamps.append(_timestamp(value, stamp))
                columns.stamped.append(len(keys))
            keys.append(key)
            values.append(value)
        elif word is not None:
            _describe(columns, word, name, rest)
        elif end is not None:
            return
    if position < len(body):
        _explain(body, position)


def _timestamp(value: bytes, stamp: bytes) -> int:
    try:
        return parse_milliseconds(stamp)
    except NumberError:
        parse_float(value)  # a fault in the value comes first
        raise


def _describe(columns: Columns, word: bytes, name: bytes, rest: bytes) -> None:
    text = rest[1:] if rest.strip(b" \t") else b""
    if word == b"TYPE":
        if text not in TYPES:
            raise Fault(f"invalid metric type {quote_bytes(text)}")
        columns.describe(name, type_=TYPES[text])
        return
    if not is_utf8(text):
        raise Fault(BAD_HELP)
    columns.describe(name, help_=unescape_help(text))


def _explain(body: bytes, position: int) -> None:
    """Say what is wrong with the entry here: raises Fault."""
    lexer = Lexer(_TOKENS, body, position, b" \t")
    first = lexer.next()
    if first in ("HELP", "TYPE"):
        lexer.expect("MNAME", f"expected metric name after {first}")
        raise Fault('invalid metric type ""' if first == "TYPE" else 'linebreak expected after metadata, got "EOF"')
    if first != "MNAME":
        raise Fault(f'"{first}" is not a valid start token')
    found = lexer.next()
    if found == "BOPEN":
        _explain_labels(lexer)
        found = lexer.next()
    if found != "VALUE":
        raise Fault(f'expected value after metric, got "{found}"')
    parse_float(lexer.text)
    found = lexer.next()
    if found != "TIMESTAMP":
        raise Fault(f'expected timestamp or new record, got "{found}"')
    parse_milliseconds(lexer.text)
    raise Fault(f'expected next entry after timestamp, got "{lexer.next()}"')


def _explain_labels(lexer: Lexer) -> None:
    found = lexer.next()
    while found != "BCLOSE":
        if found != "LNAME":
            raise Fault(f'expected label name, got "{found}"')
        lexer.label()
        if (found := lexer.next()) == "COMMA":
            found = lexer.next()
