"""Webex, by messages into a room."""

from __future__ import annotations

from typing import Final

import msgspec

from engine.alerting.notify.outgoing import HttpMessage, Rendering, cut_bytes, unexpected
from engine.foundation.decode import Report
from engine.foundation.gojson import encode_line
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import HttpUrl

LARGEST_MESSAGE: Final = 7439


class WebexConfig(msgspec.Struct, frozen=True, kw_only=True):
    send_resolved: bool = True
    http_config: AlertmanagerHTTPClientConfig | None = None
    api_url: HttpUrl = HttpUrl()
    message: str = '{{ template "webex.default.message" . }}'
    room_id: str = ""

    def check(self, report: Report) -> None:
        if not self.room_id:
            report.error("missing room_id on webex_config", "room_id")
        if self.http_config is None or self.http_config.authorization is None:
            report.error("missing webex_configs.http_config.authorization", "http_config")


def render(config: WebexConfig, rendering: Rendering) -> HttpMessage:
    """The bearer's token is in the client's settings."""
    body = {"markdown": cut_bytes(rendering.text(config.message), LARGEST_MESSAGE), "roomId": config.room_id}
    return HttpMessage(
        url=config.api_url.reveal(),
        body=encode_line(body),
        client=config.http_config or AlertmanagerHTTPClientConfig(),
        explain=unexpected,
    )
