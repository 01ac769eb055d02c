"""Alertmanager's configuration as it is written. `engine.config.alertmanager` fills receivers in from the globals.

The annotations are the table of what works here: a receiver that is typed but not built carries NotYet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Self

import msgspec

from engine.alerting.config_intervals import NamedTimeIntervals
from engine.alerting.matchers import parse_matchers
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
from engine.foundation.decode import NotYet, NullItem, Report
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.regexes import Regex
from engine.foundation.values import FilePath, HostPort, HttpUrl, LabelName, Secret, SecretUrl, is_label_name
from promql.model.durations import Duration

ALL_LABELS: Final = "..."
_NOT_YET: Final = NotYet("Alertmanager")
_NULL: Final = NullItem("null is no receiver's configuration")


class MatchName(str):
    """A label's name, as a key of `match` and `match_re`."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if not is_label_name(text):
            raise ValueError(f'invalid label name "{text}"')
        return cls(text)


class MatchersText(str):
    """One item of a `matchers` list, which may hold several: checked, and kept as written."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        parse_matchers(text)
        return cls(text)


class GroupLabel(str):
    """A label's name, or `...` for all labels."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if text != ALL_LABELS and not is_label_name(text):
            raise ValueError(f'invalid label name "{text}" in group_by list')
        return cls(text)


MatchKey = Annotated[str, MatchName]


class RouteConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A node of the route tree; what is None or empty is inherited. `continue_` is the key `continue`."""

    LATER: ClassVar[Mapping[str, str]] = {"labels": "Alertmanager 0.34"}

    receiver: str = ""
    group_by: tuple[GroupLabel, ...] = ()
    match: Mapping[MatchKey, str] = {}
    match_re: Mapping[MatchKey, Regex | None] = {}
    matchers: tuple[MatchersText, ...] = ()
    mute_time_intervals: Annotated[tuple[str, ...], _NOT_YET] = ()
    active_time_intervals: Annotated[tuple[str, ...], _NOT_YET] = ()
    continue_: bool = msgspec.field(name="continue", default=False)
    routes: Annotated[tuple[RouteConfig, ...], NullItem("null is no route")] = ()
    group_wait: Duration | None = None
    group_interval: Duration | None = None
    repeat_interval: Duration | None = None

    def check(self, report: Report) -> None:
        check_regexes(self.match_re, report, "match_re")
        if ALL_LABELS in self.group_by and len(self.group_by) > 1:
            report.error("cannot have wildcard group_by (`...`) and other other labels at the same time", "group_by")
        for index, name in enumerate(self.group_by):
            if name in self.group_by[:index]:
                report.error(f'duplicated label "{name}" in group_by', "group_by", index)
        if self.group_interval is not None and not self.group_interval:
            report.error("group_interval cannot be zero", "group_interval")
        if self.repeat_interval is not None and not self.repeat_interval:
            report.error("repeat_interval cannot be zero", "repeat_interval")


class InhibitRuleConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Sources keep targets quiet that have the same values of the `equal` labels."""

    LATER: ClassVar[Mapping[str, str]] = {"name": "Alertmanager 0.30"}

    source_match: Mapping[MatchKey, str] = {}
    source_match_re: Mapping[MatchKey, Regex | None] = {}
    source_matchers: tuple[MatchersText, ...] = ()
    target_match: Mapping[MatchKey, str] = {}
    target_match_re: Mapping[MatchKey, Regex | None] = {}
    target_matchers: tuple[MatchersText, ...] = ()
    equal: tuple[LabelName, ...] = ()

    def check(self, report: Report) -> None:
        check_regexes(self.source_match_re, report, "source_match_re")
        check_regexes(self.target_match_re, report, "target_match_re")


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
    webhook_configs: Annotated[tuple[WebhookConfig, ...], _NULL] = ()
    email_configs: Annotated[tuple[EmailConfig, ...], _NULL] = ()
    slack_configs: Annotated[tuple[SlackConfig, ...], _NULL] = ()
    pagerduty_configs: Annotated[tuple[PagerdutyConfig, ...], _NULL] = ()
    opsgenie_configs: Annotated[tuple[OpsGenieConfig, ...], _NULL, _NOT_YET] = ()
    wechat_configs: Annotated[tuple[WechatConfig, ...], _NULL, _NOT_YET] = ()
    pushover_configs: Annotated[tuple[PushoverConfig, ...], _NULL, _NOT_YET] = ()
    victorops_configs: Annotated[tuple[VictorOpsConfig, ...], _NULL, _NOT_YET] = ()
    sns_configs: Annotated[tuple[SNSConfig, ...], _NULL, _NOT_YET] = ()
    telegram_configs: Annotated[tuple[TelegramConfig, ...], _NULL, _NOT_YET] = ()
    discord_configs: Annotated[tuple[DiscordConfig, ...], _NULL, _NOT_YET] = ()
    webex_configs: Annotated[tuple[WebexConfig, ...], _NULL, _NOT_YET] = ()
    msteams_configs: Annotated[tuple[MSTeamsConfig, ...], _NULL, NotYet("Alertmanager 0.26 and later")] = ()

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


class AlertmanagerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A whole file. `global_` is the key `global`; `route` is None where the file has none (which is a mistake)."""

    LATER: ClassVar[Mapping[str, str]] = {"tracing": "Alertmanager 0.30", "event_recorder": "Alertmanager 0.33"}

    global_: GlobalConfig = msgspec.field(name="global", default=GlobalConfig())
    route: RouteConfig | None = None
    inhibit_rules: Annotated[tuple[InhibitRuleConfig, ...], NullItem("null is no inhibit rule")] = ()
    receivers: Annotated[tuple[Receiver, ...], NullItem("null is no receiver")] = ()
    templates: tuple[FilePath, ...] = ()
    mute_time_intervals: Annotated[tuple[NamedTimeIntervals, ...], NullItem("null is no time interval")] = ()
    time_intervals: Annotated[tuple[NamedTimeIntervals, ...], NullItem("null is no time interval")] = ()


def check_regexes(matches: Mapping[str, Regex | None], report: Report, key: str) -> None:
    for name, regex in matches.items():
        if regex is None:
            report.error(f'invalid regexp value for "{name}"', key, name)
