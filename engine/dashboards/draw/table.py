"""Tables: a frame as columns of texts, values and colours. Also what is drawn of a type that nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from engine.dashboards.draw.scene import Formats, Scene, finite, links
from engine.dashboards.fields.display import Shown, with_color
from engine.dashboards.fields.names import of_field
from engine.dashboards.fields.reducers import reduced
from engine.dashboards.json import Json, at, flag, mapping, number, objects, text, texts, whole
from engine.dashboards.variables.value import Lookup, Value, chained

_CELLS: Final = {"json-view": "json", "color-background-solid": "color-background", "sparkline": "auto", "pill": "text"}
_MOST_ROWS: Final = 10_000


def draw(scene: Scene) -> dict[str, Any]:
    """Of several frames the one that is chosen; series that share their time are laid side by side first."""
    chosen = min(max(whole(scene.options.get("frameIndex")), 0), max(len(scene.rows) - 1, 0))
    row = list(scene.rows[chosen]) if scene.rows else []
    shown = [with_color(one, "thresholds") for one in row if not flag(one.config.custom.get("hidden"))]
    formats, count = Formats(), min(len(row[0].field) if row else 0, _MOST_ROWS)
    columns = [_column(one, shown, formats, scene, count) for one in shown]
    return {
        "columns": columns,
        "rows": count,
        "sort": [
            {"column": name, "desc": flag(one.get("desc"))}
            for one in objects(scene.options.get("sortBy"))
            if (name := text(one.get("displayName"))) in {column["name"] for column in columns}
        ],
        "showHeader": flag(scene.options.get("showHeader"), True),
        "footer": _footer(shown, mapping(scene.options.get("footer"))),
        "frames": [_frame_name(one) for one in scene.rows],
        "frame": chosen,
        "formats": formats.found,
    }


def _frame_name(row: Sequence[Shown]) -> str:
    last = next((one for one in reversed(row) if one.field.kind == "number"), row[-1] if row else None)
    return "" if last is None else (last.frame.name or last.name)


def _column(one: Shown, row: Sequence[Shown], formats: Formats, scene: Scene, count: int) -> dict[str, Any]:
    custom = one.config.custom
    kind = text(at(custom, "cellOptions", "type"), "auto")
    values = one.field.plain()[:count]
    cells = [one.cell(value) for value in values]
    colored = kind.startswith("color-") or kind in ("gauge", "json-view")
    return {
        "name": one.name,
        "kind": one.field.kind if one.field.kind != "other" else "string",
        "align": text(custom.get("align"), "auto") or "auto",
        "width": number(custom.get("width")),
        "hidden": False,
        "cell": _CELLS.get(kind, kind),
        "mode": text(at(custom, "cellOptions", "mode")),
        "filterable": flag(custom.get("filterable")),
        "texts": [str(cell.text) for cell in cells],
        "values": [_plain(value) for value in values],
        "colors": [cell.color for cell in cells] if colored or one.config.mappings else None,
        "fills": [cell.share for cell in cells] if kind == "gauge" else None,
        "links": _links(one, row, values, cells, scene) if one.config.links else None,
        "format": formats.place(one.config),
    }


def _plain(value: Any) -> Any:
    return finite(value) if isinstance(value, float) else value


def _links(one: Shown, row: Sequence[Shown], values: Sequence[Any], cells: Sequence[Any], scene: Scene) -> list[Any]:
    return [
        links(
            one.config.links,
            scene,
            chained(_of_row(row, at_, value, str(cell.text)), of_field(one.field, one.frame, one.name), scene.lookup),
        )
        for at_, (value, cell) in enumerate(zip(values, cells, strict=True))
    ]


def _of_row(row: Sequence[Shown], at_: int, value: Any, shown: str) -> Lookup:
    """`${__value.raw}` and the row's other fields, `${__data.fields.name}` or by number."""
    fields: dict[str, str] = {}
    for index, other in enumerate(row):
        content = str(other.cell(other.field.at(at_)).text)
        for key in (f"fields.{other.name}", f'fields["{other.name}"]', f"fields[{index}]"):
            fields[key] = content
    known = {
        "__value": Value(
            (str(value),),
            shown,
            parts={"raw": "" if value is None else str(value), "text": shown, "numeric": str(value)},
        ),
        "__data": Value(("",), parts=fields),
    }
    return known.get


def _footer(row: Sequence[Shown], given: Json) -> list[str] | None:
    if not flag(given.get("show")):
        return None
    calc, names = next(iter(texts(given.get("reducer"))), "sum"), texts(given.get("fields"))
    told = []
    for one in row:
        wanted = one.field.kind == "number" and (not names or one.name in names)
        told.append(str(one.cell(reduced(one.field, calc)).text) if wanted else "")
    return told
