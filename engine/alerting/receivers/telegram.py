"""Telegram's settings; nothing is delivered there yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from engine.foundation.decode import Report
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import HttpUrl, Secret


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
