"""`/api/engine/...`: what the page draws; `engine.dashboards.draw` says what it gets."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web
from msgspec.structs import replace

from engine.dashboards.files.entry import Entry, LibraryError, folder_uid, revision_of, shown
from engine.dashboards.files.library import Library
from engine.dashboards.json import Json, mapping, objects, text, whole
from engine.dashboards.migrate.steps import migrated
from engine.dashboards.model import Board
from engine.dashboards.model import board as read_board
from engine.dashboards.model import panel as read_panel
from engine.dashboards.view.annotations import marks as marks_of
from engine.dashboards.view.asked import Asked, asked
from engine.dashboards.view.board import view
from engine.dashboards.view.panel import answer, repeated
from engine.web.api.grafana.account import Role
from engine.web.api.grafana.answering import body, json
from engine.web.api.grafana.service import Service


def told(entry: Entry) -> dict[str, Any]:
    """An entry of the list of dashboards."""
    return {
        "uid": entry.uid, "title": entry.title, "url": entry.url, "slug": entry.slug, "folder": entry.folder,
        "folderUid": entry.folder_uid, "tags": list(entry.tags), "canSave": entry.may_save,
        "problem": entry.problem,
    }  # fmt: skip


async def listed(request: web.Request, service: Service) -> web.Response:
    query, tags = request.query.get("query", "").lower(), set(request.query.getall("tag", []))
    return json([
        told(one) for one in service.library.entries if query in one.title.lower() and tags <= set(one.tags)
    ])  # fmt: skip


async def board(request: web.Request, service: Service) -> web.Response:
    uid = request.match_info["uid"]
    found, entry = service.library.board(uid), service.library.entry(uid)
    more = {"folder": entry.folder, "folderUid": entry.folder_uid, "canSave": entry.may_save}
    return json(await view(_of_url(request, found, service), service.desk, more | {"revision": entry.revision}))


async def preview(request: web.Request, service: Service) -> web.Response:
    given = await body(request)
    found = read_board(mapping(given.get("dashboard")))
    asking = asked(found, given, service.desk.clock.now_ms())
    return json(await view(asking, service.desk, {"folder": "", "folderUid": "", "canSave": False, "revision": ""}))


async def panel(request: web.Request, service: Service) -> web.Response:
    given = await body(request)
    found = _board(given, service.library)
    asking = asked(found, given, service.desk.clock.now_ms())
    model = given.get("model")
    if isinstance(model, dict):
        one = read_panel(migrated({"panels": [model]})["panels"][0])
    else:
        named = found.panel(whole(given.get("panel")))
        if named is None:
            raise LibraryError(f"the dashboard has no panel {given.get('panel')}")
        one = named
    if "frame" in given:
        one = replace(one, options={**one.options, "frameIndex": whole(given.get("frame"))})
    made = await answer(repeated(one, asking.scope), asking, service.desk)
    return web.Response(body=await service.desk.workers.run(msgspec.json.encode, made), content_type="application/json")


async def marks(request: web.Request, service: Service) -> web.Response:
    found = service.library.board(request.match_info["uid"])
    return json(await marks_of(_of_url(request, found, service), service.desk))


async def source(request: web.Request, service: Service) -> web.Response:
    """To be edited, so as it is at this moment."""
    service.library.look(service.desk.clock.monotonic(), at_once=True)
    entry = service.library.entry(request.match_info["uid"])
    body_ = entry.body.decode(errors="replace")
    return json({"file": entry.place, "text": body_, "revision": entry.revision})


async def difference(request: web.Request, service: Service) -> web.Response:
    """What saving would change, line by line; refused as saving would be."""
    given = await body(request)
    plan, lines = await service.saver.difference(
        mapping(given.get("dashboard")), text(given.get("folderUid")), request.match_info.get("uid", "")
    )
    return json({"lines": lines, "revision": revision_of(plan.before), "file": shown(plan.file)})


async def save(request: web.Request, service: Service) -> web.Response:
    given = await body(request)
    dashboard, folder = mapping(given.get("dashboard")), text(given.get("folderUid"))
    entry = await service.saver.save(dashboard, folder, text(given.get("revision")), uid=text(given.get("uid")))
    return json({**told(entry), "revision": entry.revision, "file": entry.place})


async def folders(_: web.Request, service: Service) -> web.Response:
    """Where a new dashboard may be saved."""
    return json([
        {"uid": folder_uid(one, one.folder), "title": one.folder or "General", "path": shown(one.path)}
        for one in service.library.shelves
        if one.may_save
    ])  # fmt: skip


async def sources(_: web.Request, service: Service) -> web.Response:
    return json([
        {
            "uid": one.info.uid, "name": one.info.name, "type": one.info.type, "isDefault": one.info.is_default,
            "url": one.info.url if service.role >= Role.EDITOR else "", "place": one.info.place,
            "problem": one.info.problem,
        }
        for one in service.desk.shelf.all
    ])  # fmt: skip


def _board(given: Json, library: Library) -> Board:
    inline, uid = given.get("board"), text(given.get("dashboard"))
    if isinstance(inline, dict):
        return read_board(inline)
    return library.board(uid) if uid else read_board({"title": "", "panels": []})


def _of_url(request: web.Request, found: Board, service: Service) -> Asked:
    """Values as Grafana's addresses carry them: `var-NAME`, `from`, `to`."""
    names = [key for key in request.query if key.startswith("var-")]
    chosen: dict[str, list[str]] = {key.removeprefix("var-"): request.query.getall(key) for key in names}
    adhoc = {
        one.name: _filters(chosen.pop(one.name))
        for one in found.variables
        if one.kind == "adhoc" and one.name in chosen
    }
    given = {
        "from": request.query.get("from", ""),
        "to": request.query.get("to", ""),
        "variables": chosen,
        "adhoc": adhoc,
    }
    return asked(found, given, service.desk.clock.now_ms())


def _filters(values: list[str]) -> list[Json]:
    """`key|operator|value`."""
    parts = [one.split("|", 2) for one in values]
    return objects([dict(zip(("key", "operator", "value"), one, strict=False)) for one in parts if len(one) == 3])
