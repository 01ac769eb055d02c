"""Groups of targets as files and services tell them, in JSON or YAML; mistakes are told in Prometheus's words.

Law: pure. A list is right as a whole or refused as a whole, so that half a list never takes targets away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final

import msgspec

from engine.discovery.config import TargetGroup as WrittenGroup
from engine.discovery.groups import TargetGroup
from engine.discovery.ports import DiscoveryError
from engine.discovery.static import ADDRESS
from engine.foundation.decode import Decoded, NullItem, decode
from engine.foundation.values import is_label_name
from promql.model.labels import Labels, quote

_NO_GROUP: Final = "nil target group item found"
_LIST: Final[Any] = Annotated[tuple[WrittenGroup, ...], NullItem(_NO_GROUP)]


class _JsonGroup(msgspec.Struct, forbid_unknown_fields=True):
    targets: list[str] | None = None
    labels: dict[str, str] | None = None


def from_json(body: bytes, source: str, **meta: str) -> list[TargetGroup]:
    """The groups of a JSON list, named `SOURCE:0` and so on, with these labels on top. Raises DiscoveryError."""
    try:
        told = msgspec.json.decode(body, type=list[_JsonGroup | None] | None)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DiscoveryError(f"{source}: not a list of target groups: {error}") from None
    groups = []
    for place, group in enumerate(told or ()):
        if group is None:
            raise DiscoveryError(f"{source}: {_NO_GROUP}")
        for name in group.labels or ():
            if not is_label_name(name):
                raise DiscoveryError(f"{source}: {quote(name)} is not a valid label name")
        groups.append(_group(f"{source}:{place}", group.targets or (), {**(group.labels or {}), **meta}))
    return groups


def from_yaml(body: bytes, source: str, **meta: str) -> list[TargetGroup]:
    """Likewise of a YAML list."""
    found: Decoded[tuple[WrittenGroup, ...]] = decode(body, _LIST, source)
    if mistakes := [str(finding) for finding in found.findings if finding.fatal]:
        raise DiscoveryError("; ".join(mistakes))
    return [
        _group(f"{source}:{place}", group.targets, {**group.labels, **meta}) for place, group in enumerate(found.value)
    ]


def news(before: Sequence[TargetGroup], now: Sequence[TargetGroup]) -> list[TargetGroup]:
    """What is to be told after `before` was: groups that are new or have changed, and those that are gone, empty."""
    known = {group.source: group for group in before}
    changed = [group for group in now if known.get(group.source) != group]
    left = {group.source for group in now}
    return changed + [TargetGroup(source, ()) for source in known if source not in left]


def _group(source: str, targets: Iterable[str], labels: dict[str, str]) -> TargetGroup:
    return TargetGroup(source, tuple(Labels.of({ADDRESS: target}) for target in targets), Labels.of(labels))
