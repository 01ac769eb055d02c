"""Readers: one function from node to value for each type, built once a type and kept.

Law: a reader always gives a value of its type; where the node doesn't fit it adds a finding and gives the empty one.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.foundation.decode_nodes import MAX_DEPTH, NOTHING, is_null, kind_of, pairs, position
from engine.foundation.decode_report import (
    Anything,
    Context,
    Idle,
    NotHere,
    NotYet,
    NullIsGiven,
    NullItem,
    OneOrMany,
    OnlyHere,
    Report,
    Shorthand,
)
from engine.foundation.decode_scalars import SCALARS, Parse, choice, nearest, source_text
from engine.foundation.errors import ConfigError
from engine.foundation.source import Path, Severity
from engine.foundation.values import Scalar

Reader = Callable[[Node, Path, Context], Any]

_MOST_NODES: Final = 2_000_000  # visits; an alias counts each time it is followed
_MOST_SHOWN: Final = 20
_FEW_HOMES: Final = 2


class TooLarge(ConfigError):  # noqa: N818 - its text is the message
    """Aliases of aliases can make a small file as large as they like."""


@cache
def reader(kind: Any) -> Reader:
    """The reader of a type. Raises TypeError for a type that no YAML can be read as."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _annotated(args[0], args[1:])
    if origin in (Union, types.UnionType):
        return _optional(kind, args)
    if origin is Literal:
        return _scalar(choice(args))
    if origin is tuple:
        return _list(args[0], "null is no item of this list")
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(*args)
    if kind in SCALARS:
        return _scalar(SCALARS[kind])
    if kind is Anything:
        return lambda _node, _path, _context: Anything()
    if hasattr(kind, "from_text"):
        return _custom(kind.from_text, getattr(kind, "meant", None))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _StructReader(kind)
    raise TypeError(f"no YAML is read as {kind!r}")


def empty(kind: Any) -> Any:
    """What null is read as."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return empty(args[0])
    if origin in (Union, types.UnionType):
        return None
    if origin is Literal:
        return args[0]
    if origin is tuple:
        return ()
    if isinstance(origin, type):
        return {}
    return kind()


# --- scalars


def _scalar(parse: Parse, meant: Callable[[str], str] | None = None) -> Reader:
    def read(node: Node, path: Path, context: Context) -> Any:
        if not isinstance(node, ScalarNode):
            return _refuse(node, path, context, f"want text, got {kind_of(node)}")
        try:
            return parse(source_text(node), not node.style)
        except (ValueError, ConfigError) as error:
            guess = meant(node.value) if meant is not None else ""
            return _refuse(node, path, context, f'{error} (did you mean "{guess}"?)' if guess else str(error))

    return read


class _Unread:
    """In place of a scalar that could not be read; the field's default takes over."""


UNREAD: Final = _Unread()
UNSET: Final = _Unread()
"""Null, where the type has no empty value: no mistake, and the default stays."""


def _refuse(node: Node, path: Path, context: Context, message: str) -> Any:
    context.add(Severity.ERROR, position(node), path, message)
    return UNREAD


def _custom(from_text: Callable[[str], Any], meant: Callable[[str], str] | None = None) -> Reader:
    """`meant` says what a text that can't be read was probably meant to be, or nothing."""
    read = _scalar(lambda text, _: from_text(text), meant)

    def read_or_unset(node: Node, path: Path, context: Context) -> Any:
        """Null is the empty text where the type knows one, and else leaves the default."""
        if not is_null(node):
            return read(node, path, context)
        try:
            return from_text("")
        except (ValueError, ConfigError):
            return UNSET

    return read_or_unset


# --- composites


def _annotated(inner: Any, marks: Sequence[Any]) -> Reader:
    read: Reader = reader(inner)
    for mark in marks:
        if hasattr(mark, "from_text"):
            read = _custom(_as_plain(inner, mark))
        elif isinstance(mark, NullItem):
            read = _list(get_args(inner)[0], mark.message)
        elif isinstance(mark, OneOrMany):
            read = _one_or_many(read, reader(get_args(inner)[0]))
        elif isinstance(mark, Shorthand):
            read = _short(read, get_args(inner)[0], mark)
        elif isinstance(mark, NullIsGiven):
            read = reader(get_args(inner)[0])
        elif isinstance(mark, msgspec.Meta):
            read = _bounded(read, mark)
    return read


def _short(read: Reader, kind: type[msgspec.Struct], mark: Shorthand) -> Reader:
    def read_word(node: Node, path: Path, context: Context) -> Any:
        if isinstance(node, ScalarNode) and node.value in mark.words:
            return kind(**{mark.key: node.value})
        return read(node, path, context)

    return read_word


def _one_or_many(read: Reader, read_one: Reader) -> Reader:
    def read_either(node: Node, path: Path, context: Context) -> Any:
        if not isinstance(node, ScalarNode) or is_null(node):
            return read(node, path, context)
        value = read_one(node, path, context)
        return value if isinstance(value, _Unread) else (value,)

    return read_either


def _as_plain(kind: Callable[[Any], Any], checked: type[Scalar]) -> Callable[[str], Any]:
    """Judged by a scalar class, and yet of the plain type: no encoder knows what to do with a subclass of str."""
    return lambda text: kind(checked.from_text(text))


def _bounded(read: Reader, meta: msgspec.Meta) -> Reader:
    def read_bounded(node: Node, path: Path, context: Context) -> Any:
        value = read(node, path, context)
        if not isinstance(value, _Unread) and (
            (meta.ge is not None and value < meta.ge) or (meta.le is not None and value > meta.le)
        ):
            least = f"at least {meta.ge}" if meta.ge is not None and value < meta.ge else f"at most {meta.le}"
            return _refuse(node, path, context, f"want {least}, got {value}")
        return value

    return read_bounded


def _optional(kind: Any, args: Sequence[Any]) -> Reader:
    inner = [a for a in args if a is not type(None)]
    if len(inner) != 1 or len(args) != 2:
        raise TypeError(f"no YAML is read as {kind!r}: only `T | None` is a union")
    read = reader(inner[0])
    return lambda node, path, context: None if is_null(node) else read(node, path, context)


def _list(inner: Any, of_null: str) -> Reader:
    read = reader(inner)
    takes_null = inner is str or get_origin(inner) in (Union, types.UnionType)
    is_struct = isinstance(inner, type) and issubclass(inner, msgspec.Struct)

    def read_list(node: Node, path: Path, context: Context) -> tuple[Any, ...]:
        if is_null(node) or node is NOTHING:
            return ()
        if not isinstance(node, SequenceNode):
            context.add(Severity.ERROR, position(node), path, f"want a list, got {kind_of(node)}")
            return ()
        _count(node, path, context)
        items = []
        for index, item in enumerate(node.value):
            if is_null(item) and not takes_null:
                context.add(Severity.ERROR, position(item), (*path, index), of_null)
                items.append(empty(inner) if is_struct else UNREAD)  # places of later items stay true
            else:
                items.append(read(item, (*path, index), context))
        return tuple(item for item in items if not isinstance(item, _Unread))

    return read_list


def _mapping(key_kind: Any, value_kind: Any) -> Reader:
    read_key, read_value = reader(key_kind), reader(value_kind)

    def read_mapping(node: Node, path: Path, context: Context) -> dict[Any, Any]:
        if is_null(node):
            return {}
        if not isinstance(node, MappingNode):
            context.add(Severity.ERROR, position(node), path, f"want a mapping, got {kind_of(node)}")
            return {}
        _count(node, path, context)
        found: dict[Any, Any] = {}
        for key_node, value_node, merged in pairs(node):
            key = read_key(key_node, path, context)
            if isinstance(key, _Unread):
                continue
            if key in found:
                if not merged:
                    context.add(Severity.ERROR, position(key_node), path, f'key "{key}" is set twice')
                continue
            value = read_value(value_node, (*path, str(key)), context)
            if not isinstance(value, _Unread):
                found[key] = value
        return found

    return read_mapping


class _StructReader:
    """A mapping with known keys. Fields are looked up late, since a type may hold itself."""

    def __init__(self, kind: type[msgspec.Struct]) -> None:
        self._kind = kind
        self._later: Mapping[str, str] = getattr(kind, "LATER", {})
        self._idle: Mapping[str, Idle] | None = getattr(kind, "IDLE", None)
        self._extensions: str = getattr(kind, "EXTENSIONS", "")
        self._check: Callable[[Any, Report], None] | None = getattr(kind, "check", None)
        self._fields: dict[str, _Field] | None = None

    def __call__(self, node: Node, path: Path, context: Context) -> Any:
        if is_null(node):
            return self._kind()
        if not isinstance(node, MappingNode):
            context.add(Severity.ERROR, position(node), path, f"want a mapping, got {kind_of(node)}")
            return self._kind()
        _count(node, path, context)
        values, broken = self._read_fields(node, path, context)
        made = self._kind(**values)
        if self._check is not None and not broken:
            self._check(made, Report(context, node, path))
        return made

    def _read_fields(self, node: MappingNode, path: Path, context: Context) -> tuple[dict[str, Any], bool]:
        """Values by field name, and whether a scalar could not be read."""
        fields = self._known()
        seen: set[str] = set()
        values: dict[str, Any] = {}
        broken = False
        for key_node, value_node, merged in pairs(node):
            key = key_node.value if isinstance(key_node, ScalarNode) else None
            if key is not None and self._extensions and key.startswith("x-"):
                message = OnlyHere(f"{self._extensions} refuses it").message()
                context.add(Severity.OURS, position(key_node), (*path, key), message)
            elif key is None or key not in fields:
                if not (self._idle and _tell_idle(key_node, value_node, self._idle, path, context)):
                    self._unknown(key, key_node, path, context)
            elif key in seen:
                if not merged:
                    context.add(Severity.ERROR, position(key_node), path, f'key "{key}" is set twice')
            else:
                seen.add(key)
                field = fields[key]
                before = context.mistakes
                value = field.read(value_node, (*path, key), context)
                if context.mistakes > before:
                    context.suspects.add((*path, key))
                if value is UNREAD:
                    broken = True
                    continue
                if value is not UNSET:
                    values[field.name] = value
                field.tell(value, key_node, (*path, key), context)
        return values, broken

    def _unknown(self, key: str | None, node: Node, path: Path, context: Context) -> None:
        if key is None:
            context.add(Severity.ERROR, position(node), path, f"want a key, got {kind_of(node)}")
            return
        meant = nearest(key, (*self._known(), *(self._idle or ())))
        if key in self._later:
            hint = f"only {self._later[key]} and later know it"
        elif 0 < len(homes := _homes(self._kind, key)) <= _FEW_HOMES:
            hint = f"it belongs under {' or '.join(homes)}"
        elif meant:
            hint = f'did you mean "{meant}"?'
            context.suspects.add((*path, meant))
        else:
            hint = f"allowed: {_shown(self._known())}"
        context.add(Severity.ERROR, position(node), path, f'unknown key "{key}" ({hint})')

    def _known(self) -> dict[str, _Field]:
        if self._fields is None:
            self._fields = {f.encode_name: _Field(f.name, f.type) for f in msgspec.structs.fields(self._kind)}
        return self._fields


def _homes(kind: type[msgspec.Struct], key: str) -> list[str]:
    """The keys under which this one would be known."""
    return [
        field.encode_name
        for field in msgspec.structs.fields(kind)
        if any(key == inner.encode_name for below in _structs(field.type) for inner in msgspec.structs.fields(below))
    ]


def _structs(kind: Any) -> list[type[msgspec.Struct]]:
    """Those that a type is made of."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return [kind]
    return [found for part in get_args(kind) for found in _structs(part)]


def _tell_idle(key: Node, value: Node, idle: Mapping[str, Idle], path: Path, context: Context) -> bool:
    """Say of a key that it has no effect, and look whether what it holds is known; whether it is such a key."""
    found = idle.get(key.value) if isinstance(key, ScalarNode) else None
    if found is None:
        return False
    context.add(Severity.IDLE, position(key), (*path, key.value), found.message())
    if found.only is not None:
        context.add(Severity.OURS, position(key), (*path, key.value), f"without effect here, and {found.only.refused}")
    if found.keys:
        _check_idle(value, found.keys, (*path, key.value), context)
    return True


def _check_idle(node: Node, known: Mapping[str, Idle], path: Path, context: Context) -> None:
    if not isinstance(node, MappingNode):
        return
    for key, value, _ in pairs(node):
        found = known.get(key.value) if isinstance(key, ScalarNode) else None
        if found is None:
            meant = nearest(str(key.value), known)
            hint = f'did you mean "{meant}"?' if meant else f"allowed: {_shown(known)}"
            context.add(Severity.ERROR, position(key), path, f'unknown key "{key.value}" ({hint})')
        elif found.keys:
            _check_idle(value, found.keys, (*path, key.value), context)


_SEVERITIES: Final[Mapping[type, Severity]] = {
    NotYet: Severity.UNSUPPORTED, NotHere: Severity.UNSUPPORTED, OnlyHere: Severity.OURS
}  # fmt: skip


class _Field:
    """How one key is read, and what is to be said of it when it is used."""

    def __init__(self, name: str, kind: Any) -> None:
        self.name = name
        self.read = reader(kind)
        marks = get_args(kind)[1:] if get_origin(kind) is Annotated else ()
        self._marks = [(mark, _SEVERITIES[type(mark)]) for mark in marks if type(mark) in _SEVERITIES]
        self._unused = empty(kind) if self._marks else None

    def tell(self, value: Any, key: Node, path: Path, context: Context) -> None:
        asks = value is not UNSET and value != self._unused
        for mark, severity in self._marks:
            if asks or (isinstance(mark, OnlyHere) and mark.of_key):
                context.add(severity, position(key), path, mark.message())


def _shown(keys: Collection[str]) -> str:
    names = sorted(keys)
    return ", ".join(names[:_MOST_SHOWN]) + (", ..." if len(names) > _MOST_SHOWN else "")


def _count(node: MappingNode | SequenceNode, path: Path, context: Context) -> None:
    """Ends what aliases make endless. Raises TooLarge."""
    context.visited += 1 + len(node.value)
    if context.visited > _MOST_NODES or len(path) > MAX_DEPTH:
        raise TooLarge("document contains excessive aliasing")
