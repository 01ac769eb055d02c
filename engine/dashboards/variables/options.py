"""Options of variables: out of a query's answer, out of a list, and which of them are chosen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cmp_to_key
from typing import Any, Final

from msgspec import Struct

from engine.dashboards.model import Variable
from engine.dashboards.patterns import Pattern
from engine.dashboards.variables.value import ALL, ALL_TEXT, Value

Option = tuple[str, str]
"""Its text, and its value."""
_DIGITS: Final = re.compile(r"\d+(?:\.\d+)?")  # noqa: TID251 - ours, linear
_COMMAS: Final = re.compile(r"(?:\\,|[^,])+")  # noqa: TID251 - ours, linear
_NATURAL: Final = re.compile(r"(\d+)")  # noqa: TID251 - ours, linear
NONE: Final[Option] = ("None", "")


class Resolved(Struct, frozen=True):
    """A variable with its options and its value; `problem` says why it has none."""

    variable: Variable
    options: tuple[Option, ...]
    value: Value
    problem: str = ""


def from_answer(variable: Variable, found: Iterable[str]) -> tuple[list[Option], str]:
    """What a query answered, through the variable's pattern, sorted; and what is wrong with the pattern."""
    options = [(one, one) for one in found]
    if not variable.regex:
        return arranged(options, variable.sort), ""
    pattern = Pattern.of(variable.regex)
    taken = [option for text, _ in options for option in _taken(pattern, text)]
    return arranged(taken, variable.sort), pattern.problem


def _taken(pattern: Pattern, text: str) -> list[Option]:
    """The first group, or those that are called `text` and `value`; nothing where nothing matches."""
    found = pattern.all(text)
    if not found:
        return []
    names = {name: group for one in found for name, group in one.named.items() if group}
    if "value" in names or "text" in names:
        value = names.get("value") or names["text"]
        return [(names.get("text") or value, value)]
    if not found[0].groups:
        return [(found[0].whole, found[0].whole)]
    return [(one.groups[0], one.groups[0]) for one in found if one.groups[0]]


def custom(query: str) -> list[Option]:
    """Between commas, `text : value` where both are given."""
    made = []
    for piece in _COMMAS.findall(query):
        one = piece.replace("\\,", ",").strip()
        text, colon, value = one.partition(" : ")
        made.append((text.strip(), value.strip()) if colon else (one, one))
    return made


def arranged(options: Iterable[Option], sort: int) -> list[Option]:
    """Each value once, in the order that Grafana numbers so."""
    unique = list({value: (text, value) for text, value in reversed(list(options))}.values())[::-1]
    if not 1 <= sort <= 8:
        return unique
    key = _KEYS[(sort - 1) // 2]
    return sorted(unique, key=lambda option: key(option[0]), reverse=sort % 2 == 0)


def _number(text: str) -> tuple[float, str]:
    found = _DIGITS.search(text)
    return (float(found[0]) if found else -1.0, "")


def _natural(text: str) -> list[tuple[int, int, str]]:
    return [(0, int(one), "") if one.isdigit() else (1, 0, one.lower()) for one in _NATURAL.split(text) if one]


def _plain(a: str, b: str) -> int:
    """As people sort: letters before case."""
    left, right = (a.lower(), a.swapcase()), (b.lower(), b.swapcase())
    return (left > right) - (left < right)


_KEYS: Final[tuple[Callable[[str], Any], ...]] = (cmp_to_key(_plain), _number, str.lower, _natural)


def chosen(variable: Variable, options: Sequence[Option], wanted: Sequence[str]) -> Value:
    """The value for what is wanted (of the URL, or as saved): what is no option is passed over."""
    texts = {value: text for text, value in options}
    if variable.include_all and any(one in (ALL, ALL_TEXT) for one in wanted):
        return all_of(variable, options)
    by_text = dict(options)
    kept = [one if one in texts else by_text.get(one, "") for one in wanted]
    kept = [one for one in dict.fromkeys(kept) if one in texts]
    if not kept and options:
        if variable.include_all and not wanted:
            return all_of(variable, options)
        kept = [options[0][1]]
    if not kept:
        return Value(("",), NONE[0], variable.multi or variable.include_all)
    kept = kept if variable.multi else kept[:1]
    return Value(tuple(kept), " + ".join(texts[one] for one in kept), variable.multi or variable.include_all)


def all_of(variable: Variable, options: Sequence[Option]) -> Value:
    values = tuple(value for _, value in options)
    return Value(values, ALL_TEXT, True, True, variable.all_value or None)
