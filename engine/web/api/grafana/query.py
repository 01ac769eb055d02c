"""`POST /api/ds/query`: queries of several sources, answered with frames as Grafana writes them."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from msgspec.structs import replace

from engine.dashboards.draw.scene import compact
from engine.dashboards.frames.frame import Field, Frame
from engine.dashboards.json import Json, flag, number, objects, shown, text, whole
from engine.dashboards.model import board as read_board
from engine.dashboards.model import panel
from engine.dashboards.times import TimeRange, time_range
from engine.dashboards.view.asked import Asked, built_in
from engine.dashboards.view.asking import Answered, Surroundings, answers
from engine.web.api.grafana.answering import body, json, message
from engine.web.api.grafana.service import Service

_TYPES = {"time": "time.Time", "number": "float64", "string": "string", "boolean": "bool", "other": "json.RawMessage"}


async def query(request: web.Request, service: Service) -> web.Response:
    """A failed query makes the whole answer a 400, as there, with its words under its letter."""
    given = await body(request)
    queries = objects(given.get("queries"))
    if not queries:
        return message("No queries found in query", 400)
    now = service.desk.clock.now_ms()
    within = time_range(shown(given.get("from")) or "now-1h", shown(given.get("to")) or "now", now)
    found: dict[str, Answered] = {}
    for one in queries:
        found |= {answered.ref: answered for answered in await _asked(one, within, service)}
    failed = any(one.problem for one in found.values())
    return json({"results": {ref: _result(one) for ref, one in found.items()}}, 400 if failed else 200)


async def _asked(one: Json, within: TimeRange, service: Service) -> list[Answered]:
    board = read_board({"panels": []})
    source = one.get("datasource") or _numbered(one.get("datasourceId"), service)
    least = number(one.get("intervalMs"))
    both = flag(one.get("instant")) and flag(one.get("range"))
    target = {**one, "datasource": source, "range": one.get("range", not flag(one.get("instant"))) or both}
    if not text(one.get("interval")) and least:
        target["interval"] = f"{int(least)}ms"
    asking = Asked(board, within, max_points=whole(one.get("maxDataPoints"), 1000))
    around = Surroundings(asking, service.desk.shelf, built_in(asking, within), service.desk.clock.monotonic)
    made = panel({"targets": [target], "type": "timeseries"})
    found = await answers(replace(made, targets=tuple(replace(t, hidden=False) for t in made.targets)), within, around)
    return found or [Answered(text(one.get("refId"), "A"), "", "", problem="the query is empty")]


def _numbered(found: Any, service: Service) -> Json | None:
    uid = next((one.info.uid for one in service.desk.shelf.all if one.info.id == found), "")
    return {"uid": uid} if uid else None


def _result(one: Answered) -> dict[str, Any]:
    if one.problem:
        return {"status": 400, "error": one.problem, "errorSource": "downstream"}
    return {"status": 200, "frames": [frame(each, one) for each in one.frames]}


def frame(one: Frame, answered: Answered) -> dict[str, Any]:
    """`schema` and `data` of a frame."""
    meta: dict[str, Any] = {
        "typeVersion": [0, 1],
        "executedQueryString": f"Expr: {answered.query}\nStep: {answered.step // 1000}s",
    }
    if one.kind:
        meta["type"] = one.kind
    schema: dict[str, Any] = {
        "refId": one.ref,
        "meta": meta,
        "fields": [_field(each, answered.step) for each in one.fields],
    }
    if one.name:
        schema["name"] = one.name
    return {"schema": schema, "data": {"values": [_values(each) for each in one.fields]}}


def _field(one: Field, step: int) -> dict[str, Any]:
    found: dict[str, Any] = {"name": one.name, "type": one.kind, "typeInfo": {"frame": _TYPES[one.kind]}}
    if one.kind == "time" and step:
        found["config"] = {"interval": step}
    if one.labels:
        found["labels"] = dict(one.labels)
    if one.source_name:
        found["config"] = {"displayNameFromDS": one.source_name}
    return found


def _values(one: Field) -> list[Any]:
    return compact(one.values) if one.kind == "number" else one.plain()
