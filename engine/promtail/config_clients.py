"""Where lines are sent, as it is written: `clients`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

from engine.foundation.decode import OnlyHere, Report
from engine.foundation.http_config import HTTPClientConfig
from engine.foundation.values import GoDuration, HttpUrl, LabelName, Secret

_SINCE_2_9 = OnlyHere("Promtail before 2.9 refuses it")


class BackoffConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Pauses between tries double from `min_period` to `max_period`; a batch is given up after `max_retries`."""

    min_period: GoDuration = GoDuration(500)
    max_period: GoDuration = GoDuration(300_000)
    max_retries: Annotated[int, msgspec.Meta(ge=0)] = 10

    def check(self, report: Report) -> None:
        if self.max_period < self.min_period:
            report.error("max_period must not be less than min_period", "max_period")


class ClientConfig(HTTPClientConfig, frozen=True, kw_only=True):
    """`batchsize` is bytes of lines, `batchwait` how long the first line of a batch may wait for others."""

    url: HttpUrl = HttpUrl()
    name: str = ""
    batchwait: GoDuration = GoDuration(1000)
    batchsize: Annotated[int, msgspec.Meta(ge=1)] = 1_048_576
    backoff_config: BackoffConfig = BackoffConfig()
    timeout: GoDuration = GoDuration(10_000)
    external_labels: Mapping[Annotated[str, LabelName], str] = {}
    tenant_id: str = ""
    stream_lag_labels: str = ""
    headers: Annotated[Mapping[str, Secret], _SINCE_2_9] = {}
    drop_rate_limited_batches: Annotated[bool, _SINCE_2_9] = False

    @property
    def known_as(self) -> str:
        """By its name, else by whom it leads to."""
        return self.name or self.url.host

    def check(self, report: Report) -> None:
        super().check(report)
        if not self.url:
            report.error("client needs target URL", "url")
        if self.stream_lag_labels:
            report.warning("without effect: stream_lag_seconds is told by file and client", "stream_lag_labels")
