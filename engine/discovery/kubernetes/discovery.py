"""Targets that Kubernetes knows: `kubernetes_sd_configs`.

Objects of the role are kept by list and watch, and so are those that its targets are told of with. Nothing is told
before all of them have been listed; from then on each change makes the groups anew that it concerns.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from engine.discovery.config_kubernetes import KubernetesSDConfig
from engine.discovery.groups import Publish, TargetGroup
from engine.discovery.kubernetes.access import Access, Pod, access
from engine.discovery.kubernetes.api import KubernetesApi
from engine.discovery.kubernetes.labels import Known
from engine.discovery.kubernetes.links import Links
from engine.discovery.kubernetes.roles import NODES, PODS, ROLES, SERVICES, Resource
from engine.discovery.kubernetes.watching import Changed, Collection, Place
from engine.discovery.ports import DiscoveryError, DiscoveryParts
from engine.discovery.refresh import Faults
from engine.foundation.http_client import HttpClient, HttpError

RETRY_SECONDS: Final = 10.0
_AT_ONCE: Final = 50  # groups that are made without letting others run


class KubernetesDiscovery:
    """One entry of `kubernetes_sd_configs`. `pod` is the one in which we run, this process's own if not given."""

    def __init__(self, config: KubernetesSDConfig, parts: DiscoveryParts, pod: Pod | None = None) -> None:
        self._config = config
        self._parts = parts
        self._pod = pod

    async def run(self, publish: Publish) -> None:
        config, parts = self._config, self._parts
        source = str(config.api_server) or config.kubeconfig_file or "this pod's cluster"
        with Faults("kubernetes_sd_configs", f"{config.role} of {source}", parts) as faults:
            while True:
                try:
                    await self._follow(access(config, parts.base, self._pod), publish, faults)
                except DiscoveryError as error:
                    faults.fault(str(error))
                await parts.clock.sleep(RETRY_SECONDS)

    async def _follow(self, found: Access, publish: Publish, faults: Faults) -> None:
        """Until cancelled."""
        config, parts = self._config, self._parts
        async with HttpClient(found.client, parts.addresses, base=parts.base) as client:
            api = KubernetesApi(client, found.server, parts)
            release = await self._release(api, faults)
            faults.well()
            cluster = _Cluster(config, parts, publish)
            async with asyncio.TaskGroup() as group:
                for follow in cluster.follows(api, found, release):
                    group.create_task(follow)
                await cluster.keep_telling()

    async def _release(self, api: KubernetesApi, faults: Faults) -> tuple[int, int]:
        """Of the server, where the role has to know it."""
        if not ROLES[self._config.role].resource.group:
            return (0, 0)
        while True:
            try:
                return await api.release()
            except (HttpError, DiscoveryError) as error:
                faults.fault(str(error))
            await self._parts.clock.sleep(RETRY_SECONDS)


class _Cluster:
    """The objects of one entry, and which of them have to be told."""

    def __init__(self, config: KubernetesSDConfig, parts: DiscoveryParts, publish: Publish) -> None:
        self._config = config
        self._parts = parts
        self._publish = publish
        self._role = ROLES[config.role]
        self._services: dict[str, Any] = {}
        self._pods: dict[str, Any] = {}
        self._nodes: dict[str, Any] = {}
        attached = self._nodes if config.attach_metadata.node and config.role != "node" else None
        self._known = Known(self._services, self._pods, attached)
        self._things: dict[str, Any] = {}
        self._links = Links()
        self._stale: dict[str, None] = {}
        self._news = asyncio.Event()
        self._unlisted: set[str] = set()

    def follows(self, api: KubernetesApi, found: Access, release: tuple[int, int]) -> Iterator[Any]:
        """One for each kind of objects and namespace, each to be run."""
        role = self._role
        kept: list[tuple[str, Resource, dict[str, Any], Changed[Any]]] = [
            (self._config.role, role.resource, self._things, self._changed)
        ]
        if role.backed:
            kept.append(("service", SERVICES, self._services, partial(self._concerns, "service")))
            kept.append(("pod", PODS, self._pods, partial(self._concerns, "pod")))
        if self._known.nodes is not None:
            kept.append(("node", NODES, self._nodes, partial(self._concerns, "node")))
        for name, resource, objects, changed in kept:
            for namespace in self._namespaces(found) if resource.namespaced else ("",):
                place = Place(resource.path(namespace, release), self._selectors(name), name)
                collection = Collection(api, place, resource.kind, objects, self._parts)
                self._unlisted.add(place.path)
                yield collection.follow(found.server, changed, partial(self._listed, place.path))

    async def keep_telling(self) -> None:
        """Tell the groups that have changed, the first time all of them."""
        while True:
            await self._news.wait()
            self._news.clear()
            stale, self._stale = list(self._stale), {}
            groups = []
            for number, key in enumerate(stale, 1):
                if (group := self._group(key)) is not None:
                    groups.append(group)
                if number % _AT_ONCE == 0:
                    await self._parts.clock.sleep(0)
            self._publish(groups)

    def _group(self, key: str) -> TargetGroup | None:
        thing = self._things.get(key)
        return TargetGroup(f"{self._role.source}/{key}", ()) if thing is None else self._role.build(thing, self._known)

    def _changed(self, key: str, before: Any, after: Any) -> None:
        links = self._role.links
        self._links.move(key, () if before is None else links(before), () if after is None else links(after))
        self._mark(key)

    def _concerns(self, kind: str, key: str, _: Any, __: Any) -> None:
        for one in self._links.to(kind, key):
            self._mark(one)

    def _mark(self, key: str) -> None:
        self._stale[key] = None
        if not self._unlisted:
            self._news.set()

    def _listed(self, path: str) -> None:
        self._unlisted.discard(path)
        if not self._unlisted:
            self._news.set()

    def _namespaces(self, found: Access) -> tuple[str, ...]:
        names = self._config.namespaces.names + ((found.namespace,) if found.namespace else ())
        return tuple(dict.fromkeys(names)) or ("",)

    def _selectors(self, name: str) -> dict[str, str]:
        wanted = next((one for one in self._config.selectors if one.role == name), None)
        if wanted is None:
            return {}
        both = {"labelSelector": wanted.label, "fieldSelector": wanted.field}
        return {key: text for key, text in both.items() if text}
