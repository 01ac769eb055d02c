"""Telegram, by a bot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import msgspec

from engine.alerting.errors import DeliveryError
from engine.alerting.notify.outgoing import HttpMessage, Rendering, cut, unexpected
from engine.foundation.decode import Report
from engine.foundation.gojson import encode_line
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import HttpUrl, Secret

LONGEST_TEXT: Final = 4096
HTML: Final = "HTML"


class TelegramConfig(msgspec.Struct, frozen=True, kw_only=True):
    LATER: ClassVar[Mapping[str, str]] = {
        "bot_token_file": "Alertmanager 0.26",
        "message_thread_id": "Alertmanager 0.28",
        "chat_id_file": "Alertmanager 0.31",
    }

    send_resolved: bool = True
    http_config: AlertmanagerHTTPClientConfig | None = None
    api_url: HttpUrl = HttpUrl()
    bot_token: Secret = Secret()
    chat_id: int = 0
    message: str = '{{ template "telegram.default.message" . }}'
    disable_notifications: bool = False
    parse_mode: str = "HTML"

    def check(self, report: Report) -> None:
        if not self.bot_token:
            report.error("missing bot_token on telegram_config", "bot_token")
        if not self.chat_id:
            report.error("missing chat_id on telegram_config", "chat_id")
        if self.parse_mode not in ("", "Markdown", "MarkdownV2", "HTML"):
            report.error(
                "unknown parse_mode on telegram_config, must be Markdown, MarkdownV2, HTML or empty string",
                "parse_mode",
            )


def render(config: TelegramConfig, rendering: Rendering) -> HttpMessage:
    """All fields are texts, as the original's library has it; whatever goes wrong is tried again."""
    text = rendering.html if config.parse_mode == HTML else rendering.text
    body = {
        "chat_id": str(config.chat_id),
        **({"disable_notification": "true"} if config.disable_notifications else {}),
        "disable_web_page_preview": "true",
        **({"parse_mode": config.parse_mode} if config.parse_mode else {}),
        "text": cut(text(config.message), LONGEST_TEXT),
    }
    token = config.bot_token.reveal()
    return HttpMessage(
        url=f"{config.api_url.reveal()}/bot{token}/sendMessage",
        body=encode_line(body),
        client=config.http_config or AlertmanagerHTTPClientConfig(),
        explain=_explain,
        retry_all=True,
        judge=_judge,
        secrets=(token,),
    )


class _Answer(msgspec.Struct):
    ok: bool = False
    description: str = ""


def _judge(answer: bytes) -> None:
    """Telegram says in the answer whether it has taken the message."""
    try:
        told = msgspec.json.decode(answer, type=_Answer)
    except msgspec.MsgspecError as error:
        raise DeliveryError(f"telegram's answer can't be read: {error}", retry=True) from None
    if not told.ok:
        raise DeliveryError(f"telegram: {told.description}", retry=True)


def _explain(status: int, answer: str) -> str:
    try:
        return f"telegram: {msgspec.json.decode(answer, type=_Answer).description} ({status})"
    except msgspec.MsgspecError:
        return unexpected(status, answer)
