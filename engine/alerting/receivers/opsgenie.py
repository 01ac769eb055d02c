"""OpsGenie: an alert is created, told anew where that is wanted, and closed in the end, under an alias."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from engine.alerting.notify.notice import FIRING, common
from engine.alerting.notify.outgoing import JSON, HttpMessage, Rendering, Several, cut, unexpected
from engine.foundation.decode import Report
from engine.foundation.gojson import encode_line
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import FilePath, HttpUrl, Secret

LONGEST_MESSAGE: Final = 130
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


def render(config: OpsGenieConfig, rendering: Rendering) -> Several:
    """One request, or three where alerts are updated."""
    key = rendering.text(rendering.secret(config.api_key.reveal(), config.api_key_file))
    return Several(
        tuple(
            HttpMessage(
                method=method,
                url=config.api_url.reveal() + path,
                body=encode_line(body),
                client=config.http_config or AlertmanagerHTTPClientConfig(),
                headers={**JSON, "Authorization": f"GenieKey {key}"},
                explain=unexpected,
                retried=frozenset({429}),
                secrets=(key,),
            )
            for method, path, body in _requests(config, rendering)
        )
    )


def _requests(config: OpsGenieConfig, rendering: Rendering) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Method, path and body of each."""
    text, alias = rendering.text, rendering.notice.hash
    if rendering.notice.status != FIRING:
        yield "POST", f"v2/alerts/{alias}/close?identifierType=alias", {"source": text(config.source)}
        return
    message, description = cut(text(config.message), LONGEST_MESSAGE), text(config.description)
    details = {**common(alert.labels for alert in rendering.notice.alerts)}
    details |= {name: text(value) for name, value in config.details.items()}
    optional = {
        "responders": list(_responders(config, rendering)),
        "tags": _split(text(config.tags)),
        "note": text(config.note),
        "priority": text(config.priority),
        "entity": text(config.entity),
        "actions": _split(text(config.actions)),
    }
    body = {
        "alias": alias,
        "message": message,
        **_filled({"description": description}),
        "details": dict(sorted(details.items())),
        "source": text(config.source),
        **_filled(optional),
    }
    yield "POST", "v2/alerts", body
    if config.update_alerts:
        yield "PUT", f"v2/alerts/{alias}/message?identifierType=alias", _filled({"message": message})
        yield "PUT", f"v2/alerts/{alias}/description?identifierType=alias", _filled({"description": description})


def _responders(config: OpsGenieConfig, rendering: Rendering) -> Iterator[dict[str, object]]:
    """`teams` is several teams, by their names between commas."""
    text = rendering.text
    for one in config.responders:
        kind, name = text(one.type), text(one.name)
        if kind == "teams":
            for team in _split(name):
                yield {"name": text(team), "type": "team"}
            continue
        known = _filled({"id": text(one.id), "name": name, "username": text(one.username)})
        if known or kind:
            yield {**known, "type": kind}


def _split(text: str) -> list[str]:
    return [part for part in text.strip().split(",") if part]


def _filled(parts: Mapping[str, object]) -> dict[str, object]:
    return {name: part for name, part in parts.items() if part}
