"""The server itself: its health, who is there, logging in, and what a client asks before anything else."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from engine.dashboards.json import text
from engine.web.api.grafana.account import Role
from engine.web.api.grafana.answering import COOKIE, body, json, message
from engine.web.api.grafana.service import VERSION, Service
from engine.web.api.grafana.sources import described


async def health(_: web.Request, __: Service) -> web.Response:
    return json({"commit": "", "database": "ok", "version": VERSION})


async def healthz(_: web.Request, __: Service) -> web.Response:
    return web.Response(text="Ok")


async def told(_: web.Request, service: Service) -> web.Response:
    """Who is there, for the page: `asks` is whether there is a password to sign in with."""
    account = service.account
    signed_in = service.role is Role.OWNER and account.password is not None
    return json({
        "user": account.user if signed_in else "",
        "role": service.role.name.capitalize(),
        "asks": account.password is not None,
    })  # fmt: skip


async def login(request: web.Request, service: Service) -> web.Response:
    said = await body(request)
    cookie, refused = service.entrance.log_in(text(said.get("user")), text(said.get("password")), service.given)
    if refused:
        return message(refused, 401)
    answer = json({"message": "Logged in", "redirectUrl": f"{service.prefix}/"})
    if cookie:
        account = service.account
        answer.set_cookie(
            COOKIE,
            cookie,
            max_age=int(account.lifetime),
            path="/",
            secure=request.secure or account.secure_cookie,
            httponly=True,
            samesite="Lax",
        )
    return answer


async def logout(request: web.Request, service: Service) -> web.Response:
    """To the form beside this path, below whatever prefix it was asked for."""
    service.entrance.log_out(request.cookies.get(COOKIE, ""))
    answer = web.Response(status=302, headers={"Location": "login"})
    answer.del_cookie(COOKIE, path="/")
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
    sources: dict[str, Any] = {
        one.info.name: described(one.info) | {"url": f"{service.prefix}/api/datasources/proxy/uid/{one.info.uid}"}
        for one in service.desk.shelf.all
    }
    default = next((name for name, one in sources.items() if one["isDefault"]), next(iter(sources), ""))
    return json({
        "appUrl": f"{service.root_url.rstrip('/')}/", "appSubUrl": service.prefix, "defaultDatasource": default,
        "datasources": sources, "allowOrgCreate": False, "authProxyEnabled": False, "ldapEnabled": False,
        "disableUserSignUp": not service.sign_up, "panels": {},
        "anonymousEnabled": service.account.anonymous > Role.GUEST,
        "buildInfo": {"version": VERSION, "commit": "", "buildstamp": 0, "edition": "Open Source", "env": "production"},
    })  # fmt: skip
