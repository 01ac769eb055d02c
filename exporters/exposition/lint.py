"""How metrics ought to be named: the lints of Go's client library, as `promtool check metrics` tells them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from exporters.exposition.strict import Described

_BASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{unit: unit for unit in ("amperes", "bytes", "celsius", "grams", "joules", "kelvin", "meters", "metres")},
        **{unit: unit for unit in ("seconds", "volts")},
        **dict.fromkeys(("minutes", "hours", "days", "weeks"), "seconds"),
        "kelvins": "kelvin",
        **dict.fromkeys(("fahrenheit", "rankine"), "celsius"),
        **dict.fromkeys(("inches", "yards", "miles"), "meters"),
        "bits": "bytes",
        "calories": "joules",
        **dict.fromkeys(("pounds", "ounces"), "grams"),
    }
)  # unit -> base unit
_PREFIXES: Final = (
    "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega", "mibi", "giga", "gibi",
    "tera", "tebi", "peta", "pebi", "",
)  # fmt: skip
_UNITS: Final = MappingProxyType({prefix + unit: base for unit, base in _BASES.items() for prefix in _PREFIXES})
_ABBREVIATED: Final = ("s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d")
_TYPES: Final = ("counter", "gauge", "summary", "histogram")
_CAMEL: Final = re.compile(r"[a-z][A-Z]")  # noqa: TID251 - ours, linear


def lint(families: Iterable[Described]) -> list[tuple[str, str]]:
    """(metric, what is wrong with it), in order."""
    return sorted((family.name, text) for family in families for check in _CHECKS for text in check(family))


def _help(family: Described) -> Iterator[str]:
    if not family.help:
        yield "no help text"


def _base_unit(family: Described) -> Iterator[str]:
    """Of a name with several units the original looks at any one; here it is the first that is no base unit."""
    for word in family.name.split("_"):
        base = _UNITS.get(word)
        if base is not None and base != word:
            yield f'use base unit "{base}" instead of "{word}"'
            return


def _total(family: Described) -> Iterator[str]:
    if family.type == "counter" and not family.name.endswith("_total"):
        yield 'counter metrics should have "_total" suffix'
    if family.type not in ("counter", "untyped") and family.name.endswith("_total"):
        yield 'non-counter metrics should not have "_total" suffix'


def _reserved(family: Described) -> Iterator[str]:
    if family.type == "untyped":
        return
    histogram, summary = family.type == "histogram", family.type == "summary"
    if not histogram and family.name.endswith("_bucket"):
        yield 'non-histogram metrics should not have "_bucket" suffix'
    for suffix in ("_count", "_sum"):
        if not histogram and not summary and family.name.endswith(suffix):
            yield f'non-histogram and non-summary metrics should not have "{suffix}" suffix'
    for labels in family.metrics:
        for name, _ in labels:
            if name == "le" and not histogram:
                yield 'non-histogram metrics should not have "le" label'
            if name == "quantile" and not summary:
                yield 'non-summary metrics should not have "quantile" label'


def _type_in_name(family: Described) -> Iterator[str]:
    for kind in _TYPES:
        if _has_word(family.name, kind):
            yield f"metric name should not include type '{kind}'"


def _colon(family: Described) -> Iterator[str]:
    if ":" in family.name:
        yield "metric names should not contain ':'"


def _camel_case(family: Described) -> Iterator[str]:
    if _CAMEL.search(family.name):
        yield "metric names should be written in 'snake_case' not 'camelCase'"
    for labels in family.metrics:
        for name, _ in labels:
            if _CAMEL.search(name):
                yield "label names should be written in 'snake_case' not 'camelCase'"


def _abbreviation(family: Described) -> Iterator[str]:
    for unit in _ABBREVIATED:
        if _has_word(family.name, unit):
            yield "metric names should not contain abbreviated units"


def _has_word(name: str, word: str) -> bool:
    low = name.lower()
    return f"_{word}_" in low or low.endswith(f"_{word}")


_CHECKS: Final[tuple[Callable[[Described], Iterator[str]], ...]] = (
    _help, _base_unit, _total, _reserved, _type_in_name, _colon, _camel_case, _abbreviation,
)  # fmt: skip
