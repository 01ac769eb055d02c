"""Handing a letter to the team's mail server.

Port 465 speaks TLS from the first byte; elsewhere STARTTLS is used where the config requires TLS, and only there.
Who has a user name signs in, by the first of the server's methods that there is a secret for; PLAIN is refused over an
open connection, unless the server is this machine.
"""

from __future__ import annotations

import base64
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import aiosmtplib
from msgspec import Struct
from yarl import URL

from engine.alerting.errors import DeliveryError
from engine.alerting.notify.outgoing import MailMessage
from engine.foundation.addresses import AddressBook
from engine.foundation.delivery import is_loopback
from engine.foundation.tls import ClientTls, TlsError

IMPLICIT_TLS_PORT: Final = 465
_SIGNED_IN: Final = 235

log = logging.getLogger(__name__)


async def send_mail(message: MailMessage, addresses: AddressBook, base: Path, seconds: float) -> None:
    """Deliver within so many seconds. Raises DeliveryError; all but wrong TLS files and addresses may mend itself."""
    try:
        context = ClientTls(message.tls, base).context()
    except TlsError as error:
        raise DeliveryError(f"parse TLS configuration: {error}", retry=False) from None
    try:
        route = await addresses.lead(URL.build(scheme="http", host=message.host, port=message.port))
    except ValueError as error:
        raise DeliveryError(f"establish connection to server: {error}", retry=False) from None
    client = aiosmtplib.SMTP(
        hostname=route.url.host,
        port=route.url.port,
        local_hostname=message.hello,
        timeout=seconds,
        use_tls=message.port == IMPLICIT_TLS_PORT,
        start_tls=False,
        tls_context=context,
    )
    try:
        await _step("establish connection to server", client.connect())
        await _secure(client, message, context)
        await _sign_in(client, message)
        await _hand_over(client, message)
    finally:
        client.close()


async def _secure(client: aiosmtplib.SMTP, message: MailMessage, context: ssl.SSLContext) -> None:
    await _step("send EHLO command", client.ehlo())
    if not message.require_tls or message.port == IMPLICIT_TLS_PORT:
        return
    if not client.supports_extension("starttls"):
        server = f"{message.host}:{message.port}"
        raise DeliveryError(
            f"'require_tls' is true (default) but \"{server}\" does not advertise the STARTTLS extension", retry=True
        )
    name = message.tls.server_name or message.host
    await _step("send STARTTLS command", client.starttls(server_hostname=name, tls_context=context))
    await _step("send EHLO command", client.ehlo())


async def _sign_in(client: aiosmtplib.SMTP, message: MailMessage) -> None:
    if not message.username or not client.supports_extension("auth"):
        return
    complaints = []
    offered = client.esmtp_extensions["auth"].split()  # in the server's order, which the library forgets
    for method in offered:
        kind = _METHODS.get(method.lower())
        if kind is None:
            continue
        if kind.secret(message):
            await _step(f"{method.upper()} auth", kind.sign_in(client, message))
            return
        complaints.append(f"missing {kind.needs} for {method.upper()} auth mechanism")
    what = "; ".join(complaints) or f"unknown auth mechanism: {' '.join(offered).upper()}"
    raise DeliveryError(f"find auth mechanism: {what}", retry=True)


async def _hand_over(client: aiosmtplib.SMTP, message: MailMessage) -> None:
    options = ["BODY=8BITMIME"] if client.supports_extension("8bitmime") else []
    await _step("send MAIL command", client.mail(message.sender, options=options))
    for recipient in message.recipients:
        await _step("send RCPT command", client.rcpt(recipient))
    await _step("send DATA command", client.data(message.content))
    try:
        await client.quit()
    except aiosmtplib.SMTPException as error:
        log.debug("the letter was taken, but the server did not say goodbye: %s", error)


async def _step(what: str, doing: Awaitable[object]) -> None:
    try:
        await doing
    except (aiosmtplib.SMTPException, OSError) as error:
        raise DeliveryError(f"{what}: {error}", retry=True) from None
    except ValueError as error:  # an address that no SMTP command can hold
        raise DeliveryError(f"{what}: {error}", retry=False) from None


async def _plain(client: aiosmtplib.SMTP, message: MailMessage) -> None:
    encrypted = message.require_tls or message.port == IMPLICIT_TLS_PORT
    if not (encrypted or is_loopback(message.host)):
        raise DeliveryError("PLAIN auth: unencrypted connection", retry=True)
    token = base64.b64encode(f"{message.identity}\0{message.username}\0{message.password}".encode())
    answer = await client.execute_command(b"AUTH", b"PLAIN", token)
    if answer.code != _SIGNED_IN:
        raise aiosmtplib.SMTPAuthenticationError(answer.code, answer.message)


async def _login(client: aiosmtplib.SMTP, message: MailMessage) -> None:
    await client.auth_login(message.username, message.password)


async def _cram_md5(client: aiosmtplib.SMTP, message: MailMessage) -> None:
    await client.auth_crammd5(message.username, message.secret)


class _Method(Struct, frozen=True):
    """A way to sign in. `needs` names the secret where it is missing."""

    secret: Callable[[MailMessage], str]
    needs: str
    sign_in: Callable[[aiosmtplib.SMTP, MailMessage], Awaitable[None]]


_METHODS: Final[Mapping[str, _Method]] = MappingProxyType(
    {
        "cram-md5": _Method(lambda message: message.secret, "secret", _cram_md5),
        "plain": _Method(lambda message: message.password, "password", _plain),
        "login": _Method(lambda message: message.password, "password", _login),
    }
)
