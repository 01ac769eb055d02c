"""Who is told of alerts: an Alertmanager behind HTTP, or one in this process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import aiohttp

from engine.alerting.alert import Alert
from engine.foundation.errors import RemoteError
from engine.rules import wire

USER_AGENT: Final = "Prometheus/2.42.0"

log = logging.getLogger(__name__)


class Alertmanager(Protocol):
    """`url` names it in the API and in self-metrics."""

    @property
    def url(self) -> str: ...

    async def post(self, alerts: Sequence[Alert]) -> bool:
        """Tell it; False if it was withheld, since it lies beyond this machine. Raises RemoteError."""


class DeliveryPolicy(Protocol):
    """Whether anything may be sent beyond this machine."""

    def allows(self, url: str) -> bool: ...


class InProcess:
    """An Alertmanager in this process; it shows under the address at which it also listens."""

    def __init__(self, url: str, take: Callable[[list[Alert]], None]) -> None:
        self.url = url
        self._take = take

    async def post(self, alerts: Sequence[Alert]) -> bool:
        self._take(list(alerts))
        return True


class Remote:
    """An Alertmanager behind HTTP. Nothing is tried twice: alerts are sent again soon anyway."""

    def __init__(
        self, url: str, session: aiohttp.ClientSession, policy: DeliveryPolicy, timeout_seconds: float = 10.0
    ) -> None:
        self.url = url
        self._session = session
        self._policy = policy
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._withheld = False

    async def post(self, alerts: Sequence[Alert]) -> bool:
        if not self._policy.allows(self.url):
            if not self._withheld:
                log.warning("alerts for %s are withheld: it lies beyond this machine (see --deliver)", self.url)
            self._withheld = True
            return False
        headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
        body = wire.encode(alerts)
        try:
            async with self._session.post(self.url, data=body, headers=headers, timeout=self._timeout) as answer:
                if answer.status // 100 != 2:
                    raise RemoteError(f"bad response status {answer.status} {answer.reason}")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise RemoteError(f"{self.url}: {str(error) or type(error).__name__}") from None
        return True
