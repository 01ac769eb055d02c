"""Amazon SNS' settings; nothing is delivered there yet."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from engine.foundation.decode import Report
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import Secret


class SigV4Config(msgspec.Struct, frozen=True, kw_only=True):
    region: str = ""
    access_key: str = ""
    secret_key: Secret = Secret()
    profile: str = ""
    role_arn: str = ""

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
