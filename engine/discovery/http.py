"""Targets that a service tells over HTTP: `http_sd_configs`.

It is asked at each refresh interval, and may take that long to answer; an answer that is not right is told, and what
was known before stays.
"""

from __future__ import annotations

import logging
from typing import Final

from engine.discovery.config import HttpSDConfig
from engine.discovery.groups import Publish, TargetGroup
from engine.discovery.ports import DiscoveryError, DiscoveryParts
from engine.discovery.told import from_json, news
from engine.foundation.http_client import HttpClient, HttpError
from engine.foundation.regexes import Regex
from promql.model.labels import quote

USER_AGENT: Final = "Prometheus/2.42.0"
_JSON: Final = Regex(r'(?i:application/json(;\s*charset=("utf-8"|utf-8))?)')

log = logging.getLogger(__name__)


class HttpDiscovery:
    """One entry of `http_sd_configs`."""

    def __init__(self, config: HttpSDConfig, parts: DiscoveryParts) -> None:
        self._config = config
        self._parts = parts

    async def run(self, publish: Publish) -> None:
        known: list[TargetGroup] | None = None
        async with HttpClient(self._config, self._parts.addresses, base=self._parts.base) as client:
            while True:
                try:
                    found = await self._ask(client)
                except (HttpError, DiscoveryError) as error:
                    self._parts.counts.http_failures += 1
                    log.error("http_sd_configs: %s; the targets known before stay", error)  # noqa: TRY400 - expected
                else:
                    changed = news(known or (), found)
                    if changed or known is None:
                        publish(changed)
                    known = found
                await self._parts.clock.sleep(self._config.refresh_interval / 1000)

    async def _ask(self, client: HttpClient) -> list[TargetGroup]:
        url, seconds = str(self._config.url), self._config.refresh_interval / 1000
        headers = {
            "User-Agent": USER_AGENT,
            "Accept": "application/json",
            "X-Prometheus-Refresh-Interval-Seconds": f"{seconds:g}",
        }
        answer = await client.request("GET", self._config.url.reveal(), timeout=seconds, headers=headers)
        if answer.status != 200:
            raise DiscoveryError(f"{url}: server returned HTTP status {answer.status} {answer.reason}")
        kind = answer.headers.get("content-type", "")
        if not _JSON.matches(kind.strip()):
            raise DiscoveryError(f"{url}: unsupported content type {quote(kind)}")
        return from_json(answer.body, url, __meta_url=url)
