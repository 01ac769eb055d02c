"""OpsGenie's settings; nothing is delivered there yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from engine.foundation.decode import Report
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import FilePath, HttpUrl, Secret

_TYPES: Final = frozenset({"team", "teams", "user", "escalation", "schedule"})


class OpsGenieResponder(msgspec.Struct, frozen=True, kw_only=True):
    """Known by one of id, name and username."""

    id: str = ""
    name: str = ""
    username: str = ""
    type: str = ""


class OpsGenieConfig(msgspec.Struct, frozen=True, kw_only=True):
    send_resolved: bool = True
    http_config: AlertmanagerHTTPClientConfig | None = None
    api_key: Secret = Secret()
    api_key_file: FilePath = FilePath()
    api_url: HttpUrl = HttpUrl()
    message: str = '{{ template "opsgenie.default.message" . }}'
    description: str = '{{ template "opsgenie.default.description" . }}'
    source: str = '{{ template "opsgenie.default.source" . }}'
    details: Mapping[str, str] = {}
    entity: str = ""
    responders: tuple[OpsGenieResponder, ...] = ()
    actions: str = ""
    tags: str = ""
    note: str = ""
    priority: str = ""
    update_alerts: bool = False

    def check(self, report: Report) -> None:
        if self.api_key and self.api_key_file:
            report.error("at most one of api_key & api_key_file must be configured", "api_key_file")
        for index, responder in enumerate(self.responders):
            if not (responder.id or responder.name or responder.username):
                report.error(
                    "OpsGenieConfig responder must have at least one of id, username or name specified",
                    "responders",
                    index,
                )
            if "{{" not in responder.type and responder.type.lower() not in _TYPES:
                report.error(
                    f'OpsGenieConfig responder type "{responder.type}" is not valid, want one of'
                    f" {', '.join(sorted(_TYPES))} or a template",
                    "responders",
                    index,
                    "type",
                )
