"""Mail, through the team's SMTP server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from engine.foundation.decode import Report
from engine.foundation.http_config import TlsConfig
from engine.foundation.values import FilePath, HostPort, Secret


class EmailConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What is empty (or None) here comes from the global section when the file is loaded."""

    LATER: ClassVar[Mapping[str, str]] = {
        "threading": "Alertmanager 0.30",
        "auth_secret_file": "Alertmanager 0.31",
        "force_implicit_tls": "Alertmanager 0.31",
    }

    send_resolved: bool = False
    to: str = ""
    from_: str = msgspec.field(name="from", default="")
    hello: str = ""
    smarthost: HostPort = HostPort()
    auth_username: str = ""
    auth_password: Secret = Secret()
    auth_password_file: FilePath = FilePath()
    auth_secret: Secret = Secret()
    auth_identity: str = ""
    headers: Mapping[str, str] = {}
    html: str = '{{ template "email.default.html" . }}'
    text: str = ""
    require_tls: bool | None = None
    tls_config: TlsConfig = TlsConfig()

    def check(self, report: Report) -> None:
        if not self.to:
            report.error("missing to address in email config", "to")
        seen = set()
        for header in self.headers:
            name = header.title()
            if name in seen:
                report.error(f'duplicate header "{name}" in email config', "headers", header)
            seen.add(name)
