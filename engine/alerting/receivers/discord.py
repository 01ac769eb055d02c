"""Discord, through a webhook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import msgspec

from engine.alerting.notify.notice import FIRING
from engine.alerting.notify.outgoing import HttpMessage, Rendering, cut, secrets_of, unexpected
from engine.foundation.decode import Report
from engine.foundation.gojson import encode_line
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import SecretUrl

LONGEST_TITLE: Final = 256
LONGEST_DESCRIPTION: Final = 4096
RED: Final = 0x992D22
GREEN: Final = 0x2ECC71


class DiscordConfig(msgspec.Struct, frozen=True, kw_only=True):
    LATER: ClassVar[Mapping[str, str]] = {
        "webhook_url_file": "Alertmanager 0.27",
        "content": "Alertmanager 0.28",
        "username": "Alertmanager 0.28",
        "avatar_url": "Alertmanager 0.28",
    }

    send_resolved: bool = True
    http_config: AlertmanagerHTTPClientConfig | None = None
    webhook_url: SecretUrl = SecretUrl()
    title: str = '{{ template "discord.default.title" . }}'
    message: str = '{{ template "discord.default.message" . }}'

    def check(self, report: Report) -> None:
        if not self.webhook_url:
            report.error("no discord webhook URL provided", "webhook_url")


def render(config: DiscordConfig, rendering: Rendering) -> HttpMessage:
    """One embed, red while something fires. What Discord would refuse as too long is cut, as from 0.26 on."""
    embed = {
        "title": cut(rendering.text(config.title), LONGEST_TITLE),
        "description": cut(rendering.text(config.message), LONGEST_DESCRIPTION),
        "color": RED if rendering.notice.status == FIRING else GREEN,
    }
    url = config.webhook_url.reveal()
    return HttpMessage(
        url=url,
        body=encode_line({"content": "", "embeds": [embed]}),
        client=config.http_config or AlertmanagerHTTPClientConfig(),
        explain=unexpected,
        secrets=secrets_of(url),
    )
