"""The language of the `.test` scripts: `load`, `eval`, `clear`, and series written as `1+2x3 _ stale`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from promql.model.durations import Duration
from promql.model.labels import Labels
from promql.model.staleness import NORMAL_NAN, STALE_NAN
from promql.syntax.ast import VectorSelector
from promql.syntax.parser import parse

_EVAL = re.compile(r"eval(_ordered|_fail)?\s+instant\s+at\s+(\S+)\s+(.+)")
_RUN = re.compile(r"(?P<first>.+?)(?:(?P<sign>[+-])(?P<delta>[^x+-]+))?x(?P<times>\d+)")


@dataclass(frozen=True)
class Load:
    step: int
    series: dict[Labels, list[float | None]]


@dataclass(frozen=True)
class Eval:
    line: int
    time: int
    query: str
    ordered: bool = False
    fails: bool = False
    expected: list[tuple[Labels, float]] = field(default_factory=list)
    scalar: float | None = None


@dataclass(frozen=True)
class Clear:
    pass


def read(path: Path) -> Iterator[Load | Eval | Clear]:
    lines = [line.strip() for line in path.read_text().splitlines()]
    lines = ["" if line.startswith("#") else line for line in lines]
    at = 0
    while at < len(lines):
        head = lines[at]
        end = at + 1
        if head.startswith(("load", "eval")):
            while end < len(lines) and lines[end]:
                end += 1
        if head == "clear":
            yield Clear()
        elif head.startswith("load"):
            yield Load(Duration.from_text(head.split()[1]), dict(map(_series, lines[at + 1 : end])))
        elif head:
            yield _eval(at + 1, head, lines[at + 1 : end])
        at = end


def _eval(line: int, head: str, body: list[str]) -> Eval:
    found = _EVAL.fullmatch(head)
    assert found is not None, f"line {line}: {head}"
    scalar = None
    expected = []
    for text in body:
        if re.fullmatch(r"\S+", text) and _is_number(text):
            scalar = _number(text)
        else:
            labels, values = _series(text)
            assert values[0] is not None
            expected.append((labels, values[0]))
    return Eval(
        line, Duration.from_text(found[2]), found[3], found[1] == "_ordered", found[1] == "_fail", expected, scalar
    )


def _series(text: str) -> tuple[Labels, list[float | None]]:
    split = text.index("}") + 1 if "{" in text else re.search(r"\s", text).start()
    return _labels(text[:split]), [value for item in text[split:].split() for value in _values(item)]


def _labels(text: str) -> Labels:
    if re.fullmatch(r"\{\s*\}", text):
        return Labels()
    selector = parse(text if not text.endswith("{}") else text[:-2])
    assert isinstance(selector, VectorSelector)
    return Labels.of({m.name: m.value for m in selector.matchers})


def _values(item: str) -> Iterator[float | None]:
    if item.startswith("_"):
        yield from [None] * int(item[2:] or 1)
    elif item == "stale":
        yield float(STALE_NAN)
    elif (found := _RUN.fullmatch(item)) and not item.startswith("0x1F"):
        value = _number(found["first"])
        delta = _number(found["delta"]) * (-1 if found["sign"] == "-" else 1) if found["delta"] else 0.0
        for _ in range(int(found["times"]) + 1):
            yield value
            value += delta
    else:
        yield _number(item)


def _is_number(text: str) -> bool:
    try:
        _number(text)
    except ValueError:
        return False
    return True


def _number(text: str) -> float:
    value = float(text)
    return float(NORMAL_NAN) if math.isnan(value) else value
