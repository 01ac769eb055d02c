"""A tenant's remote write: which of its servers is this process, and what waits for the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from yarl import URL

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import Clock
from engine.foundation.delivery import DeliveryPolicy
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import Workers
from engine.remote.config import MetadataConfig, RemoteWriteConfig
from engine.remote.writing.manager import Parts, RemoteWrites
from engine.ruler.config import RemoteWrites as Written
from engine.ruler.outlet import Outlet, Way
from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from promql.model.labels import EMPTY

_TENANT: Final = "X-Scope-OrgID"
_KEPT_MS: Final = 4 * 3_600_000
"""How long samples wait, as in Loki."""


class Around(Struct, frozen=True, kw_only=True):
    """`own` keeps the samples of this process, `folder` what waits for other servers; None keeps it in memory."""

    own: Store
    addresses: AddressBook
    policy: DeliveryPolicy
    clock: Clock
    workers: Workers
    supervisor: Supervisor
    folder: Path | None
    base: Callable[[], Path]


class Writing:
    """Where one tenant's rules write. `outlet` is theirs for good; `apply` says where it leads."""

    def __init__(self, tenant: str, around: Around) -> None:
        self.outlet = Outlet()
        self.remote: RemoteWrites | None = None
        self._tenant = tenant
        self._around = around
        self._waiting: Store | None = None

    def prepare(self, config: Written) -> None:
        """Open the store in which samples wait, if they must. Raises StoreError where nothing can be kept so."""
        if not all(map(self._is_ours, _clients(config).values())):
            self._opened()

    async def apply(self, config: Written) -> None:
        """Write there from now on. Raises StoreError where it was not prepared."""
        clients = _clients(config)
        ours = {name: one for name, one in clients.items() if self._is_ours(one)}
        others = [self._named(name, one, config) for name, one in clients.items() if name not in ours]
        ways = [Way(self._around.own, one.write_relabel_configs) for one in ours.values()]
        if others:
            ways.append(Way(self._opened()))
        if self.remote is not None:
            await self.remote.apply(others, EMPTY)
        self.outlet.ways = tuple(ways)

    @property
    def newest(self) -> int:
        """The time of the newest sample for other servers (Unix ms)."""
        return 0 if self._waiting is None else self._waiting.size.max_time

    def maintain(self, now_ms: int) -> None:
        """For a worker."""
        if self._waiting is not None:
            self._waiting.maintain(now_ms)

    async def stop(self) -> None:
        if self.remote is not None:
            await self.remote.stop()

    def close(self) -> None:
        if self._waiting is not None:
            self._waiting.close()

    def _is_ours(self, config: RemoteWriteConfig) -> bool:
        return self._around.addresses.component(URL(config.url.reveal())) == "prometheus"

    def _named(self, name: str, config: RemoteWriteConfig, written: Written) -> RemoteWriteConfig:
        """As Loki sends: with the tenant in a header, and without metadata."""
        headers = {key: value for key, value in config.headers.items() if key.strip().lower() != _TENANT.lower()}
        return msgspec.structs.replace(
            config,
            name=f"{self._tenant}-rw-{name}",
            headers={**headers, _TENANT: self._tenant} if written.add_org_id_header else headers,
            metadata_config=MetadataConfig(send=False),
        )

    def _opened(self) -> Store:
        """The store in which samples wait, made when the first must."""
        if self._waiting is None:
            around = self._around
            folder = None if around.folder is None else around.folder / self._tenant
            self._waiting = Store.open(folder, StoreOptions(retention_ms=_KEPT_MS))
            self.remote = RemoteWrites(
                Parts(
                    store=self._waiting, addresses=around.addresses, clock=around.clock, workers=around.workers,
                    supervisor=around.supervisor, policy=around.policy, metadata=_nothing,
                    folder=None if folder is None else folder / "positions", base=around.base,
                )
            )  # fmt: skip
        return self._waiting


def _clients(config: Written) -> Mapping[str, RemoteWriteConfig]:
    return config.all if config.enabled else {}


def _nothing() -> Iterable[tuple[str, str, str, str]]:
    return ()
