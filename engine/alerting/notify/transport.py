"""The rim: messages leave here, or are withheld and shown instead."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from engine.alerting.errors import DeliveryError
from engine.alerting.notify.outgoing import Following, HttpMessage, MailMessage, Outgoing, Several
from engine.foundation.addresses import AddressBook
from engine.foundation.clock import SECOND, Clock
from engine.foundation.delivery import Delivery, Withheld, masked, on_this_machine
from engine.foundation.http_client import HttpClient, HttpError
from engine.foundation.http_config import HTTPClientConfig
from engine.foundation.http_errors import quoted

USER_AGENT: Final = MappingProxyType({"User-Agent": "Alertmanager/0.25.0"})
LARGEST_ANSWER: Final = 16 * 1024 * 1024
_SHOWN_OF_ANSWER: Final = 1024


class Transport:
    """Sends for one integration, `RECEIVER/KIND[INDEX]`. Relative file names belong to `base`. Close it in the end."""

    def __init__(
        self, receiver: str, name: str, *, delivery: Delivery, addresses: AddressBook, clock: Clock, base: Path
    ) -> None:
        self._receiver = receiver
        self._name = name
        self._delivery = delivery
        self._addresses = addresses
        self._clock = clock
        self._base = base
        self.answered = ""
        """Status and beginning of the newest answer, without secrets."""
        self._client: HttpClient | None = None
        self._followed = (b"", float("-inf"))
        self._unbound = delivery.policy.permits(receiver, on_this_machine=False)
        self._here = delivery.policy.permits(receiver, on_this_machine=True)

    async def send(self, message: Outgoing, deadline: int) -> bool:
        """Deliver until the instant `deadline` (Unix ns), or withhold, which is told. Raises DeliveryError."""
        if not await self._may_leave(message):
            self._delivery.outbox.keep(
                Withheld(self._clock.now_ns(), self._receiver, self._name, message.address, message.payload)
            )
            return True
        seconds = max((deadline - self._clock.now_ns()) / SECOND, 0.001)
        match message:
            case HttpMessage():
                await self._post(message, seconds)
            case MailMessage():
                from engine.alerting.notify.smtp import send_mail  # noqa: PLC0415 - its library is slow to import

                await send_mail(message, self._addresses, self._base, seconds)
            case Several(messages=messages):
                for one in messages:
                    await self._post(one, seconds)
            case Following():
                await self._follow(message, seconds)
        return False

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def _may_leave(self, message: Outgoing) -> bool:
        try:
            hosts = message.hosts
            if self._unbound or not self._here:
                return self._unbound
            return all([await on_this_machine(*host, self._addresses) for host in hosts])
        except ValueError as error:
            raise DeliveryError(f"{message.address} is no address that can be called: {error}", retry=False) from None

    async def _follow(self, message: Following, seconds: float) -> None:
        known, until = self._followed
        if until < self._clock.monotonic():
            known = await self._post(message.first, seconds)
            until = self._clock.monotonic() + message.seconds
            self.answered = ""  # which is the token
        self._followed = (b"", float("-inf"))
        await self._post(message.then(known), seconds)
        self._followed = (known, until)

    async def _post(self, message: HttpMessage, seconds: float) -> bytes:
        """The answer's body."""
        headers, client = {**USER_AGENT, **message.headers}, self._http(message.client)
        try:
            answer = await client.request(
                message.method,
                message.url,
                timeout=seconds,
                headers=headers,
                body=message.body or None,
                limit=LARGEST_ANSWER,
            )
        except HttpError as error:
            text = str(error).replace(quoted(message.url), f'"{message.address}"')
            raise DeliveryError(masked(text, (*message.secrets, *client.secrets())), retry=True) from None
        secrets = (*message.secrets, *client.secrets())
        text = answer.body[:_SHOWN_OF_ANSWER].decode("utf-8", "replace").strip()
        self.answered = masked(f"{answer.status} {answer.reason}\n{text}".strip(), secrets)
        if answer.status // 100 != 2:
            retry = message.retry_all or answer.status // 100 == 5 or answer.status in message.retried
            raise DeliveryError(masked(message.explain(answer.status, text), secrets), retry=retry)
        try:
            message.judge(answer.body)
        except DeliveryError as error:
            raise DeliveryError(masked(str(error), secrets), retry=error.retry) from None
        return answer.body

    def _http(self, config: HTTPClientConfig) -> HttpClient:
        if self._client is None:
            # Whoever may not leave this machine may not be led out of it either.
            own = config if self._unbound else msgspec.structs.replace(config, follow_redirects=False)
            self._client = HttpClient(own, self._addresses, base=self._base)
        return self._client
