"""`/api/v1/targets/page?scrapePool=NAME&scrapeUrl=URL`: a target's page as it is now. An endpoint of ours.

    {"error", "contentType", "size", "firstLine", "badLine", "text", "cut"}

It is fetched as a scrape fetches it, and nothing is kept. `badLine` is 0 where all of it can be read, `text` a stretch
of the page that begins at `firstLine`; `cut` says that there is more. Where nothing came, there is only the `error`.
"""

from __future__ import annotations

from aiohttp import web

from engine.scrape.look import Look
from engine.scrape.manager import ScrapeManager
from engine.scrape.ports import FetchError
from engine.web.api import form
from engine.web.api.envelope import ApiError, answering, success


def routes(scrapes: ScrapeManager) -> list[web.RouteDef]:
    async def page(request: web.Request) -> web.Response:
        given = form.query(request)
        name, url = given.get("scrapePool", ""), given.get("scrapeUrl", "")
        pool = scrapes.pools.get(name)
        try:
            look = None if pool is None else await pool.look(url)
        except FetchError as error:
            return success({"error": str(error)})
        if look is None:
            raise ApiError("bad_data", f"no target {url!r} in the scrape pool {name!r}")
        return success(_told(look))

    return [web.get("/targets/page", answering(page))]


def _told(look: Look) -> dict[str, object]:
    return {
        "error": look.error,
        "contentType": look.content_type,
        "size": look.size,
        "firstLine": look.first,
        "badLine": look.line,
        "text": look.text,
        "cut": look.cut,
    }
