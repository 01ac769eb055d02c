"""What a reload changes, in words: each key whose value is another one now, by its path.

Law: pure, and complete: two configurations that are not equal differ in at least one line. Entries that have names
(jobs, receivers, groups, rules) are followed by name, so that one more at the top does not look like a change of all.
Secrets show that they changed and not what they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from engine.config.load import Loaded
from engine.foundation.values import Secret

_NAMES: Final = ("job_name", "name")
_LONGEST: Final = 60
_MOST: Final = 30


def changes(before: Loaded, after: Loaded) -> list[str]:
    """A line for each."""
    found = list(_struct(before.config, after.config, ""))
    found += _mapping(dict(before.rules), dict(after.rules), "rules ", "file")
    if before.alertmanager is not None and after.alertmanager is not None:
        found += _struct(before.alertmanager, after.alertmanager, "alertmanager: ")
    if before.blackbox is not None and after.blackbox is not None:
        found += _struct(before.blackbox, after.blackbox, "blackbox: ")
    if before.promtail is not None and after.promtail is not None:
        found += _struct(before.promtail, after.promtail, "promtail: ")
    if before.loki is not None and after.loki is not None:
        found += _struct(before.loki.config, after.loki.config, "loki: ")
        found += _mapping(dict(before.loki.overrides), dict(after.loki.overrides), "loki: limits of ", "tenant")
    if before.log_rules is not None and after.log_rules is not None:
        for tenant in dict.fromkeys([*before.log_rules.files, *after.log_rules.files]):
            old, new = before.log_rules.files.get(tenant, {}), after.log_rules.files.get(tenant, {})
            found += _mapping(dict(old), dict(new), "loki: rules ", "file")
    return found


def telling(found: Sequence[str], files: int) -> list[str]:
    """A first line that sums up what a reload of so many files changed, and a line for each change, up to a number."""
    what = f"{len(found)} changes" if len(found) > 1 else "one change" if found else "nothing has changed"
    first = f"loaded again, {files} file{'' if files == 1 else 's'}: {what}"
    rest = [f"  and {len(found) - _MOST} more"] if len(found) > _MOST else []
    return [first, *(f"  {line}" for line in found[:_MOST]), *rest]


def _differences(before: Any, after: Any, path: str) -> Iterator[str]:
    if before == after:
        return
    if isinstance(before, msgspec.Struct) and type(before) is type(after):
        yield from _struct(before, after, f"{path}.")
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _mapping(before, after, f"{path}.", "")
    elif isinstance(before, tuple) and isinstance(after, tuple):
        yield from _list(before, after, path)
    else:
        yield f"{path}: {_shown(before)} -> {_shown(after)}"


def _struct(before: msgspec.Struct, after: msgspec.Struct, prefix: str) -> Iterator[str]:
    for field in msgspec.structs.fields(before):
        old, new = getattr(before, field.name), getattr(after, field.name)
        yield from _differences(old, new, f"{prefix}{field.encode_name}")


def _mapping(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str, noun: str) -> Iterator[str]:
    what = f" {noun}" if noun else ""
    for key in dict.fromkeys([*before, *after]):
        if key not in after:
            yield f"{prefix}{key}:{what} removed"
        elif key not in before:
            yield f"{prefix}{key}:{what} added" + ("" if noun else f", {_shown(after[key])}")
        else:
            yield from _differences(before[key], after[key], f"{prefix}{key}")


def _list(before: Sequence[Any], after: Sequence[Any], path: str) -> Iterator[str]:
    old, new = _by_name(before), _by_name(after)
    if old is not None and new is not None:
        yield from _named(old, new, path)
    elif len(before) == len(after) and isinstance(before[0], msgspec.Struct):
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _differences(one, other, f"{path}[{place}]")
    elif _plain(before) and _plain(after) and set(before) != set(after):
        yield from (f"{path}: {_shown(one)} removed" for one in before if one not in after)
        yield from (f"{path}: {_shown(one)} added" for one in after if one not in before)
    elif len(before) == len(after):
        yield f"{path}: in another order, or other entries"
    else:
        yield f"{path}: {len(after)} entries, {len(before)} before"


def _named(before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> Iterator[str]:
    common = [name for name in before if name in after]
    for name in before:
        if name not in after:
            yield f'{path}: "{name}" removed'
    for name in after:
        if name not in before:
            yield f'{path}: "{name}" added'
        else:
            yield from _differences(before[name], after[name], f'{path}["{name}"]')
    if common != [name for name in after if name in before]:
        yield f"{path}: in another order"


def _by_name(entries: Sequence[Any]) -> dict[str, Any] | None:
    """None where they have no names, or not each its own."""
    named: dict[str, Any] = {}
    for entry in entries:
        name = next((found for key in _NAMES if (found := getattr(entry, key, ""))), "")
        if not name or name in named:
            return None
        named[name] = entry
    return named


def _plain(entries: Sequence[Any]) -> bool:
    return all(isinstance(entry, str | int | float) for entry in entries)


def _shown(value: Any) -> str:
    if isinstance(value, Secret):
        return str(value) or "none"
    if isinstance(value, msgspec.Struct | Mapping | tuple):
        return "entries" if value else "none"
    text = " ".join(str(value).split())
    if not text or value is None:
        return "none"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
