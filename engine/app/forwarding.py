"""What goes to other servers by remote write, and what they are told of metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import Clock
from engine.foundation.delivery import DeliveryPolicy
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import Workers
from engine.remote.writing.manager import Parts, RemoteWrites
from engine.scrape.manager import ScrapeManager
from engine.tsdb.store import Store


def remote_writes(
    store: Store,
    scrapes: ScrapeManager,
    ways: tuple[AddressBook, DeliveryPolicy],
    around: tuple[Clock, Workers, Supervisor],
    *,
    folder: Path | None,
    base: Callable[[], Path],
) -> RemoteWrites:
    """`folder` is that of all data, None where nothing is kept; relative file names begin at `base`."""

    def metadata() -> Iterable[tuple[str, str, str, str]]:
        """Of every metric what one of its targets says of it."""
        known: dict[str, tuple[str, str, str, str]] = {}
        for active in scrapes.active:
            for said in active.metadata:
                known.setdefault(said.metric, (said.metric, said.type, said.help, said.unit))
        return known.values()

    (addresses, policy), (clock, workers, supervisor) = ways, around
    return RemoteWrites(
        Parts(
            store=store,
            addresses=addresses,
            clock=clock,
            workers=workers,
            supervisor=supervisor,
            policy=policy,
            metadata=metadata,
            folder=None if folder is None else folder / "remote_write",
            base=base,
        )
    )
