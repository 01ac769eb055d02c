"""Who is told of alerts: an Alertmanager behind HTTP, or one in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from engine.alerting.alert import Alert
from engine.foundation.clock import Clock
from engine.foundation.delivery import Delivery, Withheld, masked_url
from engine.foundation.errors import RemoteError
from engine.foundation.http_client import HttpClient, HttpError
from engine.rules import wire

USER_AGENT: Final = "Prometheus/2.42.0"
RECEIVER: Final = "alertmanager"
"""The name under which `--deliver` allows Alertmanagers beyond this machine."""


class Alertmanager(Protocol):
    """`url` names it in the API and in self-metrics."""

    @property
    def url(self) -> str: ...

    async def post(self, alerts: Sequence[Alert]) -> bool:
        """Tell it; False if it was withheld, since it lies beyond this machine. Raises RemoteError."""


class InProcess:
    """An Alertmanager in this process; it shows under the address at which it also listens."""

    def __init__(self, url: str, take: Callable[[list[Alert]], None]) -> None:
        self.url = url
        self._take = take

    async def post(self, alerts: Sequence[Alert]) -> bool:
        self._take(list(alerts))
        return True


class Remote:
    """An Alertmanager behind HTTP. Nothing is tried twice: alerts are sent again soon anyway.

    What may not leave this machine is kept in the delivery's outbox instead.
    """

    def __init__(
        self,
        url: str,
        client: HttpClient,
        *,
        clock: Clock,
        delivery: Delivery,
        on_this_machine: bool,
        timeout_seconds: float = 10.0,
    ) -> None:
        self.url = url
        self._client = client
        self._clock = clock
        self._delivery = delivery
        self._permitted = delivery.policy.permits(RECEIVER, on_this_machine=on_this_machine)
        self._timeout = timeout_seconds

    async def post(self, alerts: Sequence[Alert]) -> bool:
        headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
        body = wire.encode(alerts)
        if not self._permitted:
            address = masked_url(self.url)
            self._delivery.outbox.keep(Withheld(self._clock.now_ns(), RECEIVER, RECEIVER, address, body.decode()))
            return False
        try:
            answer = await self._client.request("POST", self.url, timeout=self._timeout, headers=headers, body=body)
        except HttpError as error:
            raise RemoteError(str(error)) from None
        if answer.status // 100 != 2:
            raise RemoteError(f"bad response status {answer.status} {answer.reason}")
        return True
