"""VictorOps (Splunk On-Call), through its REST endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import msgspec

from engine.alerting.notify.notice import FIRING
from engine.alerting.notify.outgoing import HttpMessage, Rendering, cut, unexpected
from engine.foundation.decode import Report
from engine.foundation.gojson import encode_line
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import FilePath, HttpUrl, Secret

LONGEST_MESSAGE: Final = 20_480
TYPES: Final = frozenset({"INFO", "WARNING", "CRITICAL"})
"""What a firing group may be; anything else is critical."""
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


def render(config: VictorOpsConfig, rendering: Rendering) -> HttpMessage:
    """Custom fields stand beside the fixed ones, which they can't replace."""
    text, key = rendering.text, rendering.secret(config.api_key.reveal(), config.api_key_file)
    kind = text(config.message_type)
    if rendering.notice.status != FIRING:
        kind = "RECOVERY"
    elif kind not in TYPES:
        kind = "CRITICAL"
    body = {
        "message_type": kind,
        "entity_id": rendering.notice.hash,
        "entity_display_name": text(config.entity_display_name),
        "state_message": cut(text(config.state_message), LONGEST_MESSAGE),
        "monitoring_tool": text(config.monitoring_tool),
        **{name: text(value) for name, value in config.custom_fields.items()},
    }
    return HttpMessage(
        url=f"{config.api_url.reveal()}{quote(key)}/{quote(text(config.routing_key))}",
        body=encode_line(dict(sorted(body.items()))),
        client=config.http_config or AlertmanagerHTTPClientConfig(),
        explain=unexpected,
        secrets=(key,),
    )
