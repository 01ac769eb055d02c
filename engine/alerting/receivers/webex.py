"""Webex' settings; nothing is delivered there yet."""

from __future__ import annotations

import msgspec

from engine.foundation.decode import Report
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import HttpUrl


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
