"""`/api/v1/targets`, `/scrape_pools`, `/targets/metadata`, `/metadata`, `/alertmanagers`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from aiohttp import web

from engine.scrape.manager import ScrapeManager
from engine.scrape.metadata import MetricMetadata
from engine.scrape.pool import ActiveTarget
from engine.scrape.urls import global_url
from engine.web.api import form, params
from engine.web.api.envelope import ApiError, answering, success
from promql.errors import ParseError
from promql.model.instants import rfc3339
from promql.model.matchers import match_all
from promql.syntax.parser import parse_selector

_NEVER: Final = "0001-01-01T00:00:00Z"


def routes(
    scrapes: ScrapeManager, alertmanagers: Callable[[], Sequence[str]], external_url: str, listen: str
) -> list[web.RouteDef]:
    """`alertmanagers` gives the URLs to which alerts are posted; others reach us at `external_url`, at `listen`."""

    async def targets(request: web.Request) -> web.Response:
        given = form.query(request)
        state, wanted = given.get("state", "").lower(), given.get("scrapePool", "")
        pools = [pool for name, pool in sorted(scrapes.pools.items()) if wanted in ("", name)]
        active = [_active(t, external_url, listen) for pool in pools for t in pool.active]
        dropped = [{"discoveredLabels": d.as_dict()} for pool in pools for d in pool.dropped]
        data: dict[str, Any] = {
            "activeTargets": active if state in ("", "any", "active") else [],
            "droppedTargets": dropped if state in ("", "any", "dropped") else [],
        }
        if any(pool.config.keep_dropped_targets for pool in pools):  # an option that came together with this key
            data["droppedTargetCounts"] = {pool.config.job_name: pool.dropped_count for pool in pools}
        return success(data)

    async def scrape_pools(_: web.Request) -> web.Response:
        return success({"scrapePools": sorted(scrapes.pools)})

    async def of_targets(request: web.Request) -> web.Response:
        given = form.query(request)
        limit, metric, text = _limit(given), given.get("metric", ""), given.get("match_target", "")
        try:
            matchers = parse_selector(text) if text else ()
        except ParseError as error:
            raise params.invalid("match_target", error) from None
        found: list[dict[str, Any]] = []
        for active in scrapes.active:
            if 0 <= limit <= len(found):
                break
            if match_all(matchers, active.target.public):
                found += [_of_target(active, said, named=not metric) for said in _said(active, metric)]
        return success(found)

    async def of_metrics(request: web.Request) -> web.Response:
        given = form.query(request)
        limit, each, metric = _limit(given), _limit(given, "limit_per_metric"), given.get("metric", "")
        found: dict[str, list[dict[str, str]]] = {}
        for active in scrapes.active:
            for said in _said(active, metric):
                entry = {"type": said.type, "help": said.help, "unit": said.unit}
                if said.metric in found or not 0 <= limit <= len(found):
                    entries = found.setdefault(said.metric, [])
                    if entry not in entries and not 0 < each <= len(entries):
                        entries.append(entry)
        return success(dict(sorted(found.items())))

    async def told(_: web.Request) -> web.Response:
        return success({"activeAlertmanagers": [{"url": url} for url in alertmanagers()], "droppedAlertmanagers": []})

    pages = {
        "/targets": targets,
        "/scrape_pools": scrape_pools,
        "/targets/metadata": of_targets,
        "/metadata": of_metrics,
        "/alertmanagers": told,
    }
    return [web.get(path, answering(page)) for path, page in pages.items()]


def _active(active: ActiveTarget, external_url: str, listen: str) -> dict[str, Any]:
    target, health = active.target, active.health
    return {
        "discoveredLabels": target.discovered.as_dict(),
        "labels": target.public.as_dict(),
        "scrapePool": active.pool,
        "scrapeUrl": target.url,
        "globalUrl": global_url(target.url, external_url, listen),
        "lastError": health.last_error,
        "lastScrape": _NEVER if health.last_scrape is None else rfc3339(health.last_scrape),
        "lastScrapeDuration": health.duration,
        "health": health.health,
        "scrapeInterval": target.interval_text,
        "scrapeTimeout": target.timeout_text,
    }


def _said(active: ActiveTarget, metric: str) -> list[MetricMetadata]:
    if not metric:
        return list(active.metadata)
    said = active.metadata.get(metric)
    return [] if said is None else [said]


def _of_target(active: ActiveTarget, said: MetricMetadata, *, named: bool) -> dict[str, Any]:
    """Whoever asked for one metric is not told its name."""
    name = {"metric": said.metric} if named else {}
    about = {"type": said.type, "help": said.help, "unit": said.unit}
    return {"target": active.target.public.as_dict(), **name, **about}


def _limit(given: form.Params, name: str = "limit") -> int:
    """The most entries that are wanted, -1 for all."""
    text = given.get(name, "")
    if not text:
        return -1
    try:
        return params.whole(text)
    except ValueError:
        raise ApiError("bad_data", f"{name} must be a number") from None
