"""PagerDuty: the Events API, version 2 with a `routing_key`, version 1 with a `service_key`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from engine.foundation.decode import Report
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import FilePath, HttpUrl, Secret


class PagerdutyImage(msgspec.Struct, frozen=True, kw_only=True):
    src: str = ""
    alt: str = ""
    href: str = ""


class PagerdutyLink(msgspec.Struct, frozen=True, kw_only=True):
    href: str = ""
    text: str = ""


class PagerdutyConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Texts are templates. With both keys version 1 is spoken."""

    LATER: ClassVar[Mapping[str, str]] = {"timeout": "Alertmanager 0.30"}

    send_resolved: bool = True
    http_config: AlertmanagerHTTPClientConfig | None = None
    service_key: Secret = Secret()
    service_key_file: FilePath = FilePath()
    routing_key: Secret = Secret()
    routing_key_file: FilePath = FilePath()
    url: HttpUrl = HttpUrl()
    client: str = '{{ template "pagerduty.default.client" . }}'
    client_url: str = '{{ template "pagerduty.default.clientURL" . }}'
    description: str = '{{ template "pagerduty.default.description" .}}'
    details: Mapping[str, str] = {}
    images: tuple[PagerdutyImage, ...] = ()
    links: tuple[PagerdutyLink, ...] = ()
    source: str = ""
    severity: str = ""
    class_: str = msgspec.field(name="class", default="")
    component: str = ""
    group: str = ""

    def check(self, report: Report) -> None:
        by_service = self.service_key or self.service_key_file
        if not by_service and not self.routing_key and not self.routing_key_file:
            report.error("missing service or routing key in PagerDuty config", "routing_key")
        if self.service_key and self.service_key_file:
            report.error("at most one of service_key & service_key_file must be configured", "service_key_file")
        if self.routing_key and self.routing_key_file:
            report.error("at most one of routing_key & routing_key_file must be configured", "routing_key_file")
        if by_service and report.given("severity"):
            report.warning(
                "severity has no effect with service_key: version 1 of PagerDuty's Events API ignores it,"
                " use routing_key",
                "severity",
            )
