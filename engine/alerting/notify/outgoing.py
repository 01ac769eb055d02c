"""What a receiver makes of a notice: a message, made in full before anybody decides whether it may leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct, field
from yarl import URL

from engine.alerting.errors import DeliveryError
from engine.alerting.notify.notice import Notice
from engine.alerting.notify.templating import Templates
from engine.foundation.delivery import masked, masked_url
from engine.foundation.http_config import HTTPClientConfig, TlsConfig
from engine.foundation.http_proxy import ways
from engine.foundation.values import HttpUrl, SecretUrl
from engine.gotemplate.errors import TemplateError
from engine.gotemplate.values import GoPointer

JSON: Mapping[str, str] = {"Content-Type": "application/json"}


class HttpMessage(Struct, frozen=True):
    """A request. `secrets` must never be shown; `explain` makes an answer's status and body into an error text.

    Other answers than 2xx are errors; trying again can help after 5xx and after those of `retried`, or after any with
    `retry_all`. `judge` raises DeliveryError where an answer of 2xx tells of an error. People see `shown` in place
    of a body that says nothing.
    """

    url: str
    body: bytes
    client: HTTPClientConfig
    explain: Callable[[int, str], str]
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    retried: frozenset[int] = frozenset()
    retry_all: bool = False
    judge: Callable[[bytes], None] = lambda _: None
    secrets: tuple[str, ...] = ()
    shown: str = ""

    @property
    def hosts(self) -> tuple[tuple[str, int], ...]:
        """Host and port of everybody who will be contacted. Raises ValueError for what is no URL."""
        return tuple(_host_and_port(url) for url in (self.url, *ways(self.client)))

    @property
    def address(self) -> str:
        return masked(masked_url(self.url), self.secrets)

    @property
    def payload(self) -> str:
        return masked(self.shown or self.body.decode("utf-8", "replace"), self.secrets)


class MailMessage(Struct, frozen=True):
    """An electronic letter. `content` is the whole message with its headers, lines ended by CR LF."""

    host: str
    port: int
    hello: str
    sender: str
    recipients: tuple[str, ...]
    content: bytes
    require_tls: bool
    tls: TlsConfig
    username: str = ""
    password: str = ""
    secret: str = ""
    identity: str = ""

    @property
    def hosts(self) -> tuple[tuple[str, int], ...]:
        return ((self.host, self.port),)

    @property
    def address(self) -> str:
        return f"{', '.join(self.recipients)} through {self.host}:{self.port}"

    @property
    def payload(self) -> str:
        return masked(self.content.decode("utf-8", "replace"), (self.password, self.secret))


class Several(Struct, frozen=True):
    """Requests one after the other, until one fails."""

    messages: tuple[HttpMessage, ...]

    @property
    def hosts(self) -> tuple[tuple[str, int], ...]:
        return tuple(host for message in self.messages for host in message.hosts)

    @property
    def address(self) -> str:
        return self.messages[0].address

    @property
    def payload(self) -> str:
        return "\n".join(f"{one.method} {one.address}\n{one.payload}" for one in self.messages)


class Following(Struct, frozen=True):
    """A request that needs what another was answered, such as a token. What the first gave is used again for `seconds`,
    unless the second fails. `then` raises DeliveryError; `shown` is what it makes, with something in the token's place.
    """

    first: HttpMessage
    then: Callable[[bytes], HttpMessage]
    shown: HttpMessage
    seconds: float

    @property
    def hosts(self) -> tuple[tuple[str, int], ...]:
        return (*self.first.hosts, *self.shown.hosts)

    @property
    def address(self) -> str:
        return self.shown.address

    @property
    def payload(self) -> str:
        return self.shown.payload


Outgoing: TypeAlias = HttpMessage | MailMessage | Several | Following


class Rendering:
    """A notice with the means to put it into words. All methods raise DeliveryError that no retry can mend."""

    def __init__(self, notice: Notice, templates: Templates) -> None:
        self.notice = notice
        self._templates = templates

    @cached_property
    def data(self) -> GoPointer:
        """What templates see; not made for those that have none."""
        return self.notice.data()

    def text(self, template: str) -> str:
        try:
            return self._templates.text(template, self.data)
        except TemplateError as error:
            raise DeliveryError(str(error), retry=False) from None

    def html(self, template: str) -> str:
        try:
            return self._templates.html(template, self.data)
        except TemplateError as error:
            raise DeliveryError(str(error), retry=False) from None

    def secret(self, value: str, file: str) -> str:
        """The value, or what its file holds now, without blanks around it."""
        if value or not file:
            return value
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise DeliveryError(f"open {file}: {reason}", retry=False) from None

    def url(self, value: SecretUrl, file: str) -> str:
        """The same for a URL; what a file holds in place of one is not shown, since it may be a secret."""
        if value or not file:
            return value.reveal()
        try:
            return HttpUrl.from_text(self.secret("", file)).reveal()
        except ValueError:
            raise DeliveryError(f"{file} holds no URL: want one like https://HOST/PATH", retry=False) from None


def unexpected(status: int, answer: str) -> str:
    """What most receivers say of an answer that is none of success."""
    return f"unexpected status code {status}" + (f": {answer}" if answer else "")


def secrets_of(url: str) -> tuple[str, ...]:
    """What of a webhook's URL nobody may see: its path and its query, each by itself, since they are shown apart."""
    path, _, query = url.partition("://")[2].partition("/")[2].partition("?")
    return (path.strip("/"), query)


def cut_bytes(text: str, most: int) -> str:
    """The same by the bytes that it takes, 3 of them for the ellipsis."""
    if len(text.encode()) <= most:
        return text
    return text.encode()[: most - 3].decode("utf-8", "ignore") + "…"


def cut(text: str, most: int) -> str:
    """At most so many characters, with an ellipsis where something is missing."""
    if len(text) <= most:
        return text
    return text[:most] if most <= 3 else text[: most - 1] + "…"


def _host_and_port(url: str) -> tuple[str, int]:
    """As the HTTP client will read the URL, so that what is checked is what is called."""
    parts = URL(url, encoded=True)
    return parts.host or "", parts.port or 80
