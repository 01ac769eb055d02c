"""The objects of one kind, kept as the server has them: listed once, then watched.

Laws: a watch goes on where the last one ended, since most of them just end; everything is listed again only where the
server no longer knows that place (410 Gone). What is gone by then is told as deleted. While the server can't be asked,
what is known stays. Objects that are equal in all that is read of them make no news.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Generic, TypeAlias, TypeVar

from msgspec import Struct

from engine.discovery.kubernetes.api import GoneError, KubernetesApi
from engine.discovery.kubernetes.objects import Thing
from engine.discovery.ports import DiscoveryError, DiscoveryParts
from engine.discovery.refresh import Faults
from engine.foundation.http_client import HttpError

_FIRST_PAUSE: Final = 0.8
_LONGEST_PAUSE: Final = 30.0
_STEADY_SECONDS: Final = 10.0
_EVENTS: Final = {"ADDED": "add", "MODIFIED": "update", "DELETED": "delete"}
T = TypeVar("T", bound=Thing)

Changed: TypeAlias = Callable[[str, T | None, T | None], None]
"""Takes the key, and the object before and after."""


class Place(Struct, frozen=True):
    """Where objects are: the API's path, and the selectors for them; `role` is what events are counted by."""

    path: str
    selectors: Mapping[str, str]
    role: str


class Collection(Generic[T]):
    """One place's objects. `known` is shared by the places of all namespaces; `changed` hears of news, `listed` once of
    the first list.
    """

    def __init__(
        self, api: KubernetesApi, place: Place, kind: type[T], known: dict[str, T], parts: DiscoveryParts
    ) -> None:
        self._api = api
        self._place = place
        self._kind = kind
        self._known = known
        self._own: set[str] = set()
        self._version = ""
        self._parts = parts

    async def follow(self, source: str, changed: Changed[T], listed: Callable[[], None]) -> None:
        """Until cancelled. `source` names the cluster, for people."""
        pause, clock = _FIRST_PAUSE, self._parts.clock
        with Faults("kubernetes_sd_configs", f"{self._place.path} of {source}", self._parts) as faults:
            while True:
                begun = clock.monotonic()
                try:
                    if not self._version:
                        await self._list(changed)
                        listed()
                    await self._watch(changed, faults.well)
                except GoneError:
                    self._version = ""
                except (HttpError, DiscoveryError) as error:
                    faults.fault(str(error))
                if clock.monotonic() - begun >= _STEADY_SECONDS:
                    pause = _FIRST_PAUSE
                await clock.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _list(self, changed: Changed[T]) -> None:
        listed = await self._api.list(self._place.path, self._kind, dict(self._place.selectors))
        found = {thing.metadata.key: thing for thing in listed.things}
        for key in self._own - found.keys():
            self._take(key, None, "DELETED", changed)
        for key, thing in found.items():
            self._take(key, thing, "MODIFIED" if key in self._own else "ADDED", changed)
        self._version = listed.version

    async def _watch(self, changed: Changed[T], begun: Callable[[], None]) -> None:
        place = self._place
        async with self._api.watch(place.path, self._kind, dict(place.selectors), self._version) as changes:
            begun()
            async for change in changes:
                if change.thing is not None:
                    thing = None if change.kind == "DELETED" else change.thing
                    self._take(change.thing.metadata.key, thing, change.kind, changed)
                self._version = change.version or self._version

    def _take(self, key: str, thing: T | None, kind: str, changed: Changed[T]) -> None:
        self._parts.counts.kubernetes_events[self._place.role, _EVENTS.get(kind, "update")] += 1
        before = self._known.get(key)
        if thing is None:
            self._known.pop(key, None)
            self._own.discard(key)
        else:
            self._known[key] = thing
            self._own.add(key)
        if before != thing:
            changed(key, before, thing)
