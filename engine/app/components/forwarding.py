"""What other servers have to do with us: samples that go there, those that are read from there, queries that are
evaluated there.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.app.options import RunOptions
from engine.config.translate import ROOTED
from engine.foundation.addresses import AddressBook
from engine.foundation.clock import Clock
from engine.foundation.delivery import DeliveryPolicy
from engine.foundation.errors import ConfigError
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import Workers
from engine.query.engine import QueryEngine
from engine.remote.reads.manager import ReadParts, RemoteReads
from engine.remote.writing.manager import Parts, RemoteWrites
from engine.scrape.manager import ScrapeManager
from engine.tsdb.store import Store

if TYPE_CHECKING:
    from engine.remote.forwarding import Forwarder


def remote_writes(
    store: Store,
    scrapes: ScrapeManager,
    ways: tuple[AddressBook, DeliveryPolicy],
    around: tuple[Clock, Workers, Supervisor],
    *,
    folder: Path | None,
) -> RemoteWrites:
    """`folder` is that of all data, None where nothing is kept."""

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
            base=lambda: ROOTED,
        )
    )


def ask_others(
    queries: QueryEngine, options: RunOptions, addresses: AddressBook
) -> tuple[RemoteReads, Forwarder | None]:
    """Queries see what is read from other servers, and are evaluated by another one where the options name it.

    Raises ConfigError.
    """
    store, clock, workers = queries.store, queries.clock, queries.workers
    assert isinstance(store, Store)
    queries.besides = reads = RemoteReads(
        ReadParts(
            addresses=addresses,
            clock=clock,
            workers=workers,
            base=lambda: ROOTED,
            oldest=lambda: store.size.min_time,
            most_samples=queries.limits.max_samples,
        )
    )
    if not options.query_url:
        if options.query_http_config is not None:
            raise ConfigError("--query-http-config says how a server is spoken to: name that one with --query-url")
        return reads, None
    from engine.remote.forwarding import Forwarder, checked_url, read_client_file  # noqa: PLC0415 - few need it

    file = options.query_http_config
    names_from = Path() if file is None else file.parent
    forwarder = Forwarder(checked_url(options.query_url), read_client_file(file), addresses, workers, base=names_from)
    queries.elsewhere = forwarder
    return reads, forwarder
