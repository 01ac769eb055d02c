"""PagerDuty: the Events API, version 2 with a `routing_key`, version 1 with a `service_key`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Final

import msgspec

from engine.alerting.errors import DeliveryError
from engine.alerting.notify.notice import FIRING
from engine.alerting.notify.outgoing import HttpMessage, Rendering, cut
from engine.foundation.decode import Report
from engine.foundation.gojson import encode_line
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import FilePath, HttpUrl, Secret

V1_URL: Final = "https://events.pagerduty.com/generic/2010-04-15/create_event.json"
TRIGGER: Final = "trigger"
RESOLVE: Final = "resolve"
DETAILS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "firing": '{{ template "pagerduty.default.instances" .Alerts.Firing }}',
        "resolved": '{{ template "pagerduty.default.instances" .Alerts.Resolved }}',
        "num_firing": "{{ .Alerts.Firing | len }}",
        "num_resolved": "{{ .Alerts.Resolved | len }}",
    }
)
LONGEST_SUMMARY: Final = 1024
LARGEST_EVENT: Final = 512_000
TOO_LARGE: Final = {
    "error": "Custom details have been removed because the original event exceeds the maximum size of 512KB"
}


class PagerdutyImage(msgspec.Struct, frozen=True, kw_only=True):
    src: str = ""
    alt: str = ""
    href: str = ""


class PagerdutyLink(msgspec.Struct, frozen=True, kw_only=True):
    href: str = ""
    text: str = ""


class PagerdutyConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Texts are templates; without a `source` it is the client. With both keys version 1 is spoken."""

    LATER: ClassVar[Mapping[str, str]] = {"timeout": "Alertmanager 0.30"}

    send_resolved: bool = True
    http_config: AlertmanagerHTTPClientConfig | None = None
    service_key: Secret = Secret()
    service_key_file: FilePath = FilePath()
    routing_key: Secret = Secret()
    routing_key_file: FilePath = FilePath()
    url: HttpUrl = HttpUrl()
    client: str = '{{ template "pagerduty.default.client" . }}'
    client_url: str = '{{ template "pagerduty.default.clientURL" . }}'
    description: str = '{{ template "pagerduty.default.description" .}}'
    details: Mapping[str, str] = {}
    images: tuple[PagerdutyImage, ...] = ()
    links: tuple[PagerdutyLink, ...] = ()
    source: str = ""
    severity: str = ""
    class_: str = msgspec.field(name="class", default="")
    component: str = ""
    group: str = ""

    def check(self, report: Report) -> None:
        by_service = self.service_key or self.service_key_file
        if not by_service and not self.routing_key and not self.routing_key_file:
            report.error("missing service or routing key in PagerDuty config", "routing_key")
        if self.service_key and self.service_key_file:
            report.error("at most one of service_key & service_key_file must be configured", "service_key_file")
        if self.routing_key and self.routing_key_file:
            report.error("at most one of routing_key & routing_key_file must be configured", "routing_key_file")
        if by_service and report.given("severity"):
            report.warning(
                "severity has no effect with service_key: version 1 of PagerDuty's Events API ignores it,"
                " use routing_key",
                "severity",
            )


def completed(config: PagerdutyConfig) -> PagerdutyConfig:
    """With the details that every event has, and a source."""
    details = {**DETAILS, **config.details}
    return msgspec.structs.replace(config, details=details, source=config.source or config.client)


def render(config: PagerdutyConfig, rendering: Rendering) -> HttpMessage:
    """An event of version 1 where there is a service key, else of version 2."""
    if config.service_key or config.service_key_file:
        return _first_version(config, rendering)
    return _second_version(config, rendering)


def _first_version(config: PagerdutyConfig, rendering: Rendering) -> HttpMessage:
    firing = rendering.notice.status == FIRING
    key = _key(config.service_key, config.service_key_file, rendering, "service")
    client = (
        _filled(client=rendering.text(config.client), client_url=rendering.text(config.client_url)) if firing else {}
    )
    body: dict[str, object] = {
        "service_key": key,
        "incident_key": rendering.notice.hash,
        "event_type": TRIGGER if firing else RESOLVE,
        "description": cut(rendering.text(config.description), LONGEST_SUMMARY),
        "event_action": "",
        "payload": None,
        **client,
        "details": _details(config, rendering),
    }
    content = encode_line(body)
    if len(content) > LARGEST_EVENT:
        content = encode_line({**body, "details": TOO_LARGE})
    return HttpMessage(
        url=V1_URL,
        body=content,
        client=config.http_config or AlertmanagerHTTPClientConfig(),
        explain=_explain,
        retried=frozenset({403}),
        secrets=(key,),
    )


def _second_version(config: PagerdutyConfig, rendering: Rendering) -> HttpMessage:
    text = rendering.text
    key = _key(config.routing_key, config.routing_key_file, rendering, "routing")
    payload: dict[str, object] = {
        "summary": cut(text(config.description), LONGEST_SUMMARY),
        "source": text(config.source),
        "severity": text(config.severity or "error"),
        **_filled(class_=text(config.class_), component=text(config.component), group=text(config.group)),
        "custom_details": _details(config, rendering),
    }
    body: dict[str, object] = {
        "routing_key": key,
        "dedup_key": rendering.notice.hash,
        "event_action": TRIGGER if rendering.notice.status == FIRING else RESOLVE,
        "payload": payload,
        **_filled(
            client=text(config.client),
            client_url=text(config.client_url),
            images=_images(config, rendering),
            links=_links(config, rendering),
        ),
    }
    content = encode_line(body)
    if len(content) > LARGEST_EVENT:
        content = encode_line({**body, "payload": {**payload, "custom_details": TOO_LARGE}})
    return HttpMessage(
        url=config.url.reveal(),
        body=content,
        client=config.http_config or AlertmanagerHTTPClientConfig(),
        explain=_explain,
        retried=frozenset({429}),
        secrets=(key,),
    )


def _key(value: Secret, file: str, rendering: Rendering, kind: str) -> str:
    key = rendering.text(rendering.secret(value.reveal(), file))
    if not key:
        raise DeliveryError(f"{kind} key cannot be empty", retry=False)
    return key


def _details(config: PagerdutyConfig, rendering: Rendering) -> dict[str, str]:
    filled = {}
    for name, template in sorted(config.details.items()):
        try:
            filled[name] = rendering.text(template)
        except DeliveryError as error:
            raise DeliveryError(f'"{name}": failed to template "{template}": {error}', retry=False) from None
    return filled


def _images(config: PagerdutyConfig, rendering: Rendering) -> list[dict[str, str]]:
    text = rendering.text
    filled = ({"src": text(i.src), "alt": text(i.alt), "href": text(i.href)} for i in config.images)
    return [image for image in filled if image["src"]]


def _links(config: PagerdutyConfig, rendering: Rendering) -> list[dict[str, str]]:
    filled = ({"href": rendering.text(link.href), "text": rendering.text(link.text)} for link in config.links)
    return [link for link in filled if link["href"]]


def _filled(**parts: object) -> dict[str, object]:
    return {name.rstrip("_"): part for name, part in parts.items() if part}


def _explain(status: int, answer: str) -> str:
    """PagerDuty says in a 400 what it did not like."""
    plain = f"unexpected status code {status}"
    if status != 400:
        return plain
    try:
        complaint = msgspec.json.decode(answer, type=_Complaint)
    except msgspec.MsgspecError:
        return plain
    return f"{plain}: {complaint.message}: {','.join(complaint.errors)}"


class _Complaint(msgspec.Struct):
    message: str = ""
    errors: list[str] = []
