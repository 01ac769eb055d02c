"""Slack, through an incoming webhook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import msgspec
from msgspec.structs import replace

from engine.alerting.notify.outgoing import HttpMessage, Rendering, cut, secrets_of
from engine.foundation.decode import Report
from engine.foundation.gojson import encode_line
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import FilePath, SecretUrl

LONGEST_TITLE: Final = 1024
MARKDOWN_IN: Final = ("fallback", "pretext", "text")


class SlackConfirmation(msgspec.Struct, frozen=True, kw_only=True):
    text: str = ""
    title: str = ""
    ok_text: str = ""
    dismiss_text: str = ""

    def check(self, report: Report) -> None:
        if not self.text:
            report.error("missing text in Slack confirmation configuration", "text")


class SlackAction(msgspec.Struct, frozen=True, kw_only=True):
    """A button: a link where it has a `url`, else a `name` with a value, which may ask for confirmation."""

    type: str = ""
    text: str = ""
    url: str = ""
    style: str = ""
    name: str = ""
    value: str = ""
    confirm: SlackConfirmation | None = None

    def check(self, report: Report) -> None:
        for key in ("type", "text"):
            if not getattr(self, key):
                report.error(f"missing {key} in Slack action configuration", key)
        if not self.url and not self.name:
            report.error("missing name or url in Slack action configuration", "name")


class SlackField(msgspec.Struct, frozen=True, kw_only=True):
    title: str = ""
    value: str = ""
    short: bool | None = None

    def check(self, report: Report) -> None:
        for key in ("title", "value"):
            if not getattr(self, key):
                report.error(f"missing {key} in Slack field configuration", key)


class SlackConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Texts are templates. An `api_url` that is missing here comes from the global section."""

    LATER: ClassVar[Mapping[str, str]] = {
        "app_token": "Alertmanager 0.30",
        "app_token_file": "Alertmanager 0.30",
        "app_url": "Alertmanager 0.30",
        "timeout": "Alertmanager 0.30",
        "message_text": "Alertmanager 0.31",
        "update_message": "Alertmanager 0.32",
    }

    send_resolved: bool = False
    http_config: AlertmanagerHTTPClientConfig | None = None
    api_url: SecretUrl = SecretUrl()
    api_url_file: FilePath = FilePath()
    channel: str = ""
    username: str = '{{ template "slack.default.username" . }}'
    color: str = '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}'
    title: str = '{{ template "slack.default.title" . }}'
    title_link: str = '{{ template "slack.default.titlelink" . }}'
    pretext: str = '{{ template "slack.default.pretext" . }}'
    text: str = '{{ template "slack.default.text" . }}'
    fields: tuple[SlackField, ...] = ()
    short_fields: bool = False
    footer: str = '{{ template "slack.default.footer" . }}'
    fallback: str = '{{ template "slack.default.fallback" . }}'
    callback_id: str = '{{ template "slack.default.callbackid" . }}'
    icon_emoji: str = '{{ template "slack.default.iconemoji" . }}'
    icon_url: str = '{{ template "slack.default.iconurl" . }}'
    image_url: str = ""
    thumb_url: str = ""
    link_names: bool = False
    mrkdwn_in: tuple[str, ...] = ()
    actions: tuple[SlackAction, ...] = ()

    def check(self, report: Report) -> None:
        if self.api_url and self.api_url_file:
            report.error("at most one of api_url & api_url_file must be configured", "api_url_file")


def completed(config: SlackConfig) -> SlackConfig:
    """A button with a link has nothing else."""
    links = (replace(one, name="", value="", confirm=None) if one.url else one for one in config.actions)
    return replace(config, actions=tuple(links))


def render(config: SlackConfig, rendering: Rendering) -> HttpMessage:
    """One attachment; what is empty is left out, but for text, fallback, callback and footer."""
    url = rendering.url(config.api_url, config.api_url_file)
    channel = rendering.text(config.channel)
    body = {
        **_filled(
            channel=channel,
            username=rendering.text(config.username),
            icon_emoji=rendering.text(config.icon_emoji),
            icon_url=rendering.text(config.icon_url),
            link_names=config.link_names,
        ),
        "attachments": [_attachment(config, rendering)],
    }
    return HttpMessage(
        url=url,
        body=encode_line(body),
        client=config.http_config or AlertmanagerHTTPClientConfig(),
        explain=lambda status, answer: f'channel "{channel}": unexpected status code {status}: {answer}',
        secrets=secrets_of(url),
    )


def _attachment(config: SlackConfig, rendering: Rendering) -> dict[str, object]:
    text = rendering.text
    return {
        **_filled(
            title=cut(text(config.title), LONGEST_TITLE),
            title_link=text(config.title_link),
            pretext=text(config.pretext),
        ),
        "text": text(config.text),
        "fallback": text(config.fallback),
        "callback_id": text(config.callback_id),
        **_filled(
            fields=[_field(field, config, rendering) for field in config.fields],
            actions=[_action(action, rendering) for action in config.actions],
            image_url=text(config.image_url),
            thumb_url=text(config.thumb_url),
        ),
        "footer": text(config.footer),
        **_filled(color=text(config.color), mrkdwn_in=list(config.mrkdwn_in or MARKDOWN_IN)),
    }


def _field(field: SlackField, config: SlackConfig, rendering: Rendering) -> dict[str, object]:
    short = config.short_fields if field.short is None else field.short
    return {**_filled(title=rendering.text(field.title), value=rendering.text(field.value)), "short": short}


def _action(action: SlackAction, rendering: Rendering) -> dict[str, object]:
    text = rendering.text
    confirm = action.confirm
    return {
        "type": text(action.type),
        "text": text(action.text),
        **_filled(
            url=text(action.url),
            style=text(action.style),
            name=text(action.name),
            value=text(action.value),
            confirm=confirm
            and {
                "text": text(confirm.text),
                **_filled(
                    title=text(confirm.title), ok_text=text(confirm.ok_text), dismiss_text=text(confirm.dismiss_text)
                ),
            },
        ),
    }


def _filled(**parts: object) -> dict[str, object]:
    return {name: part for name, part in parts.items() if part}
