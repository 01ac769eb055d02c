"""Maps, lists, structs, pointers and named scalars: the shapes of Go values. All are frozen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from engine.gotemplate.types import DICT, INT64, LIST, STRING_MAP, UINT8, Function, GoType, GoValue, Kind


class GoMap(GoValue):
    """A map with strings for keys; ranges and prints in key order."""

    __slots__ = ("_items", "_type")

    def __init__(self, go_type: GoType, items: Mapping[str, object]) -> None:
        self._type = go_type
        self._items = {k: items[k] for k in sorted(items)}

    @property
    def go_type(self) -> GoType:
        return self._type

    def get(self, key: str) -> object:
        """A missing key gives the zero value of the map's elements."""
        return self._items[key] if key in self._items else zero(self._type.element)

    def items(self) -> Iterable[tuple[str, object]]:
        return self._items.items()

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __len__(self) -> int:
        return len(self._items)


class GoList(GoValue):
    """A slice."""

    __slots__ = ("_type", "values")

    def __init__(self, go_type: GoType, values: Iterable[object]) -> None:
        self._type = go_type
        self.values: Final = tuple(values)

    @property
    def go_type(self) -> GoType:
        return self._type

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[object]:
        return iter(self.values)


class GoStruct(GoValue):
    """A struct: all fields of its type, in the type's order. Missing ones get their zero value."""

    __slots__ = ("_type", "_values")

    def __init__(self, go_type: GoType, values: Mapping[str, object]) -> None:
        if unknown := values.keys() - go_type.fields.keys():
            raise TypeError(f"{go_type} has no field {min(unknown)}")
        self._type = go_type
        self._values = {name: values[name] if name in values else zero(of) for name, of in go_type.fields.items()}

    @property
    def go_type(self) -> GoType:
        return self._type

    def get(self, name: str) -> object:
        """The field's value; KeyError where the type has none of this name."""
        return self._values[name]

    def items(self) -> Iterable[tuple[str, object]]:
        return self._values.items()


class GoPointer(GoValue):
    """A pointer that is not nil; fields and methods are those of its target."""

    __slots__ = ("_type", "target")

    def __init__(self, target: GoValue) -> None:
        self.target: Final = target
        self._type = GoType(f"*{target.go_type}", Kind.POINTER, element=target.go_type)

    @property
    def go_type(self) -> GoType:
        return self._type

    @property
    def go_methods(self) -> Mapping[str, Function]:
        return self.target.go_methods

    def go_string(self) -> str | None:
        return self.target.go_string()


class GoInt64(int, GoValue):
    """An `int64`, as `Unix` gives it."""

    __slots__ = ()

    @property
    def go_type(self) -> GoType:
        return INT64


class GoByte(int, GoValue):
    """A `uint8`: a byte of a string."""

    __slots__ = ()

    @property
    def go_type(self) -> GoType:
        return UINT8


HTML: Final = GoType("template.HTML", Kind.STRING)


class Html(str, GoValue):
    """Text that is HTML already (`safeHtml`)."""

    __slots__ = ()

    @property
    def go_type(self) -> GoType:
        return HTML


def string_map(items: Mapping[str, str]) -> GoMap:
    """A plain `map[string]string`: Prometheus's labels."""
    return GoMap(STRING_MAP, items)


def struct_type(
    name: str,
    fields: Mapping[str, GoType],
    methods: Mapping[str, Function] | None = None,
    *,
    json: Mapping[str, str] | None = None,
) -> GoType:
    """A named struct type; `fields` in Go's order, since printing shows them in it. `json` gives their names there."""
    return GoType(name, Kind.STRUCT, fields=fields, methods=methods or {}, json=json or {})


def list_type(name: str, element: GoType, methods: Mapping[str, Function] | None = None) -> GoType:
    """A slice type; `name` may be the plain `[]T` or a name of its own."""
    return GoType(name, Kind.SLICE, underlying=f"[]{element}", element=element, methods=methods or {})


_ZEROS: Final = MappingProxyType({Kind.BOOL: False, Kind.INT: 0, Kind.UINT: 0, Kind.FLOAT: 0.0, Kind.STRING: ""})


def zero(of: GoType | None) -> object:
    """The zero value of a type: a nil slice or map is an empty one here; structs have none, since none is ever made."""
    if of is None:
        return None
    if of.kind is Kind.SLICE:
        return GoList(of, ())
    return GoMap(of, {}) if of.kind is Kind.MAP else _ZEROS.get(of.kind)


def boxed(value: object) -> object:
    """A plain dict or list as the map or list that it stands for; everything else as it is."""
    if type(value) is dict:
        return GoMap(DICT, {str(k): v for k, v in value.items()})
    if type(value) in (list, tuple):
        return GoList(LIST, value)  # type: ignore[arg-type]  # the line above says what it is
    return value
