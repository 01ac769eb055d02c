"""WeChat's settings; nothing is delivered there yet."""

from __future__ import annotations

import msgspec

from engine.foundation.decode import Report
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import HttpUrl, Secret


class WechatConfig(msgspec.Struct, frozen=True, kw_only=True):
    send_resolved: bool = False
    http_config: AlertmanagerHTTPClientConfig | None = None
    api_secret: Secret = Secret()
    corp_id: str = ""
    message: str = '{{ template "wechat.default.message" . }}'
    api_url: HttpUrl = HttpUrl()
    to_user: str = '{{ template "wechat.default.to_user" . }}'
    to_party: str = '{{ template "wechat.default.to_party" . }}'
    to_tag: str = '{{ template "wechat.default.to_tag" . }}'
    agent_id: str = '{{ template "wechat.default.agent_id" . }}'
    message_type: str = "text"

    def check(self, report: Report) -> None:
        if self.message_type not in ("", "text", "markdown"):
            report.error(
                f'weChat message type "{self.message_type}" does not match valid options ^(text|markdown)$',
                "message_type",
            )
