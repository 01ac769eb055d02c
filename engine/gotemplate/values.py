"""The values that callers hand to templates, beyond Python's plain ones.

Shapes (`GoMap`, `GoList`, `GoStruct`, `GoPointer`) come from `containers`, times and durations from `times`, printing
from `printing`; all can be had from here. What is defined here are the types that Alertmanager's templates know by
name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, cast

from engine.gotemplate.containers import (
    GoByte,
    GoInt64,
    GoList,
    GoMap,
    GoPointer,
    GoStruct,
    Html,
    list_type,
    string_map,
    struct_type,
)
from engine.gotemplate.printing import go_print, printf
from engine.gotemplate.times import TIME, GoDuration, GoTime
from engine.gotemplate.types import (
    ANY,
    BOOL,
    FLOAT64,
    INT,
    STRING,
    STRING_MAP,
    STRINGS,
    Function,
    GoType,
    GoValue,
    Kind,
)

__all__ = [
    "ANY",
    "BOOL",
    "FLOAT64",
    "INT",
    "KV",
    "KV_TYPE",
    "STRING",
    "STRING_MAP",
    "TIME",
    "Function",
    "GoByte",
    "GoDuration",
    "GoInt64",
    "GoList",
    "GoMap",
    "GoPointer",
    "GoStruct",
    "GoTime",
    "GoType",
    "GoValue",
    "Html",
    "Pair",
    "Pairs",
    "Strings",
    "go_print",
    "list_type",
    "printf",
    "string_map",
    "struct_type",
]  # fmt: skip

PAIR_TYPE: Final = struct_type("template.Pair", {"Name": STRING, "Value": STRING})


class Pair(GoStruct):
    """A name and its value."""

    __slots__ = ()

    def __init__(self, name: str, value: str) -> None:
        super().__init__(PAIR_TYPE, {"Name": name, "Value": value})


class Strings(GoList):
    """A `[]string`."""

    __slots__ = ()

    def __init__(self, values: Iterable[str]) -> None:
        super().__init__(STRINGS, values)


class Pairs(GoList):
    """Pairs in order, with the methods `Names` and `Values`."""

    __slots__ = ()

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        super().__init__(_PAIRS_TYPE, [Pair(n, v) for n, v in pairs])

    def column(self, field: str) -> Strings:
        return Strings(cast("str", cast("Pair", p).get(field)) for p in self.values)


class KV(GoMap):
    """Labels or annotations, with the methods `SortedPairs`, `Remove`, `Names` and `Values`."""

    __slots__ = ()

    def __init__(self, items: Mapping[str, str]) -> None:
        super().__init__(KV_TYPE, items)

    def sorted_pairs(self) -> Pairs:
        """By name, but `alertname` first."""
        pairs = cast("Iterable[tuple[str, str]]", self.items())
        return Pairs(sorted(pairs, key=lambda p: (p[0] != "alertname", p[0])))

    def remove(self, names: Iterable[object]) -> KV:
        gone = set(names)
        return KV({k: cast("str", v) for k, v in self.items() if k not in gone})


_PAIRS_METHODS: Final = MappingProxyType(
    {"Names": Function(lambda p: p.column("Name")), "Values": Function(lambda p: p.column("Value"))}
)
_KV_METHODS: Final = MappingProxyType(
    {
        "Names": Function(lambda kv: kv.sorted_pairs().column("Name")),
        "Remove": Function(lambda kv, names: kv.remove(names), (STRINGS,)),
        "SortedPairs": Function(lambda kv: kv.sorted_pairs()),
        "Values": Function(lambda kv: kv.sorted_pairs().column("Value")),
    }
)
_PAIRS_TYPE: Final = list_type("template.Pairs", PAIR_TYPE, _PAIRS_METHODS)
KV_TYPE: Final = GoType("template.KV", Kind.MAP, "map[string]string", STRING, methods=_KV_METHODS)
