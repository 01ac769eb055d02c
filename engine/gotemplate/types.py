"""Go's types, as far as templates can tell them apart, and the protocol of values that have one.

Plain Python values stand for Go's basic ones: None for nil, bool, int (`int`), float (`float64`), str (`string`), dict
(`map[string]interface {}`), list and tuple (`[]interface {}`). All others are a `GoValue` and name their type.

Law: templates reach data through the tables here (a type's fields, a value's methods) and never through Python's
attributes; what no table names does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct, field


class Kind(Enum):
    BOOL = "bool"
    INT = "int"
    UINT = "uint"
    FLOAT = "float"
    STRING = "string"
    SLICE = "slice"
    MAP = "map"
    STRUCT = "struct"
    POINTER = "pointer"
    INTERFACE = "interface"
    VALUE = "value"  # what Go's own template functions take: anything, unconverted


class GoType(Struct, frozen=True, eq=False):
    """`name` is what error texts and `%T` show; `underlying` the same for the type that a defined one is made of.

    Maps (with strings for keys) and slices have an `element` type, structs `fields` in order; `json` renames fields
    where a struct becomes JSON.
    """

    name: str
    kind: Kind
    underlying: str = ""
    element: GoType | None = None
    fields: Mapping[str, GoType] = field(default_factory=dict)
    methods: Mapping[str, Function] = field(default_factory=dict)
    json: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    @property
    def shape(self) -> str:
        return self.underlying or self.name

    @property
    def is_comparable(self) -> bool:
        if self.kind is Kind.STRUCT:
            return all(t.is_comparable for t in self.fields.values())
        return self.kind not in (Kind.SLICE, Kind.MAP)

    @property
    def can_be_nil(self) -> bool:
        return self.kind in (Kind.SLICE, Kind.MAP, Kind.POINTER, Kind.INTERFACE, Kind.VALUE)

    def accepts(self, other: GoType) -> bool:
        """Go's assignability: the same type, an empty interface, or the same shape where one of them has no name."""
        if self.kind in (Kind.INTERFACE, Kind.VALUE) or self.name == other.name:
            return True
        return self.shape == other.shape and self.shape in (self.name, other.name)


class Function(Struct, frozen=True, eq=False):
    """A function or method that templates may call. Methods take the receiver first, which `params` leaves out.

    `variadic` is the type of further arguments. `price` is how many characters, coming in or going out, cost a step; it
    is low where each is handled one by one. `until` makes a short-circuit: evaluation ends with the first argument
    of that truth, which is the result. `results` over 1 means that Go can't call it from a template.
    """

    call: Callable[..., Any]
    params: tuple[GoType, ...] = ()
    variadic: GoType | None = None
    until: bool | None = None
    price: int = 32
    results: int = 1


class GoValue:
    """A value that is not one of Go's plain basic ones."""

    __slots__ = ()

    @property
    def go_type(self) -> GoType:
        raise NotImplementedError

    @property
    def go_methods(self) -> Mapping[str, Function]:
        return self.go_type.methods

    def go_string(self) -> str | None:
        """The text of Go's `String` method, or None where the type has none."""
        return None

    def go_source(self) -> str | None:
        """The text of Go's `GoString` method (`%#v`), or None where the type has none."""
        return None


BOOL: Final = GoType("bool", Kind.BOOL)
INT: Final = GoType("int", Kind.INT)
INT64: Final = GoType("int64", Kind.INT)
UINT8: Final = GoType("uint8", Kind.UINT)
FLOAT64: Final = GoType("float64", Kind.FLOAT)
STRING: Final = GoType("string", Kind.STRING)
ANY: Final = GoType("interface {}", Kind.INTERFACE)
VALUE: Final = GoType("reflect.Value", Kind.VALUE)
STRINGS: Final = GoType("[]string", Kind.SLICE, element=STRING)
LIST: Final = GoType("[]interface {}", Kind.SLICE, element=ANY)
DICT: Final = GoType("map[string]interface {}", Kind.MAP, element=ANY)
STRING_MAP: Final = GoType("map[string]string", Kind.MAP, element=STRING)

_PLAIN: Final = MappingProxyType(
    {bool: BOOL, int: INT, float: FLOAT64, str: STRING, dict: DICT, list: LIST, tuple: LIST}
)


def type_of(value: object) -> GoType | None:
    """None for nil. A TypeError means that a caller put something into the data that Go has no name for."""
    if value is None:
        return None
    plain = _PLAIN.get(type(value))
    if plain is not None:
        return plain
    if isinstance(value, GoValue):
        return value.go_type
    raise TypeError(f"{type(value).__name__} can't be used in a template")
