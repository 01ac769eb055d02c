"""Rules over lines: whom they tell, and the ruler itself, made where Loki's file has rules and imported only then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.app.components.alertmanagers import Alertmanagers
from engine.app.components.logs import Logs
from engine.app.components.telling import Telling
from engine.config.load import Loaded
from engine.config.translate import ROOTED
from engine.foundation.addresses import AddressBook
from engine.foundation.clock import Clock
from engine.foundation.delivery import DeliveryPolicy
from engine.foundation.errors import StoreError
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import Workers
from engine.rules.notifier import Notifier
from engine.tsdb.store import Store
from exporters.exposition.families import Family

if TYPE_CHECKING:
    from engine.remote.writing.manager import RemoteWrites
    from engine.ruler.ruler import Ruler
    from engine.ruler.rules import LogRules


class Ruling:
    """Owns the ruler, the queue of its alerts, and the connections to those who hear of them.

    `peers` makes connections, `external_url` is what links begin with where Loki's file does not say.
    """

    def __init__(
        self,
        logs: Logs,
        own: Store,
        peers: Callable[[], Alertmanagers],
        *,
        around: tuple[Clock, Workers, Supervisor],
        addresses: AddressBook,
        policy: DeliveryPolicy,
        data_dir: Path | None,
        environment: Mapping[str, str] | None,
        external_url: Callable[[], str],
    ) -> None:
        self.ruler: Ruler | None = None
        self._logs = logs
        self._own = own
        self._make_peers = peers
        self._clock, self._workers, self._supervisor = around
        self._addresses = addresses
        self._policy = policy
        self._folder = None if data_dir is None else data_dir / "loki" / "ruler"
        self._environment = environment
        self._external_url = external_url
        self._telling: Telling | None = None
        self._loops: list[asyncio.Task[None]] = []
        self._signature: object = None

    async def apply(self, loaded: Loaded) -> None:
        """Raises ConfigError, StoreError, and then everything is as it was."""
        rules = loaded.log_rules
        if self._logs.part is None or (rules is None and self.ruler is None) or loaded.loki_file is None:
            return
        from engine.config.log_alertmanagers import alertmanagers  # noqa: PLC0415 - as the module says
        from engine.ruler.config import RulerConfig  # noqa: PLC0415 - as the module says
        from engine.ruler.rules import LogRules  # noqa: PLC0415 - as the module says

        rules = rules or LogRules(RulerConfig(), None)
        telling = self._telling or Telling(
            Notifier(self._clock, capacity=rules.config.notification_queue_capacity), self._make_peers
        )
        opened = await telling.open(alertmanagers(rules.config))
        if self._telling is None:
            self._telling = telling
            self._loops.append(telling.notifier.start(self._supervisor))
        ruler = self._ruler_of(rules, telling.notifier)
        try:
            ruler.prepare(rules)
        except StoreError:
            await opened.close()
            raise
        self._signature = rules.seen
        await telling.adopt(opened, rules.config.external_labels, rules.config.alert_relabel_configs)
        await ruler.apply(rules)

    @property
    def notifier(self) -> Notifier | None:
        return None if self._telling is None else self._telling.notifier

    @property
    def count(self) -> int:
        """How many rules are evaluated."""
        tenants = {} if self.ruler is None else self.ruler.tenants
        return sum(len(spec.rules) for one in tenants.values() for spec in one.manager.specs)

    @property
    def shown(self) -> bool:
        """Whether whoever names no tenant can ask about rules."""
        part = self._logs.part
        if part is None or self.ruler is None:
            return False
        return self.ruler.rules.config.enable_api and not part.service.settings.config.auth_enabled

    @property
    def writes(self) -> list[RemoteWrites]:
        """What goes to other servers, by tenant."""
        tenants = {} if self.ruler is None else self.ruler.tenants
        return [one.writing.remote for one in tenants.values() if one.writing.remote is not None]

    async def collect(self, _: Sequence[str]) -> list[Family]:
        """What it tells of itself."""
        if self.ruler is None or self.notifier is None:
            return []
        from engine.ruler.metrics import families  # noqa: PLC0415 - as the module says

        return families(self.ruler, self.notifier)

    async def stop(self) -> None:
        await self._supervisor.stop(*self._loops)
        if self.ruler is not None:
            await self.ruler.stop()
        if self._telling is not None:
            await self._telling.close()

    def close(self) -> None:
        """After workers have ended."""
        if self.ruler is not None:
            self.ruler.close()

    def _ruler_of(self, rules: LogRules, notifier: Notifier) -> Ruler:
        if self.ruler is not None:
            return self.ruler
        from engine.ruler.ruler import Ruler, RulerParts  # noqa: PLC0415 - as the module says
        from engine.ruler.writing import Around  # noqa: PLC0415 - as the module says

        part = self._logs.part
        assert part is not None, "asked where there are lines"
        around = Around(
            own=self._own, addresses=self._addresses, policy=self._policy, clock=self._clock, workers=self._workers,
            supervisor=self._supervisor, folder=self._folder, base=lambda: ROOTED,
        )  # fmt: skip
        self.ruler = Ruler(
            RulerParts(
                around=around,
                queries=part.queries,
                limits=part.service.limits,
                notify=notifier.send,
                external_url=self._external_url(),
            ),
            rules,
        )
        self._loops += self.ruler.start(self._supervisor, self._read_again)
        return self.ruler

    async def _read_again(self, rules: LogRules) -> LogRules | None:
        from engine.config.log_rules import read_again, signature  # noqa: PLC0415 - as the module says

        now = await self._workers.run(signature, rules.folder)
        if now == self._signature:
            return None
        self._signature = now
        return await self._workers.run(read_again, rules, self._environment)
