"""From the `alertmanagers` sections of a configuration to those who are told of alerts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field
from yarl import URL

from engine.config.prometheus import AlertmanagersConfig
from engine.discovery.groups import GroupTable, TargetGroup
from engine.discovery.ports import DiscoveryParts
from engine.discovery.sources import discoveries
from engine.discovery.static import static_groups
from engine.foundation.delivery import Delivery, on_this_machine
from engine.foundation.http_client import HttpClient
from engine.foundation.http_proxy import ways
from engine.foundation.supervise import Supervisor
from engine.relabel.relabel import relabel
from engine.rules.alertmanagers import Alertmanager, InProcess, Remote
from engine.rules.wire import push_url
from promql.model.labels import Labels

if TYPE_CHECKING:
    from engine.alerting.manager import AlertManager

SYNC_SECONDS: Final = 5.0
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}


class Alertmanagers:
    """Those of one configuration; owns the connections to them, and what follows discovery.

    `ours` takes alerts in process. First `open`, then `follow`, at last `close`.
    """

    def __init__(
        self, parts: DiscoveryParts, delivery: Delivery, supervisor: Supervisor, ours: AlertManager | None
    ) -> None:
        self._parts = parts
        self._delivery = delivery
        self._supervisor = supervisor
        self._ours = ours
        self._sections: list[_Section] = []
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, sections: Sequence[AlertmanagersConfig]) -> list[Alertmanager]:
        """Those that are written in the configuration, each once. Raises ConfigError."""
        for config in sections:
            client = HttpClient(config, self._parts.addresses, base=self._parts.base)
            section = _Section(config, client)
            section.groups.put("static_configs/0", static_groups(config.static_configs))
            self._sections.append(section)
        return await self._all()

    def follow(self, told: Callable[[Sequence[Alertmanager]], None]) -> None:
        """Tell all of them again whenever discovery has news."""
        for number, section in enumerate(self._sections):
            for name, source in discoveries(section.config, self._parts).items():
                publish = partial(self._publish, section, name)
                self._tasks.append(
                    self._supervisor.start(f"discovery of alertmanagers {number}, {name}", partial(source.run, publish))
                )
        self._tasks.append(self._supervisor.start("alertmanagers", partial(self._keep_telling, told)))

    async def close(self) -> None:
        """End the following, and let go of connections."""
        tasks, self._tasks = self._tasks, []
        await self._supervisor.stop(*tasks)
        sections, self._sections = self._sections, []
        for section in sections:
            await section.client.close()

    def _publish(self, section: _Section, name: str, groups: Sequence[TargetGroup]) -> None:
        section.groups.put(name, groups)
        self._news.set()

    async def _keep_telling(self, told: Callable[[Sequence[Alertmanager]], None]) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            told(await self._all())
            await self._parts.clock.sleep(SYNC_SECONDS)

    async def _all(self) -> list[Alertmanager]:
        found: dict[str, Alertmanager] = {}
        for section in self._sections:
            for url in urls(section.config, section.groups):
                if url not in found:
                    found[url] = await self._at(url, section)
        return list(found.values())

    async def _at(self, url: str, section: _Section) -> Alertmanager:
        place, addresses = URL(url), self._parts.addresses
        if self._ours is not None and addresses.component(place) == "alertmanager":
            return InProcess(url, self._ours.put_alerts)
        called = (place, *map(URL, ways(section.config)))
        here = all([await on_this_machine(one.host or "", one.port or 0, addresses) for one in called])
        return Remote(
            url,
            section.client,
            clock=self._parts.clock,
            delivery=self._delivery,
            on_this_machine=here,
            timeout_seconds=section.config.timeout.seconds,
        )


class _Section(Struct, frozen=True):
    """One section, its connections, and what its sources told."""

    config: AlertmanagersConfig
    client: HttpClient
    groups: GroupTable = field(default_factory=GroupTable)


def urls(section: AlertmanagersConfig, groups: Iterable[TargetGroup]) -> list[str]:
    """Where the targets of a section take alerts, after relabelling; those that it drops are left out."""
    found = []
    path = URL(push_url("http", "x", section.path_prefix, section.api_version)).path
    for group in groups:
        for target in group.targets:
            before = group.labels.overlay(target).overlay({"__scheme__": section.scheme, "__alerts_path__": path})
            labels = relabel(before, section.relabel_configs)
            if labels is not None and labels.get("__address__"):
                found.append(_url(labels))
    return found


def _url(labels: Labels) -> str:
    scheme, address = labels.get("__scheme__"), labels.get("__address__")
    if ":" not in address.rpartition("]")[2]:
        address = f"{address}:{_DEFAULT_PORTS.get(scheme, '80')}"
    return f"{scheme}://{address}{labels.get('__alerts_path__')}"
