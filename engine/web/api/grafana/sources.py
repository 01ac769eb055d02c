"""Data sources: what is known of them, whether they answer, and their own APIs through the proxy.

Laws: whoever may only look changes nothing in a source either, whatever the source would let its own password do;
whoever may edit changes what Grafana lets them, anything in a Loki, nothing in a Prometheus. No path leads out of a
source's own.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote

from aiohttp import web

from engine.dashboards.files.entry import LibraryError
from engine.dashboards.sources.ports import IN_PROCESS, Source, SourceInfo
from engine.foundation.errors import EngineError
from engine.web.api.grafana.account import Role
from engine.web.api.grafana.answering import json
from engine.web.api.grafana.service import Service

_NAMES: Final = {"prometheus": "Prometheus", "loki": "Loki"}
_BASES: Final = {"prometheus": "api/v1", "loki": "loki/api/v1"}
_READ_BY_POST: Final = frozenset({"query", "query_range", "query_exemplars", "series", "labels"})
_KEPT: Final = ("Content-Type", "Accept", "X-Scope-OrgID")
"""And, for a port of this process, what `--web.config.file` was told here and asks there again."""


def described(info: SourceInfo) -> dict[str, Any]:
    """As Grafana tells of one."""
    return {
        "id": info.id, "uid": info.uid, "orgId": 1, "name": info.name, "type": info.type,
        "typeName": _NAMES.get(info.type, info.type), "access": info.access, "url": info.url, "user": "",
        "typeLogoUrl": f"public/app/plugins/datasource/{info.type}/img/{info.type}_logo.svg", "database": "",
        "basicAuth": info.basic_auth, "isDefault": info.is_default, "jsonData": dict(info.json),
        "readOnly": not info.editable,
    }  # fmt: skip


async def listed(_: web.Request, service: Service) -> web.Response:
    return json(sorted((described(one.info) for one in service.desk.shelf.all), key=lambda one: one["name"].lower()))


async def by_id(request: web.Request, service: Service) -> web.Response:
    return json(described(_numbered(request, service).info))


async def by_uid(request: web.Request, service: Service) -> web.Response:
    return json(described(_known(request, service).info))


async def by_name(request: web.Request, service: Service) -> web.Response:
    return json(described(_named(request, service).info))


async def id_of(request: web.Request, service: Service) -> web.Response:
    return json({"id": _named(request, service).info.id})


async def health(request: web.Request, service: Service) -> web.Response:
    source, now = _known(request, service), service.desk.clock.now_ms()
    try:
        if source.info.type == "loki":
            await source.label_names(now - 600_000, now)
        else:
            await source.instant("1+1", now)
    except EngineError as error:
        return json({"message": str(error), "status": "ERROR"}, 400)
    said = (
        "Data source successfully connected."
        if source.info.type == "loki"
        else "Successfully queried the Prometheus API."
    )
    return json({"message": said, "status": "OK"})


async def proxy(request: web.Request, service: Service) -> web.Response:
    return await _passed(request, _known(request, service), request.match_info["path"], service.role)


async def proxy_by_id(request: web.Request, service: Service) -> web.Response:
    return await _passed(request, _numbered(request, service), request.match_info["path"], service.role)


async def resources(request: web.Request, service: Service) -> web.Response:
    return await _resource(request, _known(request, service), service.role)


async def resources_by_id(request: web.Request, service: Service) -> web.Response:
    return await _resource(request, _numbered(request, service), service.role)


async def _resource(request: web.Request, source: Source, role: Role) -> web.Response:
    """`api/v1/labels` as it is; `labels` of a Loki below its API."""
    path = request.match_info["path"].lstrip("/")
    base = _BASES.get(source.info.type, "")
    return await _passed(request, source, path if path.startswith(base) else f"{base}/{path}", role)


async def _passed(request: web.Request, source: Source, path: str, role: Role) -> web.Response:
    kind = source.info.type
    if not (_asks(request.method, path, kind) or (kind == "loki" and role >= Role.EDITOR)):
        name = _NAMES.get(kind, kind)
        raise LibraryError(f"non allow-listed {request.method}s not allowed on proxied {name} datasource", 403)
    if _leads_out(path):
        raise LibraryError("proxy path must not contain ..", 403)
    kept = (*_KEPT, "Authorization") if source.info.place == IN_PROCESS and not source.info.basic_auth else _KEPT
    headers = {name: request.headers[name] for name in kept if name in request.headers}
    found = await source.raw(request.method, path, request.query_string, await request.read(), headers)
    if found.status == 401:  # else who asks would think that it is their own password
        raise LibraryError("Authentication to data source failed", 400)
    content = {"Content-Type": found.content_type or "application/json"}
    return web.Response(status=found.status, body=found.body, headers=content)


def _leads_out(path: str) -> bool:
    """However often its dots were escaped: whoever builds a URL of it takes that back."""
    while (plain := unquote(path)) != path:
        path = plain
    return ".." in path.replace("\\", "/").split("/")


def _asks(method: str, path: str, kind: str) -> bool:
    """Whether a request only reads."""
    base, _, last = path.strip("/").rpartition("/")
    return method in ("GET", "HEAD") or (method == "POST" and base == _BASES.get(kind) and last in _READ_BY_POST)


def _known(request: web.Request, service: Service) -> Source:
    uid = request.match_info["uid"]
    return _or_missing(next((one for one in service.desk.shelf.all if one.info.uid == uid), None))


def _named(request: web.Request, service: Service) -> Source:
    name = request.match_info["name"]
    return _or_missing(next((one for one in service.desk.shelf.all if one.info.name == name), None))


def _numbered(request: web.Request, service: Service) -> Source:
    number = int(request.match_info["id"])
    return _or_missing(next((one for one in service.desk.shelf.all if one.info.id == number), None))


def _or_missing(found: Source | None) -> Source:
    if found is None:
        raise LibraryError("Data source not found")
    return found
