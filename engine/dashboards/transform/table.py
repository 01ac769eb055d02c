"""All transformations by id. One that is not here is left out, and said so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from engine.dashboards.fields.config import MATCHERS
from engine.dashboards.frames.frame import Frame
from engine.dashboards.json import Json, mapping, text
from engine.dashboards.transform import fields, join, labels, reduce, rows

Transform = Callable[[Sequence[Frame], Json], list[Frame]]

TRANSFORMS: Final[Mapping[str, Transform]] = MappingProxyType({
    "calculateField": labels.calculate_field, "concatenate": join.concatenate, "convertFieldType": fields.convert_type,
    "extractFields": labels.extract_fields, "filterByRefId": fields.filter_by_ref,
    "filterByValue": rows.filter_by_value, "filterFields": fields.filter_fields,
    "filterFieldsByName": fields.filter_by_name, "groupBy": rows.group_by, "joinByField": join.join_by_field,
    "labelsToFields": labels.labels_to_fields, "limit": rows.limit, "merge": join.merge, "organize": fields.organize,
    "reduce": reduce.reduce_, "renameByRegex": fields.rename_by_regex, "seriesToColumns": join.join_by_field,
    "seriesToRows": reduce.series_to_rows, "sortBy": rows.sort_by,
})  # fmt: skip
_NOTHING: Final = frozenset({"noop", "ensureColumns"})


def transformed(frames: Sequence[Frame], chain: Sequence[Json]) -> tuple[list[Frame], list[str]]:
    """All of a panel's, in order; and what was left out."""
    found, notes = list(frames), []
    for one in chain:
        name = text(one.get("id"))
        if one.get("disabled") or name in _NOTHING:
            continue
        if name not in TRANSFORMS:
            notes.append(f"the transformation {name!r} is not known here and was left out")
            continue
        chosen, others = _chosen(found, mapping(one.get("filter")))
        found = [*others, *TRANSFORMS[name](chosen, mapping(one.get("options")))]
    return found, notes


def _chosen(frames: Sequence[Frame], given: Json) -> tuple[list[Frame], list[Frame]]:
    """The frames that a transformation is meant for, and the others."""
    fits = MATCHERS.get(text(given.get("id")))
    if fits is None or not frames:
        return list(frames), []
    wanted = [bool(frame.fields) and fits(given.get("options"), frame.fields[0], frame, "") for frame in frames]
    pairs = list(zip(frames, wanted, strict=True))
    return [frame for frame, is_wanted in pairs if is_wanted], [frame for frame, is_wanted in pairs if not is_wanted]
