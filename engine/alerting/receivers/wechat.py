"""WeChat Work: a token is fetched for two hours, then messages are sent with it."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import msgspec

from engine.alerting.errors import DeliveryError
from engine.alerting.notify.outgoing import Following, HttpMessage, Rendering, unexpected
from engine.foundation.decode import Report
from engine.foundation.gojson import encode_line
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import SECRET, HttpUrl, Secret

TOKEN_SECONDS: Final = 7200.0
TOKEN_EXPIRED: Final = 42001


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


def render(config: WechatConfig, rendering: Rendering) -> Following:
    text = rendering.text
    secret, corp = text(config.api_secret.reveal()), text(config.corp_id)
    client = config.http_config or AlertmanagerHTTPClientConfig()
    first = HttpMessage(
        method="GET",
        url=f"{config.api_url.reveal()}gettoken?{urlencode({'corpid': corp, 'corpsecret': secret})}",
        body=b"",
        client=client,
        headers={},
        explain=unexpected,
        retry_all=True,
        secrets=(secret,),
    )
    body = encode_line(_body(config, rendering))

    def with_token(token: str) -> HttpMessage:
        return HttpMessage(
            url=f"{config.api_url.reveal()}message/send?{urlencode({'access_token': token})}",
            body=body,
            client=client,
            explain=lambda status, _: f"unexpected status code {status}",
            retry_all=True,
            judge=_judge,
            secrets=(token, secret),
        )

    return Following(first, lambda answer: with_token(_token(answer, corp)), with_token(SECRET), TOKEN_SECONDS)


def _body(config: WechatConfig, rendering: Rendering) -> dict[str, object]:
    text = rendering.text
    message, plain = text(config.message), config.message_type != "markdown"
    named = {
        "touser": text(config.to_user),
        "toparty": text(config.to_party),
        "totag": text(config.to_tag),
        "agentid": text(config.agent_id),
        "safe": "0",
        "msgtype": config.message_type,
    }
    return {
        "text": {"content": message if plain else ""},
        **{name: value for name, value in named.items() if value},
        "markdown": {"content": "" if plain else message},
    }


class _Answer(msgspec.Struct):
    access_token: str = ""
    errcode: int = 0
    errmsg: str = ""


def _token(answer: bytes, corp: str) -> str:
    token = _read(answer).access_token
    if not token:
        raise DeliveryError(f"invalid APISecret for CorpID: {corp}", retry=False)
    return token


def _judge(answer: bytes) -> None:
    """A token that has run out is fetched anew."""
    told = _read(answer)
    if told.errcode:
        raise DeliveryError(told.errmsg or f"error {told.errcode}", retry=told.errcode == TOKEN_EXPIRED)


def _read(answer: bytes) -> _Answer:
    try:
        return msgspec.json.decode(answer, type=_Answer)
    except msgspec.MsgspecError as error:
        raise DeliveryError(f"wechat's answer can't be read: {error}", retry=True) from None
