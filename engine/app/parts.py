"""What an engine consists of: one value, made once by `build`, read by whatever starts, changes, shows or ends it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from engine.alerting.manager import AlertManager
    from engine.app.around import Around
    from engine.app.components.boards import BoardService
    from engine.app.components.logs import Logs
    from engine.app.components.ports import Components
    from engine.app.components.probing import Probing
    from engine.app.components.ruling import Ruling
    from engine.app.components.tailing import Tailing
    from engine.app.components.telling import Telling
    from engine.app.inforce import InForce
    from engine.app.options import RunOptions
    from engine.foundation.addresses import AddressBook
    from engine.foundation.delivery import Delivery
    from engine.query.engine import QueryEngine
    from engine.remote.forwarding import Forwarder
    from engine.remote.pushes.gateway import PushGateway
    from engine.remote.reader import Reader
    from engine.remote.reads.manager import RemoteReads
    from engine.remote.receiver import Receiver
    from engine.remote.writing.manager import RemoteWrites
    from engine.rules.manager import RuleManager
    from engine.rules.notifier import Notifier
    from engine.rules.templates import Expander
    from engine.scrape.manager import ScrapeManager
    from engine.tsdb.store import Store
    from engine.web.federate import FederationCounts
    from exporters.browser.metrics import OwnCounts


class Acts(Struct, frozen=True):
    """What may be done to the whole from a page; `reload` raises EngineError."""

    reload: Callable[[], Awaitable[None]]
    quit: Callable[[], None]


class Parts(Struct, frozen=True, kw_only=True):
    """Each owns its state. None is what these options or this configuration do without."""

    options: RunOptions
    around: Around
    acts: Acts
    in_force: InForce
    started_at: int
    """Unix ms."""
    components: Components
    delivery: Delivery

    store_folder: Path | None
    store: Store
    scrapes: ScrapeManager
    receiver: Receiver
    gateway: PushGateway | None
    writes: RemoteWrites

    queries: QueryEngine
    reads: RemoteReads
    forwarder: Forwarder | None
    reader: Reader

    expander: Expander
    rules: RuleManager
    notifier: Notifier
    telling: Telling
    alertmanager: AlertManager | None

    logs: Logs
    tailing: Tailing
    ruling: Ruling

    probing: Probing
    boards: BoardService
    federation: FederationCounts
    browser: OwnCounts

    @property
    def addresses(self) -> AddressBook:
        return self.components.addresses
