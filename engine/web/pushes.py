"""`/metrics/job/...`: pushes as to a Pushgateway; `/api/v1/metrics` tells what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from engine.foundation.errors import StoreError
from engine.remote.pushes.path import PushError, grouping
from engine.web.answers import plain
from engine.web.api.envelope import answering, success
from promql.model.instants import rfc3339
from promql.model.numbers import general

if TYPE_CHECKING:  # few push, and what reads pushes would be loaded at every start
    from engine.remote.pushes.gateway import PushGateway
    from engine.remote.pushes.groups import Family, Group, Sample

SWITCHED_OFF: Final = "pushes need to be enabled with --web.enable-push-receiver"
_FORMS: Final = (("/metrics/job/{path:.*}", False), ("/metrics/job@base64/{path:.*}", True))
_OWN_LABEL: Final = {"histogram": "le", "summary": "quantile"}


def routes(gateway: PushGateway | None) -> list[web.RouteDef]:
    """Without a gateway every request is told how to switch it on."""
    return [route for path, encoded in _FORMS for route in _routes(gateway, path, encoded=encoded)]


def _routes(gateway: PushGateway | None, path: str, *, encoded: bool) -> list[web.RouteDef]:
    def pushing(*, replace: bool) -> Callable[[web.Request], Any]:
        async def push(request: web.Request) -> web.Response:
            if gateway is None:
                return plain(404, SWITCHED_OFF)
            try:
                labels = grouping(request.match_info["path"], encoded=encoded)
                gateway.push(labels, await request.read(), replace=replace)
            except PushError as error:
                return plain(400, str(error))
            except (StoreError, OSError) as error:
                return plain(500, str(error))
            return web.Response()

        return push

    async def delete(request: web.Request) -> web.Response:
        if gateway is None:
            return plain(404, SWITCHED_OFF)
        try:
            gateway.delete(grouping(request.match_info["path"], encoded=encoded))
        except PushError as error:
            return plain(400, str(error))
        except (StoreError, OSError) as error:
            return plain(500, str(error))
        return web.Response(status=202)

    return [web.post(path, pushing(replace=False)), web.put(path, pushing(replace=True)), web.delete(path, delete)]


def api_routes(gateway: PushGateway | None) -> list[web.RouteDef]:
    """None where nothing can be pushed."""
    if gateway is None:
        return []

    async def metrics(_: web.Request) -> web.Response:
        return success([_group(group) for group in gateway.groups])

    return [web.get("/metrics", answering(metrics))]


def _group(group: Group) -> dict[str, Any]:
    families = {family.name: _family(family) for family in group.families.values()}
    return {"labels": dict(group.labels), "last_push_successful": group.last_push_successful, **families}


def _family(family: Family) -> dict[str, Any]:
    told = {"help": family.help} if family.help else {}
    metrics = _metrics(family)
    return {"time_stamp": rfc3339(family.time), "type": family.type.upper(), **told, "metrics": metrics}


def _metrics(family: Family) -> list[dict[str, Any]]:
    own = _OWN_LABEL.get(family.type)
    if own is None:
        return [{"labels": dict(labels), "value": general(value)} for _, labels, value in family.samples]
    grouped: dict[tuple[tuple[str, str], ...], list[Sample]] = {}
    for sample in family.samples:
        grouped.setdefault(tuple(pair for pair in sample[1] if pair[0] != own), []).append(sample)
    return [{"labels": dict(labels), **_composed(family, some, own)} for labels, some in grouped.items()]


def _composed(family: Family, samples: Iterable[Sample], own: str) -> dict[str, Any]:
    """Of a histogram or summary: sum, count, and buckets or quantiles."""
    parts: dict[str, str] = {}
    found: dict[str, Any] = {"sum": "0", "count": "0", "buckets" if own == "le" else "quantiles": parts}
    for name, labels, value in samples:
        suffix = name.removeprefix(family.name)
        if suffix in ("_sum", "_count"):
            found[suffix[1:]] = general(value)
        else:
            parts[dict(labels).get(own, "")] = general(value)
    return found
