"""Answers of the API as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from msgspec import json

from promql.model.instants import rfc3339
from promql.model.labels import Labels


def table(path: str, body: bytes) -> str:
    """The lines of an answer, and its warnings behind them."""
    answer = json.decode(body)
    data = answer["data"]
    lines = list(_lines(path, data))
    return "\n".join([*(lines or ["(nothing)"]), *(f"warning: {text}" for text in answer.get("warnings", ()))])


def _lines(path: str, data: Any) -> Iterator[str]:
    if path == "/query_explain":
        yield from _plan(data)
    elif path.startswith("/query"):
        yield from _result(data["resultType"], data["result"])
    elif path == "/series":
        yield from (str(Labels.of(labels)) for labels in data)
    else:
        yield from data


def _result(kind: str, result: Any) -> Iterator[str]:
    match kind:
        case "vector":
            yield from _aligned([(str(Labels.of(row["metric"])), row["value"][1]) for row in result], "<>")
        case "matrix":
            for number, row in enumerate(result):
                if number:
                    yield ""
                yield str(Labels.of(row["metric"]))
                samples = [(_moment(time), value) for time, value in row["values"]]
                yield from (f"  {line}" for line in _aligned(samples, "<>"))
        case _:
            yield str(result[1])


def _plan(lines: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    figures = ("rows", "values", "samples", "milliseconds")
    rows = [(*(_shown(line[name]) for name in figures), _text(line)) for line in lines]
    yield from _aligned([("rows", "values", "samples", "ms", "plan"), *rows], ">>>><")


def _text(line: Mapping[str, Any]) -> str:
    return "  " * int(line["depth"]) + str(line["text"])


def _shown(value: Any) -> str:
    return "" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)


def _moment(seconds: float) -> str:
    return rfc3339(round(seconds * 1000))


def _aligned(rows: Sequence[Sequence[str]], sides: str) -> Iterator[str]:
    """Columns two spaces apart, each to its side; no blanks at the end of a line."""
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    for row in rows:
        cells = (f"{cell:{side}{width or 1}}" for cell, side, width in zip(row, sides, widths, strict=True))
        yield "  ".join(cells).rstrip()
