"""Receivers as they are written, what they share, and how what one lacks is taken from that.

The annotations are the table of what works here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final

import msgspec
from msgspec import Struct

from engine.alerting.receivers import email, pagerduty, slack
from engine.alerting.receivers.discord import DiscordConfig
from engine.alerting.receivers.email import EmailConfig
from engine.alerting.receivers.msteams import MSTeamsConfig
from engine.alerting.receivers.opsgenie import OpsGenieConfig
from engine.alerting.receivers.pagerduty import PagerdutyConfig
from engine.alerting.receivers.pushover import PushoverConfig
from engine.alerting.receivers.slack import SlackConfig
from engine.alerting.receivers.sns import SNSConfig
from engine.alerting.receivers.telegram import TelegramConfig
from engine.alerting.receivers.victorops import VictorOpsConfig
from engine.alerting.receivers.webex import WebexConfig
from engine.alerting.receivers.webhook import WebhookConfig
from engine.alerting.receivers.wechat import WechatConfig
from engine.foundation.decode import NullItem, OnlyHere, Report
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import FilePath, HostPort, HttpUrl, Secret, SecretUrl
from promql.model.durations import Duration

_NULL: Final = NullItem("null is no receiver's configuration")


class _Fallback(Struct, frozen=True):
    """Where none of `keys` is set, all of them are those of the globals; `missing` is said if that has none either."""

    keys: tuple[str, ...]
    of_global: tuple[str, ...]
    missing: str = ""


_FALLBACKS: Final[Mapping[str, tuple[_Fallback, ...]]] = MappingProxyType(
    {
        "webhook_configs": (),
        "email_configs": (
            _Fallback(("smarthost",), ("smtp_smarthost",), "no global SMTP smarthost set"),
            _Fallback(("from_",), ("smtp_from",), "no global SMTP from set"),
            _Fallback(("hello",), ("smtp_hello",)),
            _Fallback(("auth_username",), ("smtp_auth_username",)),
            _Fallback(("auth_password", "auth_password_file"), ("smtp_auth_password", "smtp_auth_password_file")),
            _Fallback(("auth_secret",), ("smtp_auth_secret",)),
            _Fallback(("auth_identity",), ("smtp_auth_identity",)),
            _Fallback(("require_tls",), ("smtp_require_tls",)),
        ),
        "slack_configs": (
            _Fallback(
                ("api_url", "api_url_file"),
                ("slack_api_url", "slack_api_url_file"),
                "no global Slack API URL set either inline or in a file",
            ),
        ),
        "pagerduty_configs": (_Fallback(("url",), ("pagerduty_url",)),),
        "opsgenie_configs": (
            _Fallback(("api_url",), ("opsgenie_api_url",)),
            _Fallback(
                ("api_key", "api_key_file"),
                ("opsgenie_api_key", "opsgenie_api_key_file"),
                "no global OpsGenie API Key set either inline or in a file",
            ),
        ),
        "wechat_configs": (
            _Fallback(("api_url",), ("wechat_api_url",)),
            _Fallback(("api_secret",), ("wechat_api_secret",), "no global Wechat ApiSecret set"),
            _Fallback(("corp_id",), ("wechat_api_corp_id",), "no global Wechat CorpID set"),
        ),
        "pushover_configs": (),
        "victorops_configs": (
            _Fallback(("api_url",), ("victorops_api_url",)),
            _Fallback(
                ("api_key", "api_key_file"),
                ("victorops_api_key", "victorops_api_key_file"),
                "no global VictorOps API Key set",
            ),
        ),
        "sns_configs": (),
        "telegram_configs": (_Fallback(("api_url",), ("telegram_api_url",)),),
        "discord_configs": (),
        "webex_configs": (_Fallback(("api_url",), ("webex_api_url",)),),
        "msteams_configs": (),
    }
)


def _as_folder(config: Any) -> Any:
    return msgspec.structs.replace(config, api_url=config.api_url.as_folder())


_COMPLETE: Final[Mapping[type, Callable[[Any], Any]]] = MappingProxyType(
    {
        EmailConfig: email.completed,
        SlackConfig: slack.completed,
        PagerdutyConfig: pagerduty.completed,
        OpsGenieConfig: _as_folder,
        WechatConfig: _as_folder,
        VictorOpsConfig: _as_folder,
    }
)
"""What a receiver always says, whatever its config does."""


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to tell; with a name alone, nobody."""

    LATER: ClassVar[Mapping[str, str]] = {
        "msteamsv2_configs": "Alertmanager 0.28",
        "jira_configs": "Alertmanager 0.28",
        "rocketchat_configs": "Alertmanager 0.28",
        "incidentio_configs": "Alertmanager 0.29",
        "mattermost_configs": "Alertmanager 0.30",
    }

    name: str = ""
    discord_configs: Annotated[tuple[DiscordConfig, ...], _NULL] = ()
    email_configs: Annotated[tuple[EmailConfig, ...], _NULL] = ()
    pagerduty_configs: Annotated[tuple[PagerdutyConfig, ...], _NULL] = ()
    slack_configs: Annotated[tuple[SlackConfig, ...], _NULL] = ()
    webhook_configs: Annotated[tuple[WebhookConfig, ...], _NULL] = ()
    opsgenie_configs: Annotated[tuple[OpsGenieConfig, ...], _NULL] = ()
    wechat_configs: Annotated[tuple[WechatConfig, ...], _NULL] = ()
    pushover_configs: Annotated[tuple[PushoverConfig, ...], _NULL] = ()
    victorops_configs: Annotated[tuple[VictorOpsConfig, ...], _NULL] = ()
    sns_configs: Annotated[tuple[SNSConfig, ...], _NULL] = ()
    telegram_configs: Annotated[tuple[TelegramConfig, ...], _NULL] = ()
    webex_configs: Annotated[tuple[WebexConfig, ...], _NULL] = ()
    msteams_configs: Annotated[tuple[MSTeamsConfig, ...], _NULL, OnlyHere("Alertmanager refuses it before 0.26")] = ()

    def check(self, report: Report) -> None:
        if not self.name:
            report.error("missing name in receiver", "name")


class GlobalConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What receivers fall back on."""

    LATER: ClassVar[Mapping[str, str]] = {
        "jira_api_url": "Alertmanager 0.28",
        "smtp_tls_config": "Alertmanager 0.28",
        "rocketchat_api_url": "Alertmanager 0.28",
        "rocketchat_token": "Alertmanager 0.28",
        "rocketchat_token_file": "Alertmanager 0.28",
        "rocketchat_token_id": "Alertmanager 0.28",
        "rocketchat_token_id_file": "Alertmanager 0.28",
        "slack_app_token": "Alertmanager 0.30",
        "slack_app_token_file": "Alertmanager 0.30",
        "slack_app_url": "Alertmanager 0.30",
        "smtp_auth_secret_file": "Alertmanager 0.31",
        "smtp_force_implicit_tls": "Alertmanager 0.31",
        "telegram_bot_token": "Alertmanager 0.31",
        "telegram_bot_token_file": "Alertmanager 0.31",
        "wechat_api_secret_file": "Alertmanager 0.31",
        "mattermost_webhook_url": "Alertmanager 0.32",
        "mattermost_webhook_url_file": "Alertmanager 0.32",
    }

    resolve_timeout: Duration = Duration(300_000)
    http_config: AlertmanagerHTTPClientConfig = AlertmanagerHTTPClientConfig()
    smtp_from: str = ""
    smtp_hello: str = "localhost"
    smtp_smarthost: HostPort = HostPort()
    smtp_auth_username: str = ""
    smtp_auth_password: Secret = Secret()
    smtp_auth_password_file: FilePath = FilePath()
    smtp_auth_secret: Secret = Secret()
    smtp_auth_identity: str = ""
    smtp_require_tls: bool = True
    slack_api_url: SecretUrl = SecretUrl()
    slack_api_url_file: FilePath = FilePath()
    pagerduty_url: HttpUrl = HttpUrl("https://events.pagerduty.com/v2/enqueue")
    opsgenie_api_url: HttpUrl = HttpUrl("https://api.opsgenie.com/")
    opsgenie_api_key: Secret = Secret()
    opsgenie_api_key_file: FilePath = FilePath()
    wechat_api_url: HttpUrl = HttpUrl("https://qyapi.weixin.qq.com/cgi-bin/")
    wechat_api_secret: Secret = Secret()
    wechat_api_corp_id: str = ""
    victorops_api_url: HttpUrl = HttpUrl("https://alert.victorops.com/integrations/generic/20131114/alert/")
    victorops_api_key: Secret = Secret()
    victorops_api_key_file: FilePath = FilePath()
    telegram_api_url: HttpUrl = HttpUrl("https://api.telegram.org")
    webex_api_url: HttpUrl = HttpUrl("https://webexapis.com/v1/messages")

    def check(self, report: Report) -> None:
        for key in ("slack_api_url", "opsgenie_api_key", "victorops_api_key", "smtp_auth_password"):
            if getattr(self, key) and getattr(self, f"{key}_file"):
                report.error(f"at most one of {key} & {key}_file must be configured", f"{key}_file")


def with_globals(receiver: Receiver, settings: GlobalConfig) -> Receiver:
    """The receiver with everything that it takes from the globals."""
    return msgspec.structs.replace(
        receiver,
        **{
            kind: tuple(_completed(config, fallbacks, settings) for config in getattr(receiver, kind))
            for kind, fallbacks in _FALLBACKS.items()
        },
    )


def lacking(receiver: Receiver, settings: GlobalConfig) -> Iterator[tuple[str, int, str]]:
    """What neither the receiver nor the globals say: the kind's key, the place in it, the message."""
    for kind, fallbacks in _FALLBACKS.items():
        for index, config in enumerate(getattr(receiver, kind)):
            for fallback in fallbacks:
                if fallback.missing and not (_any(config, fallback.keys) or _any(settings, fallback.of_global)):
                    yield kind, index, fallback.missing


def _completed(config: Any, fallbacks: tuple[_Fallback, ...], settings: GlobalConfig) -> Any:
    """A receiver's `http_config` takes the global one's place as a whole."""
    changes: dict[str, Any] = {}
    if getattr(config, "http_config", settings) is None:
        changes["http_config"] = settings.http_config
    for fallback in fallbacks:
        if not _any(config, fallback.keys):
            changes |= {
                key: getattr(settings, name) for key, name in zip(fallback.keys, fallback.of_global, strict=True)
            }
    complete = _COMPLETE.get(type(config), lambda config: config)
    return complete(msgspec.structs.replace(config, **changes))


def _any(config: Any, keys: tuple[str, ...]) -> bool:
    """Whether one of these is set; False is."""
    return any(value or value is False for value in (getattr(config, key) for key in keys))
