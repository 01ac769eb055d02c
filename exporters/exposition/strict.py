"""The text format to the letter, as Go's client library reads it: families with types, each described once and first.

For judging pages, not for scraping them: `text.py` is as loose as Prometheus is. The last line needs its line break.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct, field

from exporters.exposition.numbers import NumberError, parse_float
from promql.model.labels import quote

TYPES: Final = frozenset({"counter", "gauge", "histogram", "summary", "untyped"})

_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)  # noqa: TID251 - ours, linear
_LABEL_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)  # noqa: TID251 - ours, linear
_QUOTED: Final = re.compile(r'"((?:[^"\\\n]|\\.)*)"')  # noqa: TID251 - ours, linear
_BLANKS: Final = re.compile(r"[ \t]+")  # noqa: TID251 - ours, linear
_INTEGER: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)  # noqa: TID251 - ours, linear
_SUFFIXES: Final = {"summary": ("_sum", "_count"), "histogram": ("_bucket", "_sum", "_count")}
_OWN_LABEL: Final = {"summary": "quantile", "histogram": "le"}


class FormatError(Exception):
    """What is wrong, in the library's words, with the line."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.line = 0

    def at(self, line: int) -> FormatError:
        """The same, told of this line."""
        self.line = line
        return self

    def __str__(self) -> str:
        return f"text format parsing error in line {self.line}: {super().__str__()}"


class Described(Struct):
    """A family as it was read. `rows` are the label sets of its lines, `le` and `quantile` included, their values as
    they are written; `lines` are the names and values of the same lines, and whether they bear a timestamp.
    """

    name: str
    type: str | None = None
    help: str | None = None
    rows: list[tuple[tuple[str, str], ...]] = field(default_factory=list)
    lines: list[tuple[str, float, bool]] = field(default_factory=list)

    @property
    def metrics(self) -> list[tuple[tuple[str, str], ...]]:
        """The label sets without what tells the lines of one histogram or summary apart, each once."""
        own = _OWN_LABEL.get(self.type or "", "")
        return list(dict.fromkeys(tuple(pair for pair in row if pair[0] != own) for row in self.rows))

    @property
    def cardinality(self) -> int:
        """How many series it makes; those of a histogram or summary are reckoned from its first metric."""
        metrics = self.metrics
        own = _OWN_LABEL.get(self.type or "")
        if own is None:
            return len(self.rows)
        first = [row for row in self.rows if tuple(pair for pair in row if pair[0] != own) == metrics[0]]
        return len(metrics) * (2 + sum(any(name == own for name, _ in row) for row in first))


def read(text: str) -> list[Described]:
    """The families that have samples. Raises FormatError."""
    families: dict[str, Described] = {}
    *lines, rest = text.split("\n")
    for number, line in enumerate(lines, 1):
        try:
            _line(line.lstrip(" \t"), families)
        except FormatError as error:
            raise error.at(number) from None
    if rest.strip(" \t"):
        raise FormatError("unexpected end of input stream").at(len(lines) + 1)
    return [family for family in families.values() if family.rows]


def _line(line: str, families: dict[str, Described]) -> None:
    if line.startswith("#"):
        _comment(line[1:].lstrip(" \t"), families)
    elif line:
        _sample(line, families)


def _comment(text: str, families: dict[str, Described]) -> None:
    keyword, _, rest = text.replace("\t", " ").partition(" ")
    if keyword not in ("HELP", "TYPE") or not rest.strip():
        return
    rest = text[len(keyword) :].lstrip(" \t")
    found = _NAME.match(rest)
    name = found[0] if found else ""
    if not name or rest[len(name) : len(name) + 1] not in ("", " ", "\t"):
        raise FormatError("invalid metric name in comment")
    said = rest[len(name) :].lstrip(" \t")
    family = _home(name, families)
    if keyword == "HELP":
        if family.help is not None:
            raise FormatError(f"second HELP line for metric name {quote(family.name)}")
        family.help = said
        return
    if not said:
        return
    if family.type is not None:
        raise FormatError(f"second TYPE line for metric name {quote(family.name)}, or TYPE reported after samples")
    if said.lower() not in TYPES:
        raise FormatError(f"unknown metric type {quote(said)}")
    family.type = said.lower()


def _sample(line: str, families: dict[str, Described]) -> None:
    found = _NAME.match(line)
    if found is None:
        raise FormatError("invalid metric name")
    name, rest = found[0], line[found.end() :].lstrip(" \t")
    labels: tuple[tuple[str, str], ...] = ()
    if rest.startswith("{"):
        labels, rest = _labels(name, rest[1:])
    value, stamp, more = _words(rest)
    try:
        if not value or value.lower().startswith(("0x", "+0x", "-0x")):
            raise NumberError("")
        number = parse_float(value.encode())
    except NumberError:
        raise FormatError(f"expected float as value, got {quote(value)}") from None
    if stamp and not _INTEGER.fullmatch(stamp):
        raise FormatError(f"expected integer as timestamp, got {quote(stamp)}")
    if more.strip(" \t"):
        raise FormatError(f"spurious string after timestamp: {quote(more)}")
    family = _home(name, families)
    family.type = family.type or "untyped"
    family.rows.append(labels)
    family.lines.append((name, number, bool(stamp)))


def _words(text: str) -> tuple[str, str, str]:
    """The value, the timestamp, and whatever stands behind it with its blanks."""
    value = _BLANKS.split(text, maxsplit=1)
    rest = value[1] if len(value) > 1 else ""
    stamp = _BLANKS.split(rest, maxsplit=1)[0]
    return value[0], stamp, rest[len(stamp) :]


def _labels(metric: str, text: str) -> tuple[tuple[tuple[str, str], ...], str]:
    """The labels, and what stands behind the brace."""
    found: dict[str, str] = {}
    rest = text.lstrip(" \t")
    while not rest.startswith("}"):
        name = _LABEL_NAME.match(rest)
        if name is None:
            raise FormatError(f"invalid label name for metric {quote(metric)}")
        if name[0] == "__name__":
            raise FormatError('label name "__name__" is reserved')
        rest = rest[name.end() :].lstrip(" \t")
        if not rest.startswith("="):
            raise FormatError(f"expected '=' after label name, found {_char(rest)}")
        rest = rest[1:].lstrip(" \t")
        if not rest.startswith('"'):
            raise FormatError(f"expected '\"' at start of label value, found {_char(rest)}")
        value = _QUOTED.match(rest)
        if value is None:
            raise FormatError(f"label value {quote(rest[1:])} contains unescaped new-line")
        if name[0] in found:
            raise FormatError(f"duplicate label names for metric {quote(metric)}")
        found[name[0]] = value[1]
        rest = rest[value.end() :].lstrip(" \t")
        if rest.startswith(","):
            rest = rest[1:].lstrip(" \t")
        elif not rest.startswith("}"):
            raise FormatError(f"unexpected end of label value {quote(value[1])}")
    return tuple(found.items()), rest[1:].lstrip(" \t")


def _char(text: str) -> str:
    return f"'{text[0]}'" if text else "'\\n'"


def _home(name: str, families: dict[str, Described]) -> Described:
    """The family to which a line of that name belongs."""
    for base in _bases(name, families):
        return families[base]
    return families.setdefault(name, Described(name))


def _bases(name: str, families: dict[str, Described]) -> Iterator[str]:
    if name in families:
        yield name
    for kind, suffixes in _SUFFIXES.items():
        for suffix in suffixes:
            base = name.removesuffix(suffix)
            if base != name and base in families and families[base].type == kind:
                yield base
