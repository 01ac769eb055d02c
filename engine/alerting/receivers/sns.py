"""Amazon SNS, by signed requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Final
from urllib.parse import urlencode

import msgspec

from engine.alerting.errors import DeliveryError
from engine.alerting.notify.outgoing import HttpMessage, Rendering, unexpected
from engine.foundation import aws
from engine.foundation.clock import SECOND
from engine.foundation.decode import NotYet, Report
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.sigv4 import Credentials, Scope, signed
from engine.foundation.values import HttpUrl, Secret

LARGEST_MESSAGE: Final = 256 * 1024
LARGEST_SMS: Final = 1600
FORM: Final = "application/x-www-form-urlencoded; charset=utf-8"


class SigV4Config(msgspec.Struct, frozen=True, kw_only=True):
    region: str = ""
    access_key: str = ""
    secret_key: Secret = Secret()
    profile: str = ""
    role_arn: Annotated[str, NotYet("Alertmanager")] = ""

    def check(self, report: Report) -> None:
        if bool(self.access_key) != bool(self.secret_key):
            report.error(
                "must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config"
            )


class SNSConfig(msgspec.Struct, frozen=True, kw_only=True):
    send_resolved: bool = True
    http_config: AlertmanagerHTTPClientConfig | None = None
    api_url: str = ""
    sigv4: SigV4Config = SigV4Config()
    topic_arn: str = ""
    phone_number: str = ""
    target_arn: str = ""
    subject: str = '{{ template "sns.default.subject" . }}'
    message: str = '{{ template "sns.default.message" . }}'
    attributes: Mapping[str, str] = {}

    def check(self, report: Report) -> None:
        targets = (self.target_arn, self.topic_arn, self.phone_number)
        if sum(map(bool, targets)) % 2 == 0:  # as there: all three pass
            report.error("must provide either a Target ARN, Topic ARN, or Phone Number for SNS config")


def render(config: SNSConfig, rendering: Rendering) -> HttpMessage:
    """A message that is too large is cut, and says so in an attribute. Topics that end in `.fifo` are ordered ones."""
    parameters = dict(_parameters(config, rendering))
    keys, region = _proof(config.sigv4)
    url = _url(rendering.text(config.api_url) or f"https://sns.{region}.amazonaws.com/")
    body = urlencode(sorted(parameters.items())).encode()
    scope = Scope(region, "sns", rendering.notice.now // SECOND)
    return HttpMessage(
        url=url,
        body=body,
        client=config.http_config or AlertmanagerHTTPClientConfig(),
        headers=signed("POST", url, keys, scope, headers={"Content-Type": FORM}, body=body),
        explain=unexpected,
        secrets=keys.secrets,
    )


def _url(text: str) -> str:
    """Raises DeliveryError for what is none."""
    try:
        return HttpUrl.from_text(text).reveal()
    except ValueError as error:
        raise DeliveryError(f"api_url: {error}", retry=False) from None


def _proof(config: SigV4Config) -> tuple[Credentials, str]:
    """Keys and region. Raises DeliveryError."""
    try:
        keys = aws.credentials(config.access_key, config.secret_key.reveal(), config.profile)
        return keys, aws.region(config.region, config.profile)
    except aws.AwsError as error:
        raise DeliveryError(str(error), retry=False) from None


def _parameters(config: SNSConfig, rendering: Rendering) -> Iterator[tuple[str, str]]:
    text, topic = rendering.text, rendering.text(config.topic_arn)
    yield from (("Action", "Publish"), ("Version", "2010-03-31"))
    targets = {"TopicArn": topic, "PhoneNumber": text(config.phone_number), "TargetArn": text(config.target_arn)}
    yield from ((name, value) for name, value in targets.items() if value)
    if topic.endswith(".fifo"):
        key = rendering.notice.hash
        yield from (("MessageDeduplicationId", key), ("MessageGroupId", key))
    most = LARGEST_SMS if config.phone_number else LARGEST_MESSAGE
    whole = text(config.message).encode()
    yield "Message", whole[:most].decode("utf-8", "ignore")
    if subject := text(config.subject):
        yield "Subject", subject
    attributes = {name: text(value) for name, value in config.attributes.items()}
    attributes |= {"truncated": "true"} if len(whole) > most else {}
    for at, (name, value) in enumerate(sorted(attributes.items()), 1):
        entry = f"MessageAttributes.entry.{at}"
        yield from (
            (f"{entry}.Name", name),
            (f"{entry}.Value.DataType", "String"),
            (f"{entry}.Value.StringValue", value),
        )
