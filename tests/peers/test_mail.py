"""The letters of Alertmanager 0.25 beside ours: headers, parts, and how each signs in, byte for byte."""

from __future__ import annotations

import asyncio
import hmac
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.peers.test_alertmanager import at, eventually, ours, theirs

pytestmark = pytest.mark.peer

ALERTMANAGERS = (ours, theirs)
COMMON = "to: a@example.com, from: me@example.com, send_resolved: true, html: '{{ .Status }}', "
LONG = "{{ range .Alerts }}{{ .Annotations.text }}{{ end }}"
WORDS = {
    "plain": COMMON,
    "headers": COMMON + "headers: {subject: 'Sübject {{ .Status }}', X-Team: 'a', reply-to: 'r@example.com', "
    "References: '<x@y>', In-Reply-To: '<x@y>', Empty: ''}",
    "own date and id": COMMON + "headers: {Message-Id: '<own@x>', Date: 'Thu, 01 Jan 2026 00:00:00 +0000', To: 'list'}",
    "long subject": COMMON + f"headers: {{Subject: '{LONG}'}}",
    "both parts": COMMON + f"text: '{LONG}'",
    "text alone": COMMON.replace("{{ .Status }}", "") + f"text: '{LONG}'",
    "no part": COMMON.replace("{{ .Status }}", ""),
    "several to": COMMON.replace("to: a@example.com", "to: 'A B <a@example.com>, c@example.com'")
    .replace("from: me@example.com", "from: 'Mé <me@example.com>'"),
    "hello": COMMON + "hello: me.example.com",
    "templated to": COMMON.replace("to: a@example.com", "to: '{{ .CommonLabels.team }}@example.com'"),
}  # fmt: skip
SIGNED = "auth_username: me, auth_password: 'pa=ss w\u00f6rd', auth_secret: secret"
PLAIN, LOGIN, CRAM = "PLAIN", "LOGIN", "CRAM-MD5"
TLS = "require_tls: true, tls_config: {ca_file: CA}"


@dataclass(frozen=True)
class SigningIn:
    """What the server offers and wants, and what the config says; `sent` where the letter arrives."""

    offers: tuple[str, ...]
    says: str
    tls: bool = True
    sent: bool = True


ACCOUNTS = {
    "plain over TLS": SigningIn((PLAIN,), f"{SIGNED}, {TLS}"),
    "plain as somebody": SigningIn((PLAIN,), f"{SIGNED}, auth_identity: other, {TLS}"),
    "login over TLS": SigningIn((LOGIN,), f"{SIGNED}, {TLS}"),
    "challenge over TLS": SigningIn((CRAM,), f"{SIGNED}, {TLS}"),
    "the first that the server offers": SigningIn((CRAM, LOGIN, PLAIN), f"{SIGNED}, {TLS}"),
    "the first that there is a secret for": SigningIn((CRAM, LOGIN, PLAIN), f"auth_username: me, auth_password: p, {TLS}"),
    "plain in the open, here": SigningIn((PLAIN,), f"{SIGNED}, require_tls: false", tls=False),
    "challenge in the open": SigningIn((CRAM,), f"{SIGNED}, require_tls: false", tls=False),
    "nobody in the open": SigningIn((PLAIN,), "require_tls: false", tls=False),
    "who has no secret": SigningIn((CRAM,), f"auth_username: me, auth_password: p, {TLS}", sent=False),
    "no TLS where it is required": SigningIn((), "require_tls: true", tls=False, sent=False),
    "a certificate of nobody's": SigningIn((), "require_tls: true", sent=False),
    "a certificate that is not looked at": SigningIn((), "require_tls: true, tls_config: {insecure_skip_verify: true}"),
}  # fmt: skip


@dataclass
class Office:
    """A mail server: letters, and who signed in how."""

    letters: list[tuple[str, list[str], list[str], str]] = field(default_factory=list)
    signed_in: list[tuple[str, bytes, bytes]] = field(default_factory=list)

    async def handle_DATA(self, _server: object, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        who = f"{session.host_name} {'in TLS' if session.ssl else 'in the open'} {envelope.mail_options}"
        self.letters.append((who, [envelope.mail_from or ""], envelope.rcpt_tos, comparable(envelope.content)))
        return "250 OK"

    def authenticate(self, _server: object, _session: object, _envelope: object, how: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.signed_in.append((how, data.login, data.password))
        return AuthResult(success=True)


class Server(SMTP):
    """With the prompts that all clients know, and with CRAM-MD5; offers methods in the order given."""

    AuthLoginUsernameChallenge = "Username:"
    AuthLoginPasswordChallenge = "Password:"

    def __init__(self, office: Office, offers: tuple[str, ...], **more: Any) -> None:
        excluded = {PLAIN, LOGIN, CRAM} - set(offers)
        super().__init__(
            office, hostname="mail", authenticator=office.authenticate, auth_exclude_mechanism=excluded, **more
        )
        self._office = office
        self._auth_methods = {name: self._auth_methods[name] for name in offers}

    async def auth_CRAM__MD5(self, _server: SMTP, _args: list[str]) -> AuthResult:
        challenge = b"<1.2@mail>"
        answer = await self.challenge_auth(challenge)
        assert isinstance(answer, bytes)
        login, _, digest = answer.rpartition(b" ")
        right = hmac.new(b"secret", challenge, "md5").hexdigest().encode() == digest
        self._office.signed_in.append((CRAM, login, b"right" if right else b"wrong"))
        return AuthResult(success=right)


def comparable(letter: bytes) -> str:
    """Headers have no order there; times, and what is drawn by lot, have their shapes checked instead."""
    head, _, body = letter.decode().partition("\r\n\r\n")
    boundary = head.partition("boundary=")[2].split()[0]
    assert re.fullmatch("[0-9a-f]{60}", boundary)
    head = re.sub(r"<\d{19}\.\d{5,20}@[^>]+>", "<TIME.LOT@HOST>", head)
    head = re.sub(r"Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", "Date: NOW", head)
    return "\r\n".join([*sorted(re.split(r"\r\n(?![ \t])", head)), "", body]).replace(boundary, "BOUNDARY")


@asynccontextmanager
async def office(offers: tuple[str, ...], tls: ssl.SSLContext | None) -> AsyncIterator[tuple[Office, int]]:
    found, loop = Office(), asyncio.get_running_loop()
    more = {"tls_context": tls} if tls is not None else {"auth_require_tls": False}
    server = await loop.create_server(lambda: Server(found, offers, loop=loop, **more), "127.0.0.1", 0)
    async with server:
        yield found, server.sockets[0].getsockname()[1]


def config(settings: Mapping[str, str], ports: Mapping[str, int]) -> str:
    emails = [f"  - {{smarthost: '127.0.0.1:{ports[name]}', {one}}}" for name, one in settings.items()]
    head = [
        "route: {receiver: all, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}",
        "receivers:", "- name: all", "  email_configs:",
    ]  # fmt: skip
    return "\n".join([*head, *emails]).replace("{", "{{").replace("}", "}}")


REPORT = {
    "labels": {"alertname": "Disk <Full>", "team": "ops"},
    "annotations": {"text": "= é <b> & \n.dot\n\n" + "long wörd " * 30 + "\ttail  \n", "x": "y"},
    "startsAt": at(-5),
    "endsAt": "2035-01-01T00:00:00Z",
}


async def sent(
    alertmanager: Any, folder: Path, cases: Mapping[str, tuple[str, tuple[str, ...], ssl.SSLContext | None]], count: int
) -> dict[str, Office]:
    offices, ports = dict[str, Office](), dict[str, int]()
    async with AsyncExitStack() as stack:
        for name, (_, offers, tls) in cases.items():
            offices[name], ports[name] = await stack.enter_async_context(office(offers, tls))
        text = config({name: settings for name, (settings, _, _) in cases.items()}, ports)
        side = await stack.enter_async_context(alertmanager(folder, text))
        assert await side.ask("POST", "alerts", [REPORT]) == (200, "")

        async def enough() -> bool:
            return sum(len(one.letters) for one in offices.values()) >= count

        await eventually(f"{count} letters", enough)
    return offices


async def test_letters_say_the_same_in_the_same_parts(tmp_path: Path) -> None:
    cases = {name: (f"{settings.removesuffix(', ')}, require_tls: false", (), None) for name, settings in WORDS.items()}
    for one in ALERTMANAGERS:
        (tmp_path / one.__name__).mkdir()
    mine, other = await asyncio.gather(
        *(sent(one, tmp_path / one.__name__, cases, len(cases)) for one in ALERTMANAGERS)
    )
    for name in cases:
        assert mine[name] == other[name], name


async def test_both_sign_in_alike(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    cases = {
        name: (COMMON + one.says.replace("CA}", f"'{file}'}}"), one.offers, context if one.tls else None)
        for name, one in ACCOUNTS.items()
    }
    count = sum(one.sent for one in ACCOUNTS.values())
    for one in ALERTMANAGERS:
        (tmp_path / one.__name__).mkdir()
    mine, other = await asyncio.gather(*(sent(one, tmp_path / one.__name__, cases, count) for one in ALERTMANAGERS))
    for name, account in ACCOUNTS.items():
        assert mine[name].letters == other[name].letters, name
        assert mine[name].signed_in == other[name].signed_in, name
        assert bool(mine[name].letters) is account.sent, name
