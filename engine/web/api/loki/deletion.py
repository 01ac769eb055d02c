"""`/loki/api/v1/delete`: ask for lines to be deleted, see what was asked, take it back."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from engine.foundation.gojson import encode
from engine.logql.errors import LogQLError
from engine.logql.execute.context import SECOND
from engine.logql.syntax.parser import parse_log
from engine.logs.deletion import RECEIVED, Request, is_deletable
from engine.logs.service import LogService
from engine.web.answers import plain
from engine.web.api import form
from engine.web.api.form import Params
from engine.web.api.loki.answers import Handler, RefusedError, TenantOf, answering
from engine.web.api.loki.params import instant

_PATH: Final = "/loki/api/v1/delete"


def routes(service: LogService, tenant_of: TenantOf) -> list[web.RouteDef]:
    def allowed(request: web.Request) -> str:
        """The tenant, if it may delete. Raises RefusedError."""
        tenant = tenant_of(request)
        if not service.settings.config.compactor.retention_enabled:
            raise RefusedError("deletion is not available: it needs compactor.retention_enabled", 404)
        if service.limits(tenant).deletion_mode == "disabled":
            raise RefusedError("deletion is not available for this tenant", 403)
        return tenant

    async def add(request: web.Request) -> web.Response:
        tenant, given = allowed(request), await form.read(request)
        start, end = _times(given, service.clock.now_ns())
        service.deletions.add(tenant, _query(given), start, end, service.clock.now_ns())
        return web.Response(status=204)

    async def show(request: web.Request) -> web.Response:
        found = [_told(one) for one in service.deletions.of(allowed(request))]
        return web.Response(body=encode(found), content_type="text/plain")

    async def cancel(request: web.Request) -> web.Response:
        tenant, given = allowed(request), await form.read(request)
        one = next((one for one in service.deletions.of(tenant) if one.request_id == given.get("request_id", "")), None)
        if one is None:
            raise RefusedError("could not find delete request with given id", 404)
        if one.status != RECEIVED:
            raise RefusedError("deletion of request which is in process or already processed is not allowed")
        service.deletions.cancel(tenant, one.request_id)
        return web.Response(status=204)

    pages: tuple[tuple[str, Handler], ...] = (("POST", add), ("PUT", add), ("GET", show), ("DELETE", cancel))
    return [web.route(method, _PATH, _refusing(page)) for method, page in pages]


def _refusing(handler: Handler) -> Handler:
    """Errors end with a line feed, as those of pushes do."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except RefusedError as error:
            return plain(error.status, str(error))
        except OSError as error:
            return plain(500, f"the request can't be kept: {error.strerror}")

    return answering(answer)


def _query(given: Params) -> str:
    """Raises RefusedError."""
    query = given.get("query", "")
    if not query:
        raise RefusedError("query not set")
    try:
        fine = is_deletable(parse_log(query))
    except LogQLError:
        fine = False
    if not fine:
        raise RefusedError("invalid query expression")
    return query


def _times(given: Params, now: int) -> tuple[int, int]:
    """Raises RefusedError."""
    if not given.get("start", ""):
        raise RefusedError("start time not set")
    start = _time(given["start"], "start")
    end = _time(given["end"], "end") if given.get("end", "") else now
    if end > now:
        raise RefusedError("deletes in future not allowed")
    if start > end:
        raise RefusedError("start time can't be greater than end time")
    return start, end


def _time(text: str, name: str) -> int:
    try:
        return instant(text)
    except RefusedError:
        raise RefusedError(f"invalid {name} time: require unix seconds or RFC3339 format") from None


def _told(one: Request) -> dict[str, object]:
    """Times are Unix seconds."""
    return {
        "request_id": one.request_id,
        "start_time": one.start / SECOND,
        "end_time": one.end / SECOND,
        "query": one.query,
        "status": one.status,
        "created_at": one.created / SECOND,
    }
