"""From the `alertmanagers` sections of a configuration to those who are told of alerts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

from yarl import URL

from engine.alerting.manager import AlertManager
from engine.config.prometheus import AlertmanagersConfig
from engine.foundation.addresses import AddressBook
from engine.foundation.clock import Clock
from engine.foundation.delivery import Delivery, on_this_machine
from engine.foundation.http_client import HttpClient
from engine.relabel.relabel import relabel
from engine.rules.alertmanagers import Alertmanager, InProcess, Remote
from engine.rules.wire import push_url
from promql.model.labels import Labels

_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}


class Alertmanagers:
    """Those of one configuration; owns the connections to them. `ours` takes alerts in process."""

    def __init__(
        self, clock: Clock, delivery: Delivery, addresses: AddressBook, ours: AlertManager | None, base: Path
    ) -> None:
        self._clock = clock
        self._delivery = delivery
        self._addresses = addresses
        self._ours = ours
        self._base = base
        self._clients: list[HttpClient] = []

    async def of(self, sections: Sequence[AlertmanagersConfig]) -> list[Alertmanager]:
        """All of them, each once. Raises ConfigError."""
        found: dict[str, Alertmanager] = {}
        for section in sections:
            async for one in self._section(section):
                found.setdefault(one.url, one)
        return list(found.values())

    async def close(self) -> None:
        for client in self._clients:
            await client.close()
        self._clients.clear()

    async def _section(self, section: AlertmanagersConfig) -> AsyncIterator[Alertmanager]:
        client = HttpClient(section, self._addresses, base=self._base)
        self._clients.append(client)
        for url in urls(section):
            place = URL(url)
            if self._ours is not None and self._addresses.component(place) == "alertmanager":
                yield InProcess(url, self._ours.put_alerts)
                continue
            here = await on_this_machine(place.host or "", place.port or 0, self._addresses)
            yield Remote(
                url,
                client,
                clock=self._clock,
                delivery=self._delivery,
                on_this_machine=here,
                timeout_seconds=section.timeout.seconds,
            )


def urls(section: AlertmanagersConfig) -> list[str]:
    """Where the section's targets take alerts, after relabelling; targets that it drops are left out."""
    found = []
    for group in section.static_configs:
        for target in group.targets:
            before = Labels.of(
                {
                    **group.labels,
                    "__address__": target,
                    "__scheme__": section.scheme,
                    "__alerts_path__": URL(push_url("http", "x", section.path_prefix, section.api_version)).path,
                }
            )
            labels = relabel(before, section.relabel_configs)
            if labels is not None and labels.get("__address__"):
                found.append(_url(labels))
    return found


def _url(labels: Labels) -> str:
    scheme, address = labels.get("__scheme__"), labels.get("__address__")
    if ":" not in address.rpartition("]")[2]:
        address = f"{address}:{_DEFAULT_PORTS.get(scheme, '80')}"
    return f"{scheme}://{address}{labels.get('__alerts_path__')}"
