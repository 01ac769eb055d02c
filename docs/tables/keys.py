"""The keys of a section of a configuration file, read from the type that it is decoded into."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias, Union, get_args, get_origin

import msgspec

from engine.alerting.config.receivers import GlobalConfig as AlertmanagerGlobals
from engine.alerting.config.receivers import Receiver
from engine.config.prometheus import AlertmanagersConfig
from engine.foundation.decode import NotHere, NotYet, OnlyHere
from engine.foundation.http_config import HTTPClientConfig
from exporters.blackbox.config.document import HttpProbe

Shape: TypeAlias = type[msgspec.Struct]

# What marks in the types don't say.
REMARKS: Final[Mapping[tuple[Shape, str], str]] = {
    (HttpProbe, "enable_http2"): "HTTP/2 needs the extra `http2`, and HTTP/1.1 is spoken without it",
    (HTTPClientConfig, "enable_http2"): "accepted; HTTP/1.1 is spoken, whatever it says",
    (AlertmanagersConfig, "api_version"): "`v2` works; `v1` is not supported here: use v2",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a section. `limit` says what is to be said of it unless it simply works; `read` is False where it is
    refused. `holds` are the sections below it: how their path goes on, and their shape.
    """

    name: str
    limit: str
    read: bool
    holds: tuple[tuple[str, Shape], ...]


def keys_of(shape: Shape) -> Iterator[Key]:
    for field in msgspec.structs.fields(shape):
        mark = _mark(field)
        limit = _remark(shape, field.encode_name) or (mark.message() if mark is not None else "")
        read = not isinstance(mark, NotYet | NotHere)
        yield Key(field.encode_name, limit, read, tuple(_holds(field.type, "")) if read else ())


def _mark(field: msgspec.structs.FieldInfo) -> NotYet | NotHere | OnlyHere | None:
    marks = get_args(field.type)[1:] if get_origin(field.type) is Annotated else ()
    return next((mark for mark in marks if isinstance(mark, NotYet | NotHere | OnlyHere)), None)


def _remark(shape: Shape, key: str) -> str:
    if shape is AlertmanagerGlobals:
        for kind in keys_of(Receiver):
            if not kind.read and key.startswith(kind.name.removesuffix("configs")):
                return f"read; of use once `{kind.name}` works"
    return next((text for (kind, name), text in REMARKS.items() if name == key and issubclass(shape, kind)), "")


def _holds(kind: Any, suffix: str) -> Iterator[tuple[str, Shape]]:
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        yield from _holds(args[0], suffix)
    elif origin in (Union, types.UnionType):
        for one in args:
            yield from _holds(one, suffix)
    elif origin is tuple:
        yield from _holds(args[0], f"{suffix}[]")
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        yield from _holds(args[1], f"{suffix}.*")
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct) and not hasattr(kind, "from_text"):
        yield suffix, kind
