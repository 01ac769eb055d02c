"""The server itself: its health, who is there, logging in, and what a client asks before anything else."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from engine.dashboards.json import text
from engine.web.api.grafana.answering import body, json, message
from engine.web.api.grafana.service import COOKIE, VERSION, Service
from engine.web.api.grafana.sources import described


async def health(_: web.Request, __: Service) -> web.Response:
    return json({"commit": "", "database": "ok", "version": VERSION})


async def healthz(_: web.Request, __: Service) -> web.Response:
    return web.Response(text="Ok")


async def login(request: web.Request, service: Service) -> web.Response:
    given = await body(request)
    user = text(given.get("user"))
    if not service.knows(user, text(given.get("password"))):
        return message("Invalid username or password", 401)
    answer = json({"message": "Logged in", "redirectUrl": "/"})
    answer.set_cookie(COOKIE, service.session(user), httponly=True, samesite="Lax", path="/")
    return answer


async def logout(request: web.Request, service: Service) -> web.Response:
    service.sessions.pop(request.cookies.get(COOKIE, ""), None)
    answer = web.Response(status=302, headers={"Location": "/"})
    answer.del_cookie(COOKIE)
    return answer


async def ping(_: web.Request, __: Service) -> web.Response:
    return message("Logged in", 200)


async def user(_: web.Request, service: Service) -> web.Response:
    return json({
        "id": 1, "email": "admin@localhost", "name": "", "login": service.account.user, "theme": service.theme,
        "orgId": 1, "isGrafanaAdmin": True, "isDisabled": False, "isExternal": False, "authLabels": [],
    })  # fmt: skip


async def orgs(_: web.Request, service: Service) -> web.Response:
    return json([{"orgId": 1, "name": service.account.org, "role": "Admin"}])


async def org(_: web.Request, service: Service) -> web.Response:
    empty = dict.fromkeys(("address1", "address2", "city", "zipCode", "state", "country"), "")
    return json({"id": 1, "name": service.account.org, "address": empty})


async def org_users(_: web.Request, service: Service) -> web.Response:
    return json([{"orgId": 1, "userId": 1, "login": service.account.user, "role": "Admin"}])


async def preferences(_: web.Request, service: Service) -> web.Response:
    return json({"theme": service.theme, "homeDashboardId": 0, "timezone": service.timezone, "weekStart": ""})


async def settings(_: web.Request, service: Service) -> web.Response:
    """As far as clients look: which data sources there are, which one is meant by none, and which release this is."""
    sources: dict[str, Any] = {one.info.name: described(one.info) for one in service.desk.shelf.all}
    default = next((name for name, one in sources.items() if one["isDefault"]), next(iter(sources), ""))
    return json({
        "appUrl": f"{service.root_url.rstrip('/')}/", "appSubUrl": service.prefix, "defaultDatasource": default,
        "datasources": sources, "allowOrgCreate": False, "authProxyEnabled": False, "ldapEnabled": False,
        "disableUserSignUp": not service.sign_up, "anonymousEnabled": service.account.anonymous, "panels": {},
        "buildInfo": {"version": VERSION, "commit": "", "buildstamp": 0, "edition": "Open Source", "env": "production"},
    })  # fmt: skip
