"""Relabelling: rules that rewrite a label set, or drop what bears it. Prometheus 2.42's semantics.

Rules are applied in order, each to what the last one left. A label that is empty is absent: setting one to
nothing takes it away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import md5
from types import MappingProxyType
from typing import Final, TypeAlias

from engine.foundation.values import is_label_name
from engine.relabel.config import RelabelConfig
from promql.model.labels import Labels

_Set: TypeAlias = dict[str, str]
_Action: TypeAlias = Callable[[_Set, str, RelabelConfig], bool]
"""Changes the set in place; False drops what bears it. The text is the joined values of the source labels."""


def relabel(labels: Labels, configs: Sequence[RelabelConfig]) -> Labels | None:
    """The labels that the rules leave, or None where one of them drops the lot."""
    if not configs:
        return labels
    current = labels.as_dict()
    for config in configs:
        value = config.separator.join(current.get(name, "") for name in config.source_labels)
        if not ACTIONS[config.action](current, value, config):
            return None
    return Labels.of(current)


def _put(labels: _Set, name: str, value: str) -> None:
    if value:
        labels[name] = value
    else:
        labels.pop(name, None)


def _replace(labels: _Set, value: str, config: RelabelConfig) -> bool:
    target = config.regex.expand(value, config.target_label)
    if target is None:
        return True
    if not is_label_name(target):
        labels.pop(config.target_label, None)
    else:
        replacement = config.regex.expand(value, config.replacement)
        _put(labels, target if replacement else config.target_label, replacement or "")
    return True


def _keep(_labels: _Set, value: str, config: RelabelConfig) -> bool:
    return config.regex.matches(value)


def _drop(_labels: _Set, value: str, config: RelabelConfig) -> bool:
    return not config.regex.matches(value)


def _keep_equal(labels: _Set, value: str, config: RelabelConfig) -> bool:
    return labels.get(config.target_label, "") == value


def _drop_equal(labels: _Set, value: str, config: RelabelConfig) -> bool:
    return labels.get(config.target_label, "") != value


def _hashmod(labels: _Set, value: str, config: RelabelConfig) -> bool:
    digest = md5(value.encode(), usedforsecurity=False).digest()
    _put(labels, config.target_label, str(int.from_bytes(digest[8:], "big") % config.modulus))
    return True


def _lower(labels: _Set, value: str, config: RelabelConfig) -> bool:
    _put(labels, config.target_label, "".join(map(_lower_char, value)))
    return True


def _upper(labels: _Set, value: str, config: RelabelConfig) -> bool:
    _put(labels, config.target_label, "".join(map(_upper_char, value)))
    return True


def _label_map(labels: _Set, _value: str, config: RelabelConfig) -> bool:
    for name, value in sorted(labels.items()):
        target = config.regex.expand(name, config.replacement)
        if target is not None:
            _put(labels, target, value)
    return True


def _label_drop(labels: _Set, _value: str, config: RelabelConfig) -> bool:
    for name in [name for name in labels if config.regex.matches(name)]:
        del labels[name]
    return True


def _label_keep(labels: _Set, _value: str, config: RelabelConfig) -> bool:
    for name in [name for name in labels if not config.regex.matches(name)]:
        del labels[name]
    return True


def _lower_char(char: str) -> str:
    """Go maps rune by rune, so that a letter never becomes several."""
    return low if len(low := char.lower()) == 1 else char


def _upper_char(char: str) -> str:
    return up if len(up := char.upper()) == 1 else char


ACTIONS: Final[Mapping[str, _Action]] = MappingProxyType(
    {
        "replace": _replace,
        "keep": _keep,
        "drop": _drop,
        "keepequal": _keep_equal,
        "dropequal": _drop_equal,
        "hashmod": _hashmod,
        "lowercase": _lower,
        "uppercase": _upper,
        "labelmap": _label_map,
        "labeldrop": _label_drop,
        "labelkeep": _label_keep,
    }
)
