"""What receivers are sent, byte for byte what Alertmanager 0.25 sends for the same config and alerts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.alerting.alert import Alert
from engine.alerting.config.kinds import RECEIVERS
from engine.alerting.config.resolve import build_route
from engine.alerting.dispatch.flush import Flush
from engine.alerting.dispatch.ordering import alert_order
from engine.alerting.errors import DeliveryError
from engine.alerting.kept.store import NEVER
from engine.alerting.matching.grammar import Grammar
from engine.alerting.notify.notice import Notice
from engine.alerting.notify.outgoing import HttpMessage, Rendering
from engine.alerting.notify.templating import Templates
from engine.alerting.receivers import pagerduty, slack, webhook
from engine.alerting.receivers.pagerduty import PagerdutyConfig
from engine.alerting.receivers.slack import SlackConfig
from engine.alerting.receivers.webhook import WebhookConfig, WebhookUrl
from engine.foundation.values import HttpUrl, Secret, SecretUrl
from promql.model.labels import Labels
from tests.alerting.world import parsed

PAYLOADS = Path(__file__).parent / "payloads"
NAME = 'Disk <Full> & "q"'
SECOND_OF = {"02T03:04:05": 1704164645, "02T01:04:05": 1704157445, "2025": 1735787045}
ENDED = SECOND_OF["2025"] * 10**9 + 500_000_000


def alerts(ends_at: int) -> tuple[Alert, ...]:
    one = Alert(
        Labels.of(alertname=NAME, instance="b:1", severity="warn"),
        (("empty", ""), ("summary", "s1 é\u2028")),
        SECOND_OF["02T03:04:05"] * 10**9 + 123456789,
        ends_at,
        0,
        "http://p/graph?a=1&b=2",
    )
    two = Alert(
        Labels.of(alertname=NAME, instance="a:1", severity="warn", job="j"),
        (("summary", "s2\b\ttab"),),
        SECOND_OF["02T01:04:05"] * 10**9,
        ends_at,
        0,
    )
    return tuple(sorted((one, two), key=alert_order))


def rendering(ends_at: int = NEVER, templates: Templates | None = None) -> Rendering:
    written = parsed((PAYLOADS / "alertmanager.yml").read_text()).route
    assert written is not None
    route = build_route(written, Grammar.BOTH)
    labels = Labels.of(alertname=NAME)
    flush = Flush(route, labels, route.group_key(labels), 0, 0)
    return Rendering(Notice.of(flush, alerts(ends_at), "http://am.example/x", 0), templates or Templates())


WHERE = {
    "webhook-all": ("webhook", 0),
    "webhook-one": ("webhook", 1),
    "slack-plain": ("slack", 0),
    "slack-full": ("slack", 1),
    "pagerduty-v2-plain": ("pagerduty", 0),
    "pagerduty-v2-full": ("pagerduty", 1),
    "pagerduty-v1-plain": ("pagerduty", 2),
    "pagerduty-v1-full": ("pagerduty", 3),
}


@pytest.mark.parametrize("name", WHERE)
@pytest.mark.parametrize(("status", "ends_at"), [("firing", NEVER), ("resolved", ENDED)])
def test_the_body_is_the_originals_byte_for_byte(name: str, status: str, ends_at: int) -> None:
    kind, index = WHERE[name]
    receiver = parsed((PAYLOADS / "alertmanager.yml").read_text()).receivers[0]
    message = RECEIVERS[kind].render(RECEIVERS[kind].configs(receiver)[index], rendering(ends_at))
    assert isinstance(message, HttpMessage)
    assert message.body == (PAYLOADS / f"{name}-{status}.json").read_bytes()
    assert dict(message.headers) == {"Content-Type": "application/json"}


def test_pagerduty_v1_goes_to_its_one_address_whatever_the_url_says() -> None:
    config = PagerdutyConfig(service_key=Secret("k"), url=HttpUrl("http://127.0.0.1/x"))
    assert pagerduty.render(config, rendering()).url.startswith("https://events.pagerduty.com/generic/")


def test_an_event_that_is_too_large_loses_its_details() -> None:
    details = {"x": "{{ range .Alerts }}" + "y" * 300_000 + "{{ end }}"}
    config = PagerdutyConfig(routing_key=Secret("k"), details=details)
    body = pagerduty.render(config, rendering()).body
    assert len(body) < 1000
    assert b'"custom_details":{"error":"Custom details have been removed' in body


@pytest.mark.parametrize("key", ["routing_key", "service_key"])
def test_a_key_that_is_empty_once_it_is_filled_in_is_refused(key: str) -> None:
    config: Any = PagerdutyConfig(**{key: Secret("{{ .CommonLabels.none }}")})
    with pytest.raises(DeliveryError, match="key cannot be empty"):
        pagerduty.render(config, rendering())


def test_long_texts_are_cut_with_an_ellipsis() -> None:
    config = PagerdutyConfig(routing_key=Secret("k"), description="é" * 1025)
    assert ("é" * 1023 + "…").encode() in pagerduty.render(config, rendering()).body
    title = slack.render(SlackConfig(api_url=SecretUrl("http://s/x"), title="é" * 1025), rendering()).body
    assert ("é" * 1023 + "…").encode() in title


def test_a_template_that_fails_says_where_and_is_never_tried_again() -> None:
    config = SlackConfig(api_url=SecretUrl("http://s/x"), title="{{ .Foo }}")
    with pytest.raises(DeliveryError) as caught:
        slack.render(config, rendering())
    assert "can't evaluate field Foo in type *template.Data" in str(caught.value)
    assert not caught.value.retry


def test_a_detail_that_fails_is_named() -> None:
    config = PagerdutyConfig(routing_key=Secret("k"), details={"x": "{{ .Foo }}"})
    with pytest.raises(DeliveryError, match=r'^"x": failed to template "{{ .Foo }}": template: :1:3: executing'):
        pagerduty.render(config, rendering())


def test_a_secret_is_read_from_its_file_when_it_is_sent(tmp_path: Path) -> None:
    file = tmp_path / "url"
    config = SlackConfig(api_url_file=str(file))  # type: ignore[arg-type]
    with pytest.raises(DeliveryError, match="No such file or directory"):
        slack.render(config, rendering())
    file.write_text(" http://hooks.example.com/services/T/B/tok \n")
    message = slack.render(config, rendering())
    assert message.url == "http://hooks.example.com/services/T/B/tok"


def test_what_is_shown_of_a_message_holds_no_secret() -> None:
    hook = slack.render(SlackConfig(api_url=SecretUrl("https://hooks.example.com/services/T/B/tok")), rendering())
    assert hook.address == "https://hooks.example.com/<secret>"
    page = pagerduty.render(PagerdutyConfig(routing_key=Secret("r0uting"), url=HttpUrl("http://p/e")), rendering())
    assert '"routing_key":"<secret>"' in page.payload
    assert "r0uting" not in page.payload
    url = WebhookUrl("https://user:pa55@example.com/a?token=t0k&x=1")
    post = webhook.render(WebhookConfig(url=url), rendering())
    assert post.address == "https://user:<secret>@example.com/a?token=<secret>&x=<secret>"
    assert str(url) == post.address


@pytest.mark.parametrize(
    ("answer", "explained"),
    [
        (
            '{"status":"invalid event","message":"Event object is invalid","errors":["a","b"]}',
            ": Event object is invalid: a,b",
        ),
        ("rubbish", ""),
    ],
)
def test_pagerdutys_own_complaint_is_told(answer: str, explained: str) -> None:
    message = pagerduty.render(PagerdutyConfig(routing_key=Secret("k")), rendering())
    assert message.explain(400, answer) == f"unexpected status code 400{explained}"
    assert message.explain(500, answer) == "unexpected status code 500"
