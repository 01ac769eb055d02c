"""Targets that a service tells over HTTP: `http_sd_configs`.

It is asked at each refresh interval, and may take that long to answer.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from engine.discovery.config import HttpSDConfig
from engine.discovery.groups import Publish, TargetGroup
from engine.discovery.ports import DiscoveryError, DiscoveryParts
from engine.discovery.refresh import Asked, keep_asking
from engine.discovery.told import from_json
from engine.foundation.http_client import HttpClient, HttpError, Response
from engine.foundation.regexes import Regex
from promql.model.labels import quote

USER_AGENT: Final = "Prometheus/2.42.0"
_JSON: Final = Regex(r'(?i:application/json(;\s*charset=("utf-8"|utf-8))?)')


class HttpDiscovery:
    """One entry of `http_sd_configs`."""

    def __init__(self, config: HttpSDConfig, parts: DiscoveryParts) -> None:
        self._config = config
        self._parts = parts

    async def run(self, publish: Publish) -> None:
        config, parts = self._config, self._parts
        async with HttpClient(config, parts.addresses, base=parts.base) as client:
            asked = Asked("http", str(config.url), config.refresh_interval.seconds)
            await keep_asking(partial(self._ask, client), asked, parts, publish)

    async def _ask(self, client: HttpClient) -> list[TargetGroup]:
        url, seconds = str(self._config.url), self._config.refresh_interval.seconds
        headers = {
            "User-Agent": USER_AGENT,
            "Accept": "application/json",
            "X-Prometheus-Refresh-Interval-Seconds": f"{seconds:g}",
        }
        try:
            answer = await client.request("GET", self._config.url.reveal(), timeout=seconds, headers=headers)
            return self._read(url, answer)
        except (HttpError, DiscoveryError):
            self._parts.counts.http_failures += 1
            raise

    def _read(self, url: str, answer: Response) -> list[TargetGroup]:
        if answer.status != 200:
            raise DiscoveryError(f"server returned HTTP status {answer.status} {answer.reason}")
        kind = answer.headers.get("content-type", "")
        if not _JSON.matches(kind.strip()):
            raise DiscoveryError(f"unsupported content type {quote(kind)}")
        return from_json(answer.body, url, __meta_url=url)
