"""Dashboards and folders as Grafana's API tells and takes them."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from engine.dashboards.files.entry import Entry, LibraryError, shown
from engine.dashboards.json import flag, mapping, text
from engine.dashboards.units.dates import written
from engine.web.api.grafana.answering import body, json, message
from engine.web.api.grafana.service import Service

_RFC3339 = "YYYY-MM-DD[T]HH:mm:ss[Z]"


async def search(request: web.Request, service: Service) -> web.Response:
    """Dashboards and folders by title, tag, uid, folder."""
    given = request.query
    words, tags, kind = given.get("query", "").lower(), set(given.getall("tag", [])), given.get("type", "")
    uids, folders = (
        set(given.getall("dashboardUIDs", [])) | set(given.getall("dashboardUID", [])),
        set(given.getall("folderUIDs", [])),
    )
    found = [] if kind == "dash-db" or tags or uids or folders else [_folder_hit(one) for one in _folders(service)]
    if kind != "dash-folder":
        found += [
            _hit(one)
            for one in service.library.entries
            if tags <= set(one.tags) and (not uids or one.uid in uids) and (not folders or one.folder_uid in folders)
        ]
    found = [one for one in found if words in one["title"].lower()]
    if flag(given.get("starred") == "true"):
        found = []
    size, page = _number(given.get("limit"), 1000), _number(given.get("page"), 1)
    return json(found[(page - 1) * size : page * size])


async def by_uid(request: web.Request, service: Service) -> web.Response:
    entry = service.library.entry(request.match_info["uid"])
    if entry.problem:
        return message(f"{entry.place}: {entry.problem}", 422)
    return json({"meta": _meta(entry), "dashboard": {**entry.raw, "uid": entry.uid, "id": entry.number}})


async def save(request: web.Request, service: Service) -> web.Response:
    given = await body(request)
    board = mapping(given.get("dashboard"))
    entry = await service.saver.save(board, text(given.get("folderUid")), "", overwrite=flag(given.get("overwrite")))
    return json({
        "id": entry.number, "slug": entry.slug, "status": "success", "uid": entry.uid, "url": entry.url,
        "version": entry.raw.get("version", 1), "folderUid": entry.folder_uid,
    })  # fmt: skip


async def home(_: web.Request, service: Service) -> web.Response:
    if service.home and (
        found := next((one for one in service.library.entries if str(one.file) == service.home), None)
    ):
        return json({"meta": _meta(found), "dashboard": found.raw})
    boards = service.library.entries
    return (
        json({"redirectUri": boards[0].url})
        if boards
        else json({"meta": {"isHome": True}, "dashboard": {"title": "Home", "panels": []}})
    )


async def tags(_: web.Request, service: Service) -> web.Response:
    counts: dict[str, int] = {}
    for entry in service.library.entries:
        for tag in entry.tags:
            counts[tag] = counts.get(tag, 0) + 1
    return json([{"term": tag, "count": count} for tag, count in sorted(counts.items())])


async def folders(_: web.Request, service: Service) -> web.Response:
    return json([{"id": number, "uid": uid, "title": title} for number, uid, title in _folders(service)])


async def folder(request: web.Request, service: Service) -> web.Response:
    wanted = request.match_info["uid"]
    for number, uid, title in _folders(service):
        if uid == wanted:
            return json({"id": number, "uid": uid, "title": title, "url": f"/dashboards/f/{uid}", "canSave": True})
    raise LibraryError("folder not found")


async def marks(_: web.Request, __: Service) -> web.Response:
    """Nobody writes any here; those of dashboards are computed by their queries."""
    return json([])


async def reload(_: web.Request, service: Service) -> web.Response:
    service.library.look(service.desk.clock.monotonic(), at_once=True)
    return message("Dashboards config reloaded", 200)


async def reload_all(_: web.Request, service: Service) -> web.Response:
    await service.reload()
    return message("Datasources config reloaded", 200)


def _folders(service: Service) -> list[tuple[int, str, str]]:
    found = dict.fromkeys((one.folder_uid, one.folder) for one in service.library.entries if one.folder)
    return [(number, uid, title) for number, (uid, title) in enumerate(found, 1)]


def _hit(entry: Entry) -> dict[str, Any]:
    found = {
        "id": entry.number, "uid": entry.uid, "title": entry.title, "uri": f"db/{entry.slug}", "url": entry.url,
        "slug": "", "type": "dash-db", "tags": list(entry.tags), "isStarred": False, "sortMeta": 0,
    }  # fmt: skip
    if entry.folder:
        uid = entry.folder_uid
        found |= {
            "folderUid": uid,
            "folderTitle": entry.folder,
            "folderUrl": f"/dashboards/f/{uid}/{entry.folder.lower()}",
        }
    return found


def _folder_hit(folder_: tuple[int, str, str]) -> dict[str, Any]:
    number, uid, title = folder_
    return {
        "id": number, "uid": uid, "title": title, "uri": f"db/{title.lower()}", "slug": "",
        "url": f"/dashboards/f/{uid}/{title.lower()}", "type": "dash-folder",
        "tags": [], "isStarred": False, "sortMeta": 0,
    }  # fmt: skip


def _meta(entry: Entry) -> dict[str, Any]:
    changed = written(entry.stamp[0] / 1e6, _RFC3339)
    uid = entry.folder_uid
    return {
        "type": "db", "canSave": entry.may_save, "canEdit": entry.may_save, "canStar": True,
        "canAdmin": True,
        "canDelete": False, "slug": entry.slug, "url": entry.url, "expires": "0001-01-01T00:00:00Z", "created": changed,
        "updated": changed, "updatedBy": "Anonymous", "createdBy": "Anonymous", "version": entry.raw.get("version", 1),
        "hasAcl": False, "isFolder": False, "folderId": 0, "folderUid": uid, "folderTitle": entry.folder or "General",
        "folderUrl": f"/dashboards/f/{uid}" if uid else "", "provisioned": True,
        "provisionedExternalId": shown(entry.file.name),
    }  # fmt: skip


def _number(text_: str | None, default: int) -> int:
    return max(int(text_[:9]), 1) if text_ and text_.isdecimal() else default
