"""Typed values written as YAML: with their defaults, without their secrets.

In the originals' order, quotes and omissions: what is empty is left out, save for the flags that they always print. A
Struct whose originals have another order than its fields says so: `ORDER: ClassVar[Sequence[str]]`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, get_args

import msgspec
import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.resolver import Resolver

from engine.foundation.decode import OnlyHere
from engine.foundation.http_config import Authorization, HTTPClientConfig
from engine.foundation.regexes import Regex

_ALWAYS: Final = frozenset({
    "global", "http_config", "follow_redirects", "enable_http2", "honor_timestamps", "insecure_skip_verify",
    "send_resolved", "continue", "require_tls", "smtp_require_tls", "short_fields", "link_names", "html",
    "templates",
})  # fmt: skip
_IN_ONE_LINE: Final = frozenset({"source_labels", "weekdays", "days_of_month", "months", "years"})
_BASE_60: Final = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?", re.ASCII)  # noqa: TID251 - ours, linear
_CLIENT: Final = frozenset(field.encode_name for field in msgspec.structs.fields(HTTPClientConfig))
_DISCOVERY: Final = ("_sd_configs", "static_configs")
_SHORT_BOOLS: Final = frozenset("yYnN")
_STR: Final = "tag:yaml.org,2002:str"
_MAP: Final = "tag:yaml.org,2002:map"
_SEQ: Final = "tag:yaml.org,2002:seq"
_RESOLVER: Final = Resolver()


def encode(
    config: msgspec.Struct | Mapping[str, Any],
    shown: Callable[[Any], Any] = lambda value: value,
    *,
    with_ours: bool = True,
) -> str:
    """The YAML of a resolved config, or of several parts by name; `shown` is what is written in place of a value.

    Keys that the originals refuse are there where they are used, unless their tools are to read the text.
    """
    node = _node(config, _Style(shown, with_ours))
    text: str = yaml.serialize(node, Dumper=yaml.CSafeDumper, allow_unicode=True, width=-1)
    return text


class _Style(NamedTuple):
    shown: Callable[[Any], Any]
    with_ours: bool


def _node(value: Any, style: _Style, key: str = "") -> Node:
    value = style.shown(value)
    if isinstance(value, msgspec.Struct) and hasattr(value, "__struct_fields__") and not hasattr(value, "from_text"):
        pairs = [(_text(name), _node(part, style, name)) for name, part in _entries(value, style)]
        return MappingNode(_MAP, pairs, flow_style=False)
    if isinstance(value, Mapping):
        pairs = [(_text(str(name)), _node(part, style)) for name, part in sorted(value.items())]
        return MappingNode(_MAP, pairs, flow_style=False)
    if isinstance(value, tuple):
        return SequenceNode(_SEQ, [_node(part, style) for part in value], flow_style=key in _IN_ONE_LINE)
    if isinstance(value, bool):
        return ScalarNode("tag:yaml.org,2002:bool", "true" if value else "false")
    if type(value) in (int, float):
        return ScalarNode(f"tag:yaml.org,2002:{type(value).__name__}", str(value))
    return _text(value.pattern if isinstance(value, Regex) else str(value))


def _text(text: str) -> ScalarNode:
    """Quoted as Go's library quotes: double where it would be read as something else, a block for several lines."""
    if "\n" in text:
        return ScalarNode(_STR, text, style="|")
    read_as: str = _RESOLVER.resolve(ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    ambiguous = text in _SHORT_BOOLS or read_as != _STR or _BASE_60.fullmatch(text)
    return ScalarNode(_STR, text, style='"' if ambiguous else None)


def _entries(config: msgspec.Struct, style: _Style) -> Iterator[tuple[str, Any]]:
    """Keys and values that are shown, in order."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(type(config))}
    values = {key: getattr(config, field.name) for key, field in fields.items()}
    if isinstance(config, HTTPClientConfig):
        values |= {"authorization": _authorization(config), "bearer_token": None, "bearer_token_file": None}
    for key in getattr(config, "ORDER", None) or _ordered(list(fields)):
        value, field = values[key], fields[key]
        if not style.with_ours and _is_ours(field):
            continue
        always = (key in _ALWAYS and value != "") or field.default is None  # what may be unset is shown when it is set
        if value is not None and (always or (value and not _untouched(value, field))):
            yield key, value


def _ordered(keys: list[str]) -> list[str]:
    """As declared; in a scrape job the client's keys after its own scalars; discovery last, by name."""
    discovery = sorted(key for key in keys if key.endswith(_DISCOVERY))
    plain = [key for key in keys if key not in discovery]
    if "job_name" not in keys:
        return plain + discovery
    client = [key for key in plain if key in _CLIENT]
    rules = [key for key in plain if key.endswith("relabel_configs")]
    return [key for key in plain if key not in client and key not in rules] + client + rules + discovery


def _untouched(value: Any, field: msgspec.structs.FieldInfo) -> bool:
    """Whether a section says nothing, or a key that the originals lack is not used."""
    return (_is_ours(field) or isinstance(value, msgspec.Struct)) and bool(value == field.default)


def _is_ours(field: msgspec.structs.FieldInfo) -> bool:
    return any(isinstance(mark, OnlyHere) for mark in get_args(field.type)[1:])


def _authorization(config: HTTPClientConfig) -> Authorization | None:
    """With its type, whichever key gave it."""
    found = config.bearer
    return None if found is None else msgspec.structs.replace(found, type=found.scheme)
