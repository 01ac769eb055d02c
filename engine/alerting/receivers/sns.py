"""Amazon SNS, by signed requests.

Keys are those of the config, else those of the environment (`AWS_ACCESS_KEY_ID`, ...), else those of the profile in
`~/.aws/credentials`; the region likewise.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlencode

import msgspec

from engine.alerting.outgoing import HttpMessage, Rendering, unexpected
from engine.alerting.pipeline import DeliveryError
from engine.foundation.clock import SECOND
from engine.foundation.decode import NotYet, Report
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.sigv4 import Credentials, Scope, signed
from engine.foundation.values import Secret

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
    credentials, region = _credentials(config.sigv4), _region(config.sigv4)
    url = rendering.text(config.api_url) or f"https://sns.{region}.amazonaws.com/"
    body = urlencode(sorted(parameters.items())).encode()
    scope = Scope(region, "sns", rendering.notice.now // SECOND)
    return HttpMessage(
        url=url,
        body=body,
        client=config.http_config or AlertmanagerHTTPClientConfig(),
        headers=signed("POST", url, credentials, scope, headers={"Content-Type": FORM}, body=body),
        explain=unexpected,
        secrets=credentials.secrets,
    )


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


def _credentials(config: SigV4Config) -> Credentials:
    if config.access_key:
        return Credentials(config.access_key, config.secret_key.reveal())
    if not config.profile and os.environ.get("AWS_ACCESS_KEY_ID"):
        get = os.environ.get
        return Credentials(get("AWS_ACCESS_KEY_ID", ""), get("AWS_SECRET_ACCESS_KEY", ""), get("AWS_SESSION_TOKEN", ""))
    kept = _profile("AWS_SHARED_CREDENTIALS_FILE", "credentials", config.profile)
    if not kept.get("aws_access_key_id"):
        raise DeliveryError(
            "could not get SigV4 credentials: neither config, environment nor profile has keys", retry=False
        )
    return Credentials(
        kept["aws_access_key_id"], kept.get("aws_secret_access_key", ""), kept.get("aws_session_token", "")
    )


def _region(config: SigV4Config) -> str:
    region = config.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    region = region or _profile("AWS_CONFIG_FILE", "config", config.profile).get("region")
    if not region:
        raise DeliveryError("region not configured in sigv4 or in default credentials chain", retry=False)
    return region


def _profile(variable: str, name: str, profile: str) -> Mapping[str, str]:
    """A section of AWS' files; in `config` it is written `profile NAME`."""
    path = Path(os.environ.get(variable) or Path.home() / ".aws" / name)
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError) as error:
        raise DeliveryError(f"{path}: can't be read: {error}", retry=False) from None
    wanted = profile or os.environ.get("AWS_PROFILE") or "default"
    section = next((one for one in (wanted, f"profile {wanted}") if parser.has_section(one)), None)
    return dict(parser[section]) if section else {}
