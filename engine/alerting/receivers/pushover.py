"""Pushover, whose parameters stand in the query."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import msgspec

from engine.alerting.notify.outgoing import HttpMessage, Rendering, cut, unexpected
from engine.foundation.decode import Report
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import GoDuration, Secret

URL: Final = "https://api.pushover.net/1/messages.json"
LONGEST_TITLE: Final = 250
LONGEST_MESSAGE: Final = 1024
LONGEST_URL: Final = 512


class PushoverConfig(msgspec.Struct, frozen=True, kw_only=True):
    send_resolved: bool = True
    http_config: AlertmanagerHTTPClientConfig | None = None
    user_key: Secret = Secret()
    token: Secret = Secret()
    title: str = '{{ template "pushover.default.title" . }}'
    message: str = '{{ template "pushover.default.message" . }}'
    url: str = '{{ template "pushover.default.url" . }}'
    url_title: str = ""
    sound: str = ""
    priority: str = '{{ if eq .Status "firing" }}2{{ else }}0{{ end }}'
    retry: GoDuration = GoDuration(60_000)
    expire: GoDuration = GoDuration(3_600_000)
    html: bool = False

    def check(self, report: Report) -> None:
        if not self.user_key:
            report.error("missing user key in Pushover config", "user_key")
        if not self.token:
            report.error("missing token in Pushover config", "token")


def render(config: PushoverConfig, rendering: Rendering) -> HttpMessage:
    """A message may not be empty there, so one that is says so."""
    text = rendering.text
    message = (rendering.html if config.html else text)(config.message)
    token, user = text(config.token.reveal()), text(config.user_key.reveal())
    parameters = {
        "token": token,
        "user": user,
        "title": cut(text(config.title), LONGEST_TITLE),
        **({"html": "1"} if config.html else {}),
        "message": cut(message, LONGEST_MESSAGE).strip() or "(no details)",
        "url": cut(text(config.url), LONGEST_URL),
        "url_title": text(config.url_title),
        "priority": text(config.priority),
        "retry": str(config.retry // 1000),
        "expire": str(config.expire // 1000),
        "sound": text(config.sound),
    }
    return HttpMessage(
        url=f"{URL}?{urlencode(sorted(parameters.items()))}",
        body=b"",
        client=config.http_config or AlertmanagerHTTPClientConfig(),
        explain=unexpected,
        headers={"Content-Type": "text/plain"},
        secrets=(token, user),
        shown="\n".join(f"{name}: {value}" for name, value in parameters.items()),
    )
