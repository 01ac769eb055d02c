"""`/api/v1/status/*` and `/version`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from aiohttp import web
from msgspec import Struct

from engine.foundation.gojson import encode_line
from engine.tsdb.stats import TOP, Counts, StoreStats
from engine.tsdb.store import Store
from engine.web.api import form
from engine.web.api.envelope import ApiError, answering, success
from promql.model.instants import rfc3339

_MOST_ROWS: Final = 10_000


class Runtime(Struct, frozen=True):
    """What `/status/runtimeinfo` tells; instants are Unix ms."""

    started: int
    folder: str
    config_loaded: int
    config_good: bool
    tasks: int
    retention: str
    corruptions: int


def routes(
    store: Store,
    *,
    version: Mapping[str, str],
    flags: Mapping[str, str],
    config: Callable[[], str],
    runtime: Callable[[], Runtime],
    ports: Callable[[], Mapping[str, str]],
) -> list[web.RouteDef]:
    """`config` gives the configuration in force, without secrets; `ports` gives `HOST:PORT` of all components."""

    async def build(_: web.Request) -> web.Response:
        return success(version)

    async def loaded(_: web.Request) -> web.Response:
        return success({"yaml": config()})

    async def components(_: web.Request) -> web.Response:
        return success(dict(ports()))

    async def given_flags(_: web.Request) -> web.Response:
        return success(dict(sorted(flags.items())))

    async def running(_: web.Request) -> web.Response:
        now = runtime()
        return success(
            {
                "startTime": rfc3339(now.started),
                "CWD": now.folder,
                "reloadConfigSuccess": now.config_good,
                "lastConfigTime": rfc3339(now.config_loaded),
                "corruptionCount": now.corruptions,
                "goroutineCount": now.tasks,
                "GOMAXPROCS": os.cpu_count(),
                "GOGC": "",
                "GODEBUG": "",
                "storageRetention": now.retention,
            }
        )

    async def replay(_: web.Request) -> web.Response:
        return success({"min": 0, "max": 0, "current": 0})

    async def tsdb(request: web.Request) -> web.Response:
        return success(_tsdb(store.stats(_limit(form.query(request).get("limit", "")))))

    pages = {
        "/status/buildinfo": build,
        "/status/config": loaded,
        "/status/flags": given_flags,
        "/status/components": components,
        "/status/runtimeinfo": running,
        "/status/tsdb": tsdb,
        "/status/walreplay": replay,
    }
    return [web.get(path, answering(page)) for path, page in pages.items()]


def version_route(version: Mapping[str, str]) -> web.RouteDef:
    """`/version`, which stands outside of the API."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(body=encode_line(version), content_type="text/plain", charset="utf-8")

    return web.get("/version", page, allow_head=False)


def _limit(text: str) -> int:
    """Rows of each table."""
    if text == "":
        return TOP
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ApiError("bad_data", "limit must be a positive number")
    if int(text) > _MOST_ROWS:
        raise ApiError("bad_data", f"limit must not exceed {_MOST_ROWS}")
    return int(text)


def _tsdb(stats: StoreStats) -> dict[str, Any]:
    return {
        "headStats": {
            "numSeries": stats.series,
            "numLabelPairs": stats.labels.label_pairs,
            "chunkCount": stats.parts,
            "minTime": stats.min_time,
            "maxTime": stats.max_time,
        },
        "seriesCountByMetricName": _named(stats.labels.series_by_metric),
        "labelValueCountByLabelName": _named(stats.labels.values_by_label),
        "memoryInBytesByLabelName": _named(stats.labels.bytes_by_label),
        "seriesCountByLabelValuePair": _named(stats.labels.series_by_pair),
    }


def _named(counts: Counts) -> list[dict[str, Any]]:
    return [{"name": name, "value": count} for name, count in counts]
