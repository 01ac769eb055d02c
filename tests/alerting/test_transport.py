"""Messages over real sockets of this machine."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from msgspec.structs import replace

from engine.alerting.config.kinds import RECEIVERS
from engine.alerting.errors import DeliveryError
from engine.alerting.notify.outgoing import Following, HttpMessage, MailMessage, Outgoing, Several
from engine.alerting.notify.transport import Transport
from engine.alerting.receivers import email
from engine.alerting.receivers.email import EmailConfig, Threading
from engine.alerting.receivers.pagerduty import PagerdutyConfig
from engine.alerting.receivers.slack import SlackConfig
from engine.alerting.receivers.webhook import WebhookConfig
from engine.foundation.addresses import AddressBook
from engine.foundation.clock import SECOND, SystemClock
from engine.foundation.delivery import Delivery, DeliveryPolicy
from engine.foundation.http_config import (
    AlertmanagerHTTPClientConfig,
    Authorization,
    BasicAuth,
    HttpHeader,
    OAuth2,
    TlsConfig,
)
from engine.foundation.values import FilePath, HostPort, Secret, Url
from engine.testing.manual_clock import ManualClock
from tests.alerting.test_payloads import rendering
from tests.foundation.serving import serving


@dataclass
class Hook:
    """A receiver of HTTP requests; answers with `status`, or leads on to `location`."""

    port: int = 0
    status: int = 200
    location: str = ""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.append((request.path, dict(request.headers), await request.read()))
        if self.location and request.path == "/first":
            return web.Response(status=307, headers={"Location": self.location})
        return web.Response(status=self.status, text="so be it")


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    made = Hook()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


def post(url: str, retried: frozenset[int] = frozenset(), **client: Any) -> HttpMessage:
    return HttpMessage(
        url=url,
        body=b"{}\n",
        client=AlertmanagerHTTPClientConfig(**client),
        explain=lambda status, answer: f"unexpected status code {status}: {answer}",
        retried=retried,
        secrets=("t0ken",),
    )


async def send(message: Outgoing, *allowed: str, base: Path = Path(), seconds: float = 5) -> Delivery:
    clock = SystemClock()
    delivery = Delivery(DeliveryPolicy(frozenset(allowed)))
    transport = Transport("team", "team/x[0]", delivery=delivery, addresses=AddressBook(clock), clock=clock, base=base)
    try:
        await transport.send(message, clock.now_ns() + round(seconds * SECOND))
    finally:
        await transport.close()
    return delivery


async def failure(message: Outgoing, *allowed: str, seconds: float = 5) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await send(message, *allowed, seconds=seconds)
    return caught.value


async def test_a_message_to_this_machine_is_sent(hook: Hook) -> None:
    delivery = await send(post(f"http://127.0.0.1:{hook.port}/x?a=1"))
    [(path, headers, body)] = hook.requests
    assert (path, body, headers["User-Agent"]) == ("/x", b"{}\n", "Alertmanager/0.25.0")
    assert headers["Content-Type"] == "application/json"
    assert delivery.outbox.total == 0


@pytest.mark.parametrize("status", [200, 201, 204])
async def test_any_answer_of_the_two_hundreds_is_fine(hook: Hook, status: int) -> None:
    hook.status = status
    await send(post(f"http://127.0.0.1:{hook.port}/"))


@pytest.mark.parametrize(
    ("status", "retried", "again"),
    [
        (500, (), True),
        (503, (), True),
        (400, (), False),
        (404, (), False),
        (429, (), False),
        (429, (429,), True),
        (403, (403,), True),
        (302, (), False),
    ],
)
async def test_server_errors_may_mend_themselves_and_client_errors_do_not(
    hook: Hook, status: int, retried: tuple[int, ...], again: bool
) -> None:
    hook.status = status
    error = await failure(post(f"http://127.0.0.1:{hook.port}/", frozenset(retried)))
    assert (str(error), error.retry) == (f"unexpected status code {status}: so be it", again)


@pytest.mark.parametrize(
    ("kind", "config", "retried"),
    [
        ("webhook", WebhookConfig(), set()),
        ("slack", SlackConfig(), set()),
        ("pagerduty", PagerdutyConfig(routing_key=Secret("k")), {429}),
        ("pagerduty", PagerdutyConfig(service_key=Secret("k")), {403}),
    ],
)
def test_each_receiver_tries_again_after_its_own_statuses(kind: str, config: object, retried: set[int]) -> None:
    message = RECEIVERS[kind].render(config, rendering())
    assert isinstance(message, HttpMessage)
    assert message.retried == retried


async def test_a_refused_connection_may_mend_itself_and_shows_no_secret() -> None:
    error = await failure(post("http://127.0.0.1:9/t0ken"))
    assert error.retry
    assert "connection refused" in str(error)
    assert "t0ken" not in str(error)


async def test_passwords_and_queries_of_an_address_are_not_told() -> None:
    error = await failure(post("http://me:pa55@127.0.0.1:9/hook?key=c0de"))
    told = 'Post "http://me:<secret>@127.0.0.1:9/hook?key=<secret>": dial tcp 127.0.0.1:9: connect: connection refused'
    assert str(error) == told


async def test_what_leads_beyond_this_machine_is_kept_and_shown() -> None:
    delivery = await send(post("http://hooks.example.com/services/t0ken"))
    [kept] = delivery.outbox.all()
    assert (kept.receiver, kept.integration) == ("team", "team/x[0]")
    assert kept.address == "http://hooks.example.com/services/<secret>"
    assert kept.payload == "{}\n"


async def test_a_proxy_beyond_this_machine_counts_too(hook: Hook) -> None:
    message = post(f"http://127.0.0.1:{hook.port}/", proxy_url=Url("http://proxy.example.com:3128"))
    assert (await send(message)).outbox.total == 1
    assert hook.requests == []


async def test_a_server_of_tokens_beyond_this_machine_counts_too(hook: Hook) -> None:
    token = OAuth2(client_id="a", client_secret=Secret("b"), token_url="https://login.example.com/token")
    assert (await send(post(f"http://127.0.0.1:{hook.port}/", oauth2=token))).outbox.total == 1
    proxied = OAuth2(
        client_id="a", client_secret=Secret("b"), token_url=f"http://127.0.0.1:{hook.port}/token",
        proxy_url=Url("http://proxy.example.com:3128"),
    )  # fmt: skip
    assert (await send(post(f"http://127.0.0.1:{hook.port}/", oauth2=proxied))).outbox.total == 1
    assert hook.requests == []


async def test_a_permitted_receiver_is_not_withheld() -> None:
    message = post("http://hooks.example.com/", proxy_url=Url("http://127.0.0.1:9"))
    assert (await failure(message, "team")).retry
    assert (await send(message, "other")).outbox.total == 1


async def test_nobody_on_this_machine_can_lead_a_message_out_of_it(hook: Hook) -> None:
    hook.location = f"http://127.0.0.1:{hook.port}/second"
    message = post(f"http://127.0.0.1:{hook.port}/first")
    assert str(await failure(message)).startswith("unexpected status code 307")
    assert [path for path, _, _ in hook.requests] == ["/first"]
    await send(message, "team")
    assert [path for path, _, _ in hook.requests] == ["/first", "/first", "/second"]


@pytest.mark.parametrize("allowed", ["*", "nobody"])
@pytest.mark.parametrize("url", ["http://[broken/", "http://hook:99999/"])
async def test_what_is_no_url_is_told(url: str, allowed: str) -> None:
    told = str(await failure(post(url), allowed))
    assert "no address that can be called" in told or "invalid port" in told


@pytest.mark.parametrize("allowed", ["*", "nobody"])
async def test_a_mail_server_that_cannot_be_is_told_and_not_tried_again(allowed: str) -> None:
    assert not (await failure(replace(letter_to(25), host="mail box"), allowed)).retry


@dataclass
class Mailbox:
    """Keeps what a mail server takes."""

    letters: list[Envelope] = field(default_factory=list)
    signed_in: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:
        self.letters.append(envelope)
        return "250 OK"

    def authenticate(self, _server: object, _session: object, _envelope: object, _how: str, data: Any) -> AuthResult:
        if isinstance(data, LoginPassword):
            self.signed_in.append((data.login, data.password))
        return AuthResult(success=True)


@asynccontextmanager
async def mail_server(**options: Any) -> AsyncIterator[tuple[Mailbox, int]]:
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mailbox, hostname="mail", loop=loop, **options), "127.0.0.1", 0)
    async with server:
        yield mailbox, server.sockets[0].getsockname()[1]


def letter_to(port: int, **more: Any) -> MailMessage:
    settings = {"require_tls": False, "hello": "localhost", "text": "T {{ .Status }} é", **more}
    config = EmailConfig(
        to="A B <a@example.com>, c@example.com",
        from_="me@example.com",
        smarthost=HostPort(f"127.0.0.1:{port}"),
        **settings,
    )
    return email.render(email.completed(config), rendering())


async def test_a_letter_arrives_with_both_parts_for_all_recipients() -> None:
    async with mail_server() as (mailbox, port):
        await send(letter_to(port, headers={"subject": "Sübject {{ .Status }}", "X-Team": "a"}))
    [envelope] = mailbox.letters
    assert envelope.mail_from == "me@example.com"
    assert envelope.rcpt_tos == ["a@example.com", "c@example.com"]
    raw = envelope.content
    assert isinstance(raw, bytes)
    message: Any = message_from_bytes(raw, policy=default)
    assert (message["Subject"], message["X-Team"]) == ("Sübject firing", "a")
    assert (message["From"], message["To"]) == ("me@example.com", "A B <a@example.com>, c@example.com")
    assert message["Message-Id"].endswith(">")
    text, html = message.get_payload()
    assert text.get_content().strip() == "T firing é"
    assert "[2] Firing" in html.get_content()


def test_letters_about_one_group_answer_one_that_was_never_sent_of_the_day_or_of_all_days() -> None:
    def headers(**more: Any) -> list[Any]:
        message = message_from_bytes(letter_to(25, **more).content)
        return [message["References"], message["In-Reply-To"]]

    daily, for_ever = (headers(threading=Threading(enabled=True, thread_by_date=by)) for by in ("daily", "none"))
    group, sent = rendering().notice.hash[:16], datetime.fromtimestamp(rendering().notice.now // SECOND, UTC)
    assert daily == [f"<alert-{group}-{sent:%Y-%m-%d}@alertmanager>"] * 2
    assert for_ever == [f"<alert-{group}-@alertmanager>"] * 2
    assert headers() == [None, None]


async def test_a_letter_may_have_one_part_only() -> None:
    async with mail_server() as (mailbox, port):
        await send(letter_to(port, html=""))
        await send(letter_to(port, text=""))
    kinds = [[part.get_content_type() for part in parts(envelope)] for envelope in mailbox.letters]
    assert kinds == [["text/plain"], ["text/html"]]


def parts(envelope: Envelope) -> list[Message]:
    assert isinstance(envelope.content, bytes)
    payload: Any = message_from_bytes(envelope.content).get_payload()
    return list(payload)


async def test_a_server_without_starttls_is_refused_where_tls_is_required() -> None:
    async with mail_server() as (mailbox, port):
        error = await failure(letter_to(port, require_tls=True))
    assert str(error) == (
        f"'require_tls' is true (default) but \"127.0.0.1:{port}\" does not advertise the STARTTLS extension"
    )
    assert error.retry
    assert mailbox.letters == []


@pytest.mark.parametrize("allowed", [("PLAIN", "LOGIN"), ("LOGIN",)])
async def test_tls_and_a_password_are_used_where_they_are_asked_for(tmp_path: Path, allowed: tuple[str, ...]) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    box = Mailbox()
    excluded = {"PLAIN", "LOGIN"} - set(allowed)
    async with mail_server(
        tls_context=context, require_starttls=True, auth_required=True, authenticator=box.authenticate,
        auth_exclude_mechanism=excluded,
    ) as (mailbox, port):  # fmt: skip
        message = letter_to(
            port, require_tls=True, auth_username="u", auth_password=Secret("p"),
            tls_config=TlsConfig(ca_file=FilePath("ca.pem")),
        )  # fmt: skip
        await send(message, base=tmp_path)
    assert box.signed_in == [(b"u", b"p")]
    assert len(mailbox.letters) == 1


async def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with mail_server(tls_context=context) as (mailbox, port):
        error = await failure(letter_to(port, require_tls=True))
    assert str(error).startswith("send STARTTLS command: ")
    assert mailbox.letters == []


async def test_a_missing_password_is_told() -> None:
    async with mail_server(auth_require_tls=False, authenticator=Mailbox().authenticate) as (_, port):
        error = await failure(letter_to(port, auth_username="u"))
    assert "find auth mechanism: missing password for " in str(error)


async def test_a_server_that_is_not_there_may_come_back() -> None:
    error = await failure(letter_to(9))
    assert error.retry
    assert str(error).startswith("establish connection to server: ")


async def test_a_letter_beyond_this_machine_is_kept_without_its_password() -> None:
    config = EmailConfig(
        to="a@example.com", from_="b@example.com", smarthost=HostPort("smtp.example.com:587"), text="says pa55word",
        auth_username="u", auth_password=Secret("pa55word"),
    )  # fmt: skip
    [kept] = (await send(email.render(email.completed(config), rendering()))).outbox.all()
    assert kept.address == "a@example.com through smtp.example.com:587"
    assert "pa55word" not in kept.payload
    assert "Subject: " in kept.payload


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"to": "nobody"}, "parse 'to' addresses"),
        ({"from_": "a@b, c@d"}, r"must be exactly one 'from' address \(got: 2\)"),
        ({"from_": "{{ .Foo }}"}, "execute 'from' template: template: :1:3"),
        ({"headers": {"X": "{{ .Foo }}"}}, 'execute "X" header template: template: :1:3'),
        ({"text": "{{ .Foo }}"}, "execute text template: template: :1:3"),
        ({"html": "{{ .Foo }}"}, "execute html template: template: :1:3"),
        ({"smarthost": HostPort("a:what")}, "unknown port 'what'"),
        ({"smarthost": HostPort("a:65536")}, "unknown port '65536'"),
    ],
)
def test_a_letter_that_cannot_be_written_is_never_tried_again(change: dict[str, Any], message: str) -> None:
    settings: dict[str, Any] = {"to": "a@b", "from_": "c@d", "smarthost": HostPort("127.0.0.1:25"), **change}
    with pytest.raises(DeliveryError, match=message) as caught:
        email.render(EmailConfig(**settings), rendering())
    assert not caught.value.retry


def test_a_header_cannot_smuggle_another_in() -> None:
    config = EmailConfig(
        to="a@b", from_="c@d", smarthost=HostPort("127.0.0.1:25"), headers={"Subject": "x\r\nBcc: evil@example.com"}
    )
    assert b"\r\nBcc:" not in email.render(config, rendering()).content


async def test_several_requests_end_with_the_first_that_fails(hook: Hook) -> None:
    hook.status = 400
    with pytest.raises(DeliveryError, match="400"):
        await send(Several((post(f"http://127.0.0.1:{hook.port}/a"), post(f"http://127.0.0.1:{hook.port}/b"))))
    assert [path for path, _, _ in hook.requests] == ["/a"]


async def test_what_a_first_request_gave_is_used_again_until_the_second_fails_or_its_time_is_over(hook: Hook) -> None:
    clock = ManualClock(1_700_000_000_000)
    transport = Transport("r", "r/x[0]", delivery=Delivery(), addresses=AddressBook(clock), clock=clock, base=Path())
    url = f"http://127.0.0.1:{hook.port}"
    following = Following(post(f"{url}/token"), lambda answer: post(f"{url}/{answer.decode()[:2]}"), post(url), 100)

    async def paths(*, failing: bool = False) -> list[str]:
        hook.requests.clear()
        hook.status = 500 if failing else 200
        try:
            await transport.send(following, clock.now_ns() + 5 * SECOND)
        except DeliveryError:
            assert failing
        return [path for path, _, _ in hook.requests]

    assert await paths() == ["/token", "/so"]
    assert await paths() == ["/so"]
    assert await paths(failing=True) == ["/so"]
    assert await paths() == ["/token", "/so"]
    await clock.advance(101_000)
    assert await paths() == ["/token", "/so"]
    await transport.close()


async def test_a_receiver_whose_every_error_may_mend_itself_is_tried_again(hook: Hook) -> None:
    hook.status = 400
    with pytest.raises(DeliveryError) as caught:
        await send(replace(post(f"http://127.0.0.1:{hook.port}/a"), retry_all=True))
    assert caught.value.retry


@pytest.mark.parametrize(
    ("client", "secrets"),
    [
        ({"authorization": Authorization(credentials=Secret("b3arer"))}, ("b3arer",)),
        ({"authorization": Authorization(credentials_file=FilePath("kept"))}, ("in a file",)),
        ({"basic_auth": BasicAuth(username="u", password=Secret("p4ss"))}, ("p4ss", "dTpwNHNz")),
        (
            {"http_headers": {"x-own": HttpHeader(secrets=(Secret("0wn"),), files=(FilePath("kept"),))}},
            ("0wn", "in a file"),
        ),
    ],
)
async def test_what_proved_who_calls_is_never_shown_even_where_an_answer_repeats_it(
    client: dict[str, Any], secrets: tuple[str, ...], tmp_path: Path
) -> None:
    async def echo(request: web.Request) -> web.Response:
        told = [*request.headers.getall("Authorization", []), *request.headers.getall("X-Own", []), "p4ss"]
        return web.Response(status=403, text=" ".join(told))

    (tmp_path / "kept").write_text("in a file\n")
    app, clock = web.Application(), SystemClock()
    app.router.add_post("/", echo)
    async with serving(app) as url:
        transport = Transport(
            "r", "r/x[0]", delivery=Delivery(), addresses=AddressBook(clock), clock=clock, base=tmp_path
        )
        with pytest.raises(DeliveryError) as caught:
            await transport.send(post(url, **client), clock.now_ns() + 5 * SECOND)
        await transport.close()
    for secret in secrets:
        assert secret not in transport.answered + str(caught.value)
    assert "<secret>" in transport.answered


async def test_neither_the_answer_with_a_token_nor_an_error_that_repeats_it_is_shown(hook: Hook) -> None:
    def refuse(answer: bytes) -> None:
        raise DeliveryError(f"t0ken of {answer.decode()}", retry=False)

    clock = SystemClock()
    transport = Transport("r", "r/x[0]", delivery=Delivery(), addresses=AddressBook(clock), clock=clock, base=Path())
    url = f"http://127.0.0.1:{hook.port}"
    gone = post("http://127.0.0.1:1")
    with pytest.raises(DeliveryError, match="connection refused"):
        await transport.send(Following(post(url), lambda _: gone, gone, 100), clock.now_ns() + 5 * SECOND)
    assert transport.answered == ""
    with pytest.raises(DeliveryError, match=r"^<secret> of so be it$"):
        await transport.send(replace(post(url), judge=refuse), clock.now_ns() + 5 * SECOND)
    await transport.close()
