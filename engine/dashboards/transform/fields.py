"""Transformations that rename, order, hide and filter fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from engine.dashboards.fields.config import MATCHERS
from engine.dashboards.fields.names import calculated
from engine.dashboards.frames.frame import Field, Frame
from engine.dashboards.json import Json, at, mapping, number, objects, text, texts
from engine.dashboards.patterns import Pattern
from engine.dashboards.transform.values import converted

Frames = Sequence[Frame]


def organize(frames: Frames, options: Json) -> list[Frame]:
    """Hides, orders and renames by name; all frames alike."""
    hidden, order = mapping(options.get("excludeByName")), mapping(options.get("indexByName"))
    only, names = mapping(options.get("includeByName")), mapping(options.get("renameByName"))
    made = []
    for frame in frames:
        called = [(calculated(one, frame, frames), one) for one in frame.fields]
        kept = [(name, one) for name, one in called if not hidden.get(name) and (not only or only.get(name))]
        kept.sort(key=lambda pair: _place(order, pair[0], len(called)))
        fields = tuple(replace(one, renamed=text(names[name])) if names.get(name) else one for name, one in kept)
        made.append(replace(frame, fields=fields))
    return made


def _place(order: Json, name: str, last: int) -> float:
    found = number(order.get(name))
    return last if found is None else found


def rename_by_regex(frames: Frames, options: Json) -> list[Frame]:
    pattern, template = Pattern.of(text(options.get("regex"))), text(options.get("renamePattern"))

    def renamed(one: Field, frame: Frame) -> Field:
        name = calculated(one, frame, frames)
        if one.kind == "time" and not pattern.finds(name):
            return one
        return replace(one, renamed=pattern.replaced(name, template)) if pattern.finds(name) else one

    return [replace(frame, fields=tuple(renamed(one, frame) for one in frame.fields)) for frame in frames]


def filter_by_name(frames: Frames, options: Json) -> list[Frame]:
    """By names and patterns: `include` keeps, `exclude` drops."""
    keeps, drops = mapping(options.get("include")), mapping(options.get("exclude"))
    made = []
    for frame in frames:
        fields = []
        for one in frame.fields:
            name = calculated(one, frame, frames)
            if keeps and not _names(keeps, name, one):
                continue
            if drops and _names(drops, name, one):
                continue
            fields.append(one)
        if fields:
            made.append(replace(frame, fields=tuple(fields)))
    return made


def _names(given: Json, name: str, one: Field) -> bool:
    if name in texts(given.get("names")) or one.name in texts(given.get("names")):
        return True
    pattern = text(given.get("pattern"))
    return bool(pattern) and Pattern.of(pattern).finds(name)


def filter_fields(frames: Frames, options: Json) -> list[Frame]:
    """By any matcher."""
    keeps, drops = mapping(options.get("include")), mapping(options.get("exclude"))
    made = []
    for frame in frames:
        kept = [
            one
            for one in frame.fields
            if (not keeps or _fits(keeps, one, frame, frames)) and not (drops and _fits(drops, one, frame, frames))
        ]
        if kept:
            made.append(replace(frame, fields=tuple(kept)))
    return made


def _fits(matcher: Json, one: Field, frame: Frame, frames: Frames) -> bool:
    fits = MATCHERS.get(text(matcher.get("id")))
    return fits is not None and fits(matcher.get("options"), one, frame, calculated(one, frame, frames))


def filter_by_ref(frames: Frames, options: Json) -> list[Frame]:
    keeps = at(options, "include")
    wanted = at(keeps, "options") if isinstance(keeps, dict) else keeps
    if not wanted:
        return list(frames)
    pattern = Pattern.of(wanted if str(wanted).startswith("/") else f"^(?:{wanted})$")
    return [frame for frame in frames if pattern.finds(frame.ref)]


def convert_type(frames: Frames, options: Json) -> list[Frame]:
    wanted = {text(one.get("targetField")): one.get("destinationType") for one in objects(options.get("conversions"))}

    def changed(one: Field, frame: Frame) -> Field:
        kind: Any = wanted.get(calculated(one, frame, frames))
        return converted(one, kind) if kind else one

    return [replace(frame, fields=tuple(changed(one, frame) for one in frame.fields)) for frame in frames]
