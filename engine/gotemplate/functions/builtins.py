"""Go's own template functions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import quote_plus

from engine.gotemplate.containers import GoByte, GoList, GoMap, GoPointer, GoStruct, boxed
from engine.gotemplate.errors import CallError
from engine.gotemplate.printing import go_print, printf, println
from engine.gotemplate.text import from_bytes, to_bytes
from engine.gotemplate.types import ANY, STRING, VALUE, Function, GoType, Kind, type_of

_INDEXES: Final = (Kind.INT, Kind.UINT)
_BASIC: Final = (Kind.BOOL, Kind.INT, Kind.UINT, Kind.FLOAT, Kind.STRING)


def truth(value: object) -> bool:
    """Zero numbers, empty texts, maps and lists, false and nil are false; a struct never is."""
    if isinstance(value, GoMap | GoList | dict | list | tuple | str):
        return len(value) > 0
    if isinstance(value, bool | int | float):
        return value != 0
    return value is not None


def _not(value: object) -> bool:
    return not truth(value)


def _last(*values: object) -> object:
    """What `and` and `or` give when no argument decided: the interpreter passes the last one."""
    return values[-1]


# Comparison


def _equal(left: object, *rights: object) -> bool:
    if not rights:
        raise CallError("missing argument for comparison")
    return any(_equal_pair(left, right) for right in rights)


def _equal_pair(left: object, right: object) -> bool:
    left_type, right_type = type_of(left), type_of(right)
    if left_type is None or right_type is None:
        return left_type is right_type
    left_kind = left_type.kind if left_type.kind in _BASIC else None
    right_kind = right_type.kind if right_type.kind in _BASIC else None
    if left_kind is right_kind:
        return left == right if left_kind else _equal_composite(left, left_type, right, right_type)
    if left_kind in _INDEXES and right_kind in _INDEXES:
        return left == right
    raise CallError("incompatible types for comparison")


def _equal_composite(left: object, left_type: GoType, right: object, right_type: GoType) -> bool:
    """What is of one kind is compared, if the right one can be."""
    if left_type.kind is not right_type.kind:
        raise CallError(f"non-comparable types {go_print(left)}: {left_type}, {right_type}: {go_print(right)}")
    if not right_type.is_comparable:
        raise CallError(f"non-comparable type {go_print(right)}: {right_type}")
    return left_type.name == right_type.name and _same(left, right)


def _same(left: object, right: object) -> bool:
    if isinstance(left, GoStruct) and isinstance(right, GoStruct):
        return all(_same(a, b) for (_, a), (_, b) in zip(left.items(), right.items(), strict=True))
    if isinstance(left, GoPointer) and isinstance(right, GoPointer):
        return left.target is right.target
    return left == right


def _less(left: object, right: object) -> bool:
    kinds = []
    for value in (left, right):
        of = type_of(value)
        if of is None or of.kind not in _BASIC:
            raise CallError("invalid type for comparison")
        kinds.append(of.kind)
    if kinds[0] is not kinds[1]:
        if kinds[0] in _INDEXES and kinds[1] in _INDEXES:
            return bool(left < right)  # type: ignore[operator]  # both are integers
        raise CallError("incompatible types for comparison")
    if kinds[0] is Kind.BOOL:
        raise CallError("invalid type for comparison")
    return bool(left < right)  # type: ignore[operator]  # both are of one ordered kind


def _not_equal(left: object, right: object) -> bool:
    return not _equal(left, right)


def _less_or_equal(left: object, right: object) -> bool:
    return _less(left, right) or _equal(left, right)


def _greater(left: object, right: object) -> bool:
    return not _less_or_equal(left, right)


def _greater_or_equal(left: object, right: object) -> bool:
    return not _less(left, right)


# Parts of values


def _position(index: object, size: int) -> int:
    of = type_of(index)
    if of is None:
        raise CallError("cannot index slice/array with nil")
    if of.kind not in _INDEXES or not isinstance(index, int):
        raise CallError(f"cannot index slice/array with type {of}")
    if not 0 <= index <= size:
        raise CallError(f"index out of range: {int(index)}")
    return int(index)


def _index(item: object, *indexes: object) -> object:
    if item is None:
        raise CallError("index of untyped nil")
    for index in indexes:
        item = _element(item, index)
    return item


def _element(item: object, index: object) -> object:
    item = boxed(item.target if isinstance(item, GoPointer) else item)
    if item is None:
        raise CallError("index of nil pointer")
    if isinstance(item, GoMap):
        of = type_of(index)
        if of is None:
            raise CallError("value is nil; should be of type string")
        if not STRING.accepts(of) or not isinstance(index, str):
            raise CallError(f"value has type {of}; should be string")
        return item.get(index)
    if isinstance(item, GoList):
        at = _position(index, len(item))
        if at == len(item):
            raise CallError("reflect: slice index out of range")
        return item.values[at]
    if isinstance(item, str):
        raw = to_bytes(item)
        at = _position(index, len(raw))
        if at == len(raw):
            raise CallError("reflect: string index out of range")
        return GoByte(raw[at])
    raise CallError(f"can't index item of type {type_of(item)}")


def _slice(item: object, *indexes: object) -> object:
    if item is None:
        raise CallError("slice of untyped nil")
    if len(indexes) > 3:
        raise CallError(f"too many slice indexes: {len(indexes)}")
    whole = boxed(item)
    if isinstance(whole, str):
        if len(indexes) == 3:
            raise CallError("cannot 3-index slice a string")
        raw = to_bytes(whole)
        begin, end = _bounds(indexes, len(raw))
        return from_bytes(raw[begin:end])
    if isinstance(whole, GoList):
        begin, end = _bounds(indexes, len(whole))
        return GoList(whole.go_type, whole.values[begin:end])
    raise CallError(f"can't slice item of type {type_of(item)}")


def _bounds(indexes: tuple[object, ...], size: int) -> tuple[int, int]:
    found = [_position(index, size) for index in indexes]
    begin = found[0] if found else 0
    end = found[1] if len(found) > 1 else size
    if begin > end:
        raise CallError(f"invalid slice index: {begin} > {end}")
    if len(found) == 3 and end > found[2]:
        raise CallError(f"invalid slice index: {end} > {found[2]}")
    return begin, end


def _len(item: object) -> int:
    if item is None:
        raise CallError("reflect: call of reflect.Value.Type on zero Value")
    if isinstance(item, str):
        return len(to_bytes(item))
    whole = boxed(item.target if isinstance(item, GoPointer) else item)
    if isinstance(whole, GoMap | GoList):
        return len(whole)
    raise CallError(f"len of type {type_of(whole)}")


def _call(function: object, *_: object) -> object:
    """No value of ours is a function, so this can only refuse."""
    if function is None:
        raise CallError("call of nil")
    raise CallError(f"non-function of type {type_of(function)}")


# Escapers

_HTML: Final = str.maketrans({"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_JS: Final = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}


def html_escape(text: str) -> str:
    return text.translate(_HTML)


def js_escape(text: str) -> str:
    return "".join(_JS.get(c) or (c if c.isprintable() or "\udc80" <= c <= "\udcff" else _js_code(c)) for c in text)


def _js_code(char: str) -> str:
    return f"\\u{ord(char):04X}"


def url_escape(text: str) -> str:
    return quote_plus(to_bytes(text), safe="~")


def _as_text(values: tuple[object, ...]) -> str:
    return go_print(*("<no value>" if v is None else v for v in values))


def _html(*values: object) -> str:
    return html_escape(_as_text(values))


def _js(*values: object) -> str:
    return js_escape(_as_text(values))


def _urlquery(*values: object) -> str:
    return url_escape(_as_text(values))


BUILTINS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        "and": Function(_last, (VALUE,), VALUE, until=False),
        "call": Function(_call, (VALUE,), VALUE),
        "eq": Function(_equal, (VALUE,), VALUE),
        "ge": Function(_greater_or_equal, (VALUE, VALUE)),
        "gt": Function(_greater, (VALUE, VALUE)),
        "html": Function(_html, (), ANY),
        "index": Function(_index, (VALUE,), VALUE),
        "js": Function(_js, (), ANY),
        "le": Function(_less_or_equal, (VALUE, VALUE)),
        "len": Function(_len, (VALUE,)),
        "lt": Function(_less, (VALUE, VALUE)),
        "ne": Function(_not_equal, (VALUE, VALUE)),
        "not": Function(_not, (VALUE,)),
        "or": Function(_last, (VALUE,), VALUE, until=True),
        "print": Function(go_print, (), ANY),
        "printf": Function(printf, (STRING,), ANY),
        "println": Function(println, (), ANY),
        "slice": Function(_slice, (VALUE,), VALUE),
        "urlquery": Function(_urlquery, (), ANY),
    }
)
