"""Value mappings of old, `{type: 1|2}` entries, as the typed ones of now."""

from __future__ import annotations

from typing import Any

from engine.dashboards.json import Json, number, objects, text


def to_typed(found: Any) -> list[Json]:
    """Those that are typed already are kept."""
    given = objects(found)
    values: Json = {}
    made: list[Json] = []
    for index, one in enumerate(given):
        if isinstance(one.get("type"), str) and "options" in one:
            made.append(one)
        elif one.get("type") == 2 or (one.get("from") not in (None, "") and one.get("type") != 1):
            made.append(_range(one, index))
        elif str(one.get("value")) == "null":
            made.append({"type": "special", "options": {"match": "null", "result": _result(one, index)}})
        elif one.get("value") not in (None, ""):
            values[str(one["value"])] = _result(one, index)
    return [*([{"type": "value", "options": values}] if values else []), *made]


def of_singlestat(panel: Json) -> list[Json]:
    """`valueMaps` and `rangeMaps`, of which `mappingType` says which holds."""
    if panel.get("mappingType") == 2:
        return to_typed([{**one, "type": 2} for one in objects(panel.get("rangeMaps"))])
    return to_typed([{**one, "type": 1} for one in objects(panel.get("valueMaps"))])


def _range(one: Json, index: int) -> Json:
    if one.get("from") == "null":
        return {"type": "special", "options": {"match": "null", "result": _result(one, index)}}
    limits = {"from": number(one.get("from")), "to": number(one.get("to"))}
    return {"type": "range", "options": {**limits, "result": _result(one, index)}}


def _result(one: Json, index: int) -> Json:
    found: Json = {"text": text(one.get("text")), "index": index}
    if one.get("color"):
        found["color"] = one["color"]
    return found
