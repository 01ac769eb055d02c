"""The ruler's API: rules as they are written (YAML), and as they fare (JSON); groups can't be set over HTTP where they
lie in files, as in Loki with local storage.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from aiohttp import web
from msgspec import Struct

from engine.foundation.encode import encode as encode_yaml
from engine.foundation.gojson import encode
from engine.logs.config.limits import Limits
from engine.logs.service import LogService
from engine.rules.config import RuleGroup
from engine.rules.views import AlertingView, GroupView, RuleView
from engine.web.answers import plain
from engine.web.api.loki.answers import RefusedError, TenantOf, failure
from engine.web.api.rules import instant, seconds, told_alert
from promql.model.labels import Labels

if TYPE_CHECKING:  # few have rules over lines
    from engine.ruler.ruler import Ruler

_RING: Final = (
    '<!DOCTYPE html>\n<html>\n<head><meta charset="UTF-8"><title>Ruler Status</title></head>\n'
    "<body><h1>Ruler Status</h1><p>Ruler running with shards disabled</p></body>\n</html>\n"
)  # fmt: skip

Page: TypeAlias = Callable[["Ruler", str, web.Request], Awaitable[web.Response]]
"""What answers to a request of a tenant."""


class Ruling(Struct, frozen=True):
    """`ruler` evaluates rules where there are any; `judge` says what is wrong with a group that is to be set."""

    ruler: Callable[[], Ruler | None] = lambda: None
    judge: Callable[[bytes], tuple[RuleGroup, list[str]]] = lambda _: (RuleGroup(), [])


def routes(service: LogService, ruling: Ruling, tenant_of: TenantOf) -> list[web.RouteDef]:
    """Of all forms of the paths. Where there are no rules, or `enable_api` is off, they are not there."""

    async def create(ruler: Ruler, tenant: str, request: web.Request) -> web.Response:
        return _created(ruler, ruling.judge, service.limits(tenant), tenant, await request.read())

    def path(method: str, path: str, page: Page) -> web.RouteDef:
        async def answer(request: web.Request) -> web.Response:
            ruler = ruling.ruler()
            if ruler is None or not ruler.rules.config.enable_api:
                return web.Response(status=404, text="404 page not found\n")
            try:
                return await page(ruler, tenant_of(request), request)
            except RefusedError as error:
                return failure(error)

        return web.route(method, path, answer, **({"allow_head": False} if method == "GET" else {}))

    found = [
        path("GET", "/prometheus/api/v1/rules", _rules),
        path("GET", "/prometheus/api/v1/alerts", _alerts),
        *(path(method, "/ruler/ring", _ring) for method in ("GET", "POST")),
    ]
    for base in ("/loki/api/v1/rules", "/api/prom/rules"):
        group = f"{base}/{{namespace}}/{{group}}"
        found += [
            path("GET", base, _list),
            path("GET", f"{base}/{{namespace}}", _list),
            path("POST", f"{base}/{{namespace}}", create),
            path("DELETE", f"{base}/{{namespace}}", _unsupported("DeleteNamespace")),
            path("GET", group, _get_group),
            path("DELETE", group, _unsupported("DeleteRuleGroup")),
        ]
    return found


async def _list(ruler: Ruler, tenant: str, request: web.Request) -> web.Response:
    """As they are written, by file."""
    wanted = request.match_info.get("namespace", "")
    files = {Path(path).name: file for path, file in ruler.rules.files.get(tenant, {}).items()}
    if wanted and wanted not in files:
        path = (ruler.rules.folder or Path()) / tenant / wanted
        return plain(400, f"error parsing {path}: {path}: open {path}: no such file or directory")
    found = {name: file.groups for name, file in files.items() if file.groups and wanted in ("", name)}
    if not found:
        return plain(404, "no rule groups found")
    return web.Response(text=encode_yaml(found), content_type="application/yaml")


async def _get_group(_ruler: Ruler, _tenant: str, _request: web.Request) -> web.Response:
    return plain(400, "GetRuleGroup unsupported in rule local store")


def _created(
    ruler: Ruler, judge: Callable[[bytes], tuple[RuleGroup, list[str]]], limits: Limits, tenant: str, body: bytes
) -> web.Response:
    """A group is judged, and refused all the same."""
    group, mistakes = judge(body)
    if mistakes:
        return plain(400, ", ".join(mistakes))
    present = sum(len(file.groups) for file in ruler.rules.files.get(tenant, {}).values()) + 1
    for limit, actual, what in (
        (limits.ruler_max_rules_per_rule_group, len(group.rules), "rules per rule group"),
        (limits.ruler_max_rule_groups_per_tenant, present, "rule groups"),
    ):
        if 0 < limit < actual:
            return plain(400, f"per-user {what} limit (limit: {limit} actual: {actual}) exceeded")
    return plain(500, "SetRuleGroup unsupported in rule local store")


def _unsupported(deed: str) -> Page:
    async def page(_ruler: Ruler, _tenant: str, _request: web.Request) -> web.Response:
        return _server_error(f"{deed} unsupported in rule local store")

    return page


async def _ring(_ruler: Ruler, _tenant: str, _request: web.Request) -> web.Response:
    return web.Response(text=_RING, content_type="text/html")


async def _rules(ruler: Ruler, tenant: str, _: web.Request) -> web.Response:
    return _success({"groups": [_group(view) for view in _views(ruler, tenant)]})


async def _alerts(ruler: Ruler, tenant: str, _: web.Request) -> web.Response:
    found = (rule for view in _views(ruler, tenant) for rule in view.rules if isinstance(rule, AlertingView))
    return _success({"alerts": [told_alert(alert) for rule in found for alert in rule.alerts]})


def _views(ruler: Ruler, tenant: str) -> Iterable[GroupView]:
    one = ruler.tenants.get(tenant)
    return [] if one is None else one.manager.groups()


def _group(view: GroupView) -> dict[str, Any]:
    return {
        "name": view.name,
        "file": Path(view.file).name,
        "rules": [_rule(rule) for rule in view.rules],
        "interval": seconds(view.interval_seconds),
        "lastEvaluation": instant(view.last_evaluation),
        "evaluationTime": view.evaluation_seconds,
    }


def _rule(rule: RuleView) -> dict[str, Any]:
    tail = {
        "health": rule.health,
        "lastError": rule.last_error,
        "type": "alerting" if isinstance(rule, AlertingView) else "recording",
        "lastEvaluation": instant(rule.last_evaluation),
        "evaluationTime": rule.evaluation_seconds,
    }
    labels = Labels.of(rule.labels).as_dict()
    if not isinstance(rule, AlertingView):
        return {"name": rule.name, "query": rule.query, "labels": labels, **tail}
    return {
        "state": rule.state,
        "name": rule.name,
        "query": rule.query,
        "duration": seconds(rule.hold_seconds),
        "labels": labels,
        "annotations": Labels.of(rule.annotations).as_dict(),
        "alerts": [told_alert(alert) for alert in rule.alerts],
        **tail,
    }


def _success(data: object) -> web.Response:
    body = {"status": "success", "data": data, "errorType": "", "error": ""}
    return web.Response(body=encode(body), content_type="application/json")


def _server_error(text: str) -> web.Response:
    body = {"status": "error", "data": None, "errorType": "server_error", "error": text}
    return web.Response(status=500, body=encode(body), content_type="application/json")
