"""VictorOps' settings; nothing is delivered there yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from engine.foundation.decode import Report
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import FilePath, HttpUrl, Secret

_RESERVED: Final = (
    "routing_key", "message_type", "state_message", "entity_display_name", "monitoring_tool", "entity_id",
    "entity_state",
)  # fmt: skip


class VictorOpsConfig(msgspec.Struct, frozen=True, kw_only=True):
    send_resolved: bool = True
    http_config: AlertmanagerHTTPClientConfig | None = None
    api_key: Secret = Secret()
    api_key_file: FilePath = FilePath()
    api_url: HttpUrl = HttpUrl()
    routing_key: str = ""
    message_type: str = "CRITICAL"
    state_message: str = '{{ template "victorops.default.state_message" . }}'
    entity_display_name: str = '{{ template "victorops.default.entity_display_name" . }}'
    monitoring_tool: str = '{{ template "victorops.default.monitoring_tool" . }}'
    custom_fields: Mapping[str, str] = {}

    def check(self, report: Report) -> None:
        if not self.routing_key:
            report.error("missing Routing key in VictorOps config", "routing_key")
        if self.api_key and self.api_key_file:
            report.error("at most one of api_key & api_key_file must be configured", "api_key_file")
        for name in self.custom_fields:
            if name in _RESERVED:
                report.error(
                    f'VictorOps config contains custom field "{name}" which cannot be used as it conflicts with the'
                    " fixed/static fields",
                    "custom_fields",
                    name,
                )
