"""Mail, through the team's SMTP server."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, getaddresses
from secrets import randbits, token_hex
from socket import gethostname
from typing import Annotated, ClassVar, Final

import msgspec

from engine.alerting.errors import DeliveryError
from engine.alerting.notify.mail import encoded_header, letter
from engine.alerting.notify.outgoing import MailMessage, Rendering
from engine.foundation.clock import SECOND
from engine.foundation.decode import OnlyHere, Report
from engine.foundation.http_config import TlsConfig, canonical
from engine.foundation.values import FilePath, HostPort, Secret

SUBJECT: Final = '{{ template "email.default.subject" . }}'
LARGEST_PORT: Final = 65535
DAILY: Final = "daily"
_THREAD: Final = frozenset({"References", "In-Reply-To"})
PORTS: Final = {"smtp": "25", "smtps": "465", "submission": "587"}


class Threading(msgspec.Struct, frozen=True):
    """Letters about one group belong together: those of one day, or, with `none`, all."""

    enabled: bool = False
    thread_by_date: str = DAILY


class EmailConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What is empty (or None) here comes from the global section when the file is loaded."""

    LATER: ClassVar[Mapping[str, str]] = {
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
    threading: Annotated[Threading, OnlyHere("Alertmanager refuses it before 0.30")] = Threading()

    def check(self, report: Report) -> None:
        if not self.to:
            report.error("missing to address in email config", "to")
        seen = set()
        for header in self.headers:
            name = canonical(header)
            if name in seen:
                report.error(f'duplicate header "{name}" in email config', "headers", header)
            seen.add(name)
        if self.threading.enabled:
            self._check_threading(seen, report)

    def _check_threading(self, headers: Collection[str], report: Report) -> None:
        for header in sorted(_THREAD.intersection(headers)):
            report.error(
                f"conflicting configuration: threading.enabled conflicts with custom {header} header", "headers", header
            )
        if self.threading.thread_by_date not in ("none", DAILY):
            report.error("threading.thread_by_date must be either 'none' or 'daily'", "threading", "thread_by_date")


def completed(config: EmailConfig) -> EmailConfig:
    """With the headers that every letter has."""
    given = {canonical(name): value for name, value in config.headers.items()}
    headers = {"Subject": SUBJECT, "To": config.to, "From": config.from_} | given
    return msgspec.structs.replace(config, headers=headers)


def render(config: EmailConfig, rendering: Rendering) -> MailMessage:
    """One letter to all addresses, as text and as HTML."""
    sender = _addresses(_fill(rendering, config.from_, "execute 'from' template"), "from")
    recipients = _addresses(_fill(rendering, config.to, "execute 'to' template"), "to")
    if len(sender) != 1:
        raise DeliveryError(f"must be exactly one 'from' address (got: {len(sender)})", retry=False)
    host, port = _server(config.smarthost)
    return MailMessage(
        host=host,
        port=port,
        hello=config.hello,
        sender=sender[0],
        recipients=tuple(recipients),
        content=letter(_headers(config, rendering), _parts(config, rendering), token_hex(30)),
        require_tls=config.require_tls is not False,
        tls=config.tls_config,
        username=config.auth_username,
        password=rendering.secret(config.auth_password.reveal(), config.auth_password_file),
        secret=config.auth_secret.reveal(),
        identity=config.auth_identity,
    )


def _headers(config: EmailConfig, rendering: Rendering) -> list[tuple[str, str]]:
    filled = [
        (name, encoded_header(_fill(rendering, template, f'execute "{name}" header template')))
        for name, template in config.headers.items()
    ]
    now, sent = rendering.notice.now, datetime.fromtimestamp(rendering.notice.now // SECOND, UTC)
    if "Message-Id" not in config.headers:
        filled.append(("Message-Id", f"<{now}.{randbits(63)}@{gethostname()}>"))
    if config.threading.enabled:
        # a letter that was never sent: those that answer it are shown together
        day = f"{sent:%Y-%m-%d}" if config.threading.thread_by_date == DAILY else ""
        root = f"<alert-{rendering.notice.hash[:16]}-{day}@alertmanager>"
        filled += [(header, root) for header in sorted(_THREAD, reverse=True)]
    return [*filled, ("Date", format_datetime(sent))]


def _parts(config: EmailConfig, rendering: Rendering) -> list[tuple[str, str]]:
    parts = []
    if config.text:
        parts.append(("text/plain", _fill(rendering, config.text, "execute text template")))
    if config.html:
        try:
            parts.append(("text/html", rendering.html(config.html)))
        except DeliveryError as error:
            raise DeliveryError(f"execute html template: {error}", retry=False) from None
    return parts


def _fill(rendering: Rendering, template: str, what: str) -> str:
    try:
        return rendering.text(template)
    except DeliveryError as error:
        raise DeliveryError(f"{what}: {error}", retry=False) from None


def _addresses(text: str, what: str) -> list[str]:
    """The bare addresses of a list. Raises DeliveryError where one is none."""
    found = [address for _, address in getaddresses([text])]
    if not found or any(address.count("@") != 1 or not all(address.split("@")) for address in found):
        raise DeliveryError(f"parse '{what}' addresses: {text!r} is no list of mail addresses", retry=False)
    return found


def _server(smarthost: HostPort) -> tuple[str, int]:
    """Host and port; the names of mail's own ports are known."""
    port = PORTS.get(smarthost.port, smarthost.port)
    if not port.isdecimal() or int(port) > LARGEST_PORT:
        raise DeliveryError(f"unknown port {smarthost.port!r} in smarthost {smarthost}", retry=False)
    return smarthost.host, int(port)
