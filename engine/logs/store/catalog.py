"""The streams by tenant and labels, and how matchers find them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.logs.store.segment import Named
from engine.logs.store.stream import Stream
from engine.names.index import Index
from engine.names.matching import Matching
from promql.model.labels import Labels
from promql.model.matchers import Matcher


class Tenant:
    """One tenant's streams; those that took lines lately are `active`, by number.

    What is found is true for the thread that asks; others may add meanwhile.
    """

    def __init__(self) -> None:
        self.index = Index()
        self.by_labels: dict[Labels, Stream] = {}
        self.active: dict[int, Stream] = {}
        self._by_number: dict[int, Stream] = {}
        self._matching = Matching(self.index)

    def add(self, stream: Stream) -> None:
        self.by_labels[stream.named.labels] = stream
        self._by_number[stream.number] = stream
        self.index.add([stream.number], [stream.named.labels])

    def remove(self, streams: Sequence[Stream]) -> None:
        for stream in streams:
            del self.by_labels[stream.named.labels]
            del self._by_number[stream.number]
            self.active.pop(stream.number, None)
        if streams:
            self.index.remove([stream.number for stream in streams], [stream.named.labels for stream in streams])

    def find(self, matchers: Sequence[Matcher]) -> list[Stream]:
        known = self._by_number
        found = (known.get(number) for number in self._matching.find(matchers).tolist())
        return [stream for stream in found if stream is not None]  # others may go meanwhile

    def settle(self, before: int) -> None:
        """What took its last line before that (Unix ns) is active no more, and may take older ones again."""
        for stream in [one for one in self.active.values() if one.seen < before]:
            del self.active[stream.number]
            stream.highest = None

    def streams(self) -> list[Stream]:
        return list(self.by_labels.values())


class Catalog:
    """All tenants' streams."""

    def __init__(self) -> None:
        self.tenants: dict[str, Tenant] = {}
        self._next = 0

    def stream(self, named: Named) -> Stream:
        """The stream of that name, made where there is none."""
        tenant = self.tenants.get(named.tenant)
        if tenant is None:
            tenant = self.tenants[named.tenant] = Tenant()
        found = tenant.by_labels.get(named.labels)
        if found is None:
            found = Stream(self._next, named)
            self._next += 1
            tenant.add(found)
        return found

    def find(self, named: Named) -> Stream | None:
        tenant = self.tenants.get(named.tenant)
        return None if tenant is None else tenant.by_labels.get(named.labels)

    def active(self, tenant: str) -> Mapping[int, Stream]:
        """The streams of a tenant that took lines lately, by number."""
        found = self.tenants.get(tenant)
        return {} if found is None else found.active

    def streams(self) -> Iterable[Stream]:
        for tenant in list(self.tenants.values()):
            yield from tenant.streams()

    def sweep(self) -> None:
        """Forget the streams that hold nothing."""
        for tenant in self.tenants.values():
            tenant.remove([stream for stream in tenant.streams() if not any(stream.held)])
