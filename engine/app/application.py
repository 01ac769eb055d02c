"""The application: makes the parts, wires them, and puts new configurations in force.

Order matters only at the rim: ports are bound before anything else, so that a taken one is told at once; the store
opens before what fills it, and closes after it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from yarl import URL

from engine.alerting.manager import AlertManager
from engine.alerting.metrics import families as alertmanager_families
from engine.alerting.running import Surroundings
from engine.app import alertmanager_http, own_exporters, selfmetrics
from engine.app.alertmanagers import Alertmanagers
from engine.app.around import Around
from engine.app.autoreload import AutoReload
from engine.app.boards import BoardParts, BoardService
from engine.app.changes import changes, telling
from engine.app.components import Components
from engine.app.features import (
    EXTRA_SCRAPE_METRICS,
    NO_DEFAULT_SCRAPE_PORT,
    OTLP,
    PER_STEP_STATS,
    REMOTE_WRITE,
    dialect,
    grammar,
)
from engine.app.forwarding import ask_others, remote_writes
from engine.app.logs import Logs
from engine.app.options import RunOptions
from engine.app.preflight import check_folders
from engine.app.probing import Probing
from engine.app.reading import read
from engine.app.routes import Served, routes
from engine.app.ruling import Ruling
from engine.app.storing import store_folder, store_options
from engine.app.tailing import Tailing
from engine.config.load import Loaded
from engine.config.prometheus import PrometheusConfig
from engine.config.translate import ROOTED
from engine.config.written import groups_of
from engine.discovery.ports import DiscoveryParts
from engine.foundation.addresses import AddressBook
from engine.foundation.clock import MILLISECOND, Clock
from engine.foundation.delivery import Delivery, DeliveryPolicy
from engine.foundation.encode import encode
from engine.foundation.errors import ConfigError
from engine.foundation.values import format_size
from engine.query.engine import QueryEngine
from engine.query.querylog import QueryLog
from engine.relabel.relabel import relabel
from engine.remote.reader import Reader
from engine.remote.receiver import Receiver
from engine.remote.writing.manager import RemoteWrites
from engine.rules.alertmanagers import InProcess
from engine.rules.load import group_specs
from engine.rules.manager import RuleManager
from engine.rules.notifier import Notifier
from engine.rules.ports import Parts as RuleParts
from engine.rules.ports import Timings
from engine.rules.preview.replay import GroupReplay, Replay
from engine.rules.spec import GroupSpec
from engine.rules.templates import Expander
from engine.scrape.manager import ScrapeManager
from engine.tsdb.store import Store
from engine.web.api.status import Runtime
from engine.web.federate import FederationCounts
from exporters.browser.metrics import Beacons, OwnCounts
from exporters.exposition.families import Family
from exporters.serve import Collect
from promql.model.durations import format_duration
from promql.model.labels import Labels

if TYPE_CHECKING:
    from engine.remote.pushes.gateway import PushGateway

UPKEEP_SECONDS: Final = 5.0

log = logging.getLogger(__name__)


class Application:
    """One running engine. `start` it once, `reload` at will, `stop` it."""

    def __init__(self, options: RunOptions, loaded: Loaded, around: Around) -> None:
        """`loaded` must not be fatal. Raises ConfigError, StoreError."""
        self.options = options
        self.loaded = loaded
        self.started_at = around.clock.now_ms()
        self.config_state = selfmetrics.ConfigState(good=True, loaded=self.started_at)
        self.tell: Callable[[str], None] = log.info
        """Says something to whoever watches."""
        self._stopping = asyncio.Event()
        self._around = around
        self._loops: list[asyncio.Task[None]] = []
        self._reloading = asyncio.Lock()
        self.components = Components(options, loaded, around.clock, around.workers, around.supervisor)
        self.addresses: AddressBook = self.components.addresses
        self.delivery = Delivery(around.policy or DeliveryPolicy(options.deliver))
        self.store_folder = store_folder(options, loaded.config)
        self._alerting_folder = None if options.data_dir is None else options.data_dir / "alertmanager"
        self._check_folders()
        self.store = Store.open(self.store_folder, store_options(options, loaded.config))
        self.queries = QueryEngine(
            self.store, around.workers, around.clock, options.limits, dialect=dialect(options.features)
        )
        self.reads, self._forwarder = ask_others(self.queries, options, self.addresses)
        self.expander = Expander(self.queries.instant, self.external_url("prometheus"))
        self.notifier = Notifier(around.clock, capacity=options.queue_capacity)
        self.rules = RuleManager(self._rule_parts(), around.supervisor)
        self.scrapes = ScrapeManager(
            clock=around.clock, workers=around.workers, store=self.store, supervisor=around.supervisor,
            addresses=self.addresses, host=around.host, fetcher=around.fetcher,
            extra_metrics=EXTRA_SCRAPE_METRICS in options.features,
            default_ports=NO_DEFAULT_SCRAPE_PORT not in options.features,
        )  # fmt: skip
        self.logs = Logs(loaded, options.data_dir, around.clock, around.workers)
        self.alertmanager = self._make_alertmanager()
        self._probing = Probing(loaded, around.clock, self.addresses)
        self.tailing = Tailing(
            loaded, options.data_dir, self.logs.sink, clock=around.clock, workers=around.workers,
            supervisor=around.supervisor, addresses=self.addresses, delivery=self.delivery,
        )  # fmt: skip
        self._peers = self._make_peers()
        self.ruling = self._make_ruling()
        self._reader = Reader(
            self.store, around.workers, options.read_limits, lambda: self.config.global_.external_labels
        )
        self._gateway, self._boards = self._make_gateway(), self._make_boards()
        self._federation, self._browser = FederationCounts(), OwnCounts()
        self._receiver = Receiver(self.store, around.workers, around.clock)
        self.writes = self._make_writes()

    def _check_folders(self) -> None:
        folders = [self.store_folder, None if self.loaded.alertmanager is None else self._alerting_folder]
        check_folders([folder for folder in folders if folder is not None])

    @property
    def config(self) -> PrometheusConfig:
        """The configuration in force."""
        return self.loaded.config

    def external_url(self, component: str) -> str:
        """How people reach a component; never ends in a slash."""
        given = {"prometheus": self.options.web.external_url, "alertmanager": self.options.alertmanager_url}
        return given.get(component, "").rstrip("/") or self.components.url(component)

    def asking(self) -> list[str]:
        """Whom else queries ask, in words."""
        if self._forwarder is not None:
            return [f"queries are evaluated by {self._forwarder.shown}"]
        return [f"samples of {client.config.url} too, by remote_read" for client in self.reads.clients]

    @property
    def clock(self) -> Clock:
        return self._around.clock

    def runtime(self) -> Runtime:
        """What `/status/runtimeinfo` tells."""
        options = self.store.options
        kept = [format_duration(options.retention_ms)] if options.retention_ms else []
        kept += [format_size(options.retention_bytes)] if options.retention_bytes else []
        return Runtime(
            started=self.started_at,
            folder=str(Path.cwd()),
            config_loaded=self.config_state.loaded,
            config_good=self.config_state.good,
            tasks=len(asyncio.all_tasks()),
            retention=" or ".join(kept),
            corruptions=len(self.store.recovery.damages),
        )

    async def start(self) -> None:
        """Answer at the ports, begin to scrape, to evaluate and to notify."""
        collects = self._collects()
        running = {"alertmanager": self.alertmanager, "promtail": self.tailing.promtail, "loki": self.logs.part}
        for component, collect in collects.items():
            if component not in running or running[component] is not None:
                self.components.answers_itself(component, collect)
        self.addresses.serves("blackbox", "/probe", self._probing.page)
        await self.components.serve(routes(self.served(), collects))
        self._loops = [
            self._around.supervisor.start("upkeep of the store", self._upkeep),
            self.notifier.start(self._around.supervisor),
        ]
        self._loops += self.logs.start(self._around.supervisor)
        if self._gateway is not None:
            self._loops.append(self._gateway.start(self._around.supervisor))
        if self.options.auto_reload_seconds is not None:
            self._loops.append(self._around.supervisor.start("auto reload", self._auto_reload))
        await self._apply(self.loaded)

    async def look_around(self) -> list[tuple[str, str]]:
        """Wait for the first targets; gives what was translated, as it is written and as it is understood."""
        for pool in self.scrapes.pools.values():
            if pool.config.static_configs:
                await pool.synced.wait()
        await self.tailing.settle()
        for active in self.scrapes.active:
            await self.addresses.lead(URL(active.target.url, encoded=True))
        names = {t.written: t.leads_to for t in self.addresses.translations}
        for peer in self.notifier.alertmanagers:
            if isinstance(peer, InProcess):
                place = URL(peer.url)
                names[f"{place.host}:{place.port}"] = "alertmanager, in process"
        return [*((str(t.written), str(t.used)) for t in self.loaded.translations), *names.items()]

    async def reload(self) -> None:
        """Read all files again and put them in force. Raises ConfigError; then everything is as it was."""
        async with self._reloading:
            before = self.loaded
            try:
                loaded = read(self.options)
                await self._apply(loaded)
            except ConfigError:
                self.config_state.good = False
                self._probing.refused()
                self.tailing.refused()
                raise
            self.loaded = loaded
            if store_folder(self.options, loaded.config) != self.store_folder:
                log.warning("storage.tsdb.path has changed: that takes effect at the next start")
            kept = store_options(self.options, loaded.config)
            self.store.set_retention(kept.retention_ms, kept.retention_bytes)
            self.store.set_window(kept.window_ms)
            self.store.set_max_exemplars(kept.max_exemplars)
            self.config_state.good, self.config_state.loaded = True, self._around.clock.now_ms()
            for line in telling(changes(before, loaded), len(self.loaded.files)):
                self.tell(line)

    async def adopt(self, loaded: Loaded) -> None:
        """Put in force what was not read from files. Raises ConfigError; then everything is as it was."""
        async with self._reloading:
            await self._apply(loaded)
            self.loaded = loaded

    async def _auto_reload(self) -> None:
        around, seconds = self._around, self.options.auto_reload_seconds
        assert seconds is not None, "started where it is given"
        await AutoReload(
            loaded=lambda: self.loaded,
            reload=self.reload,
            refused=lambda error: self.tell(f"nothing was changed: {error}"),
            clock=around.clock,
            workers=around.workers,
            seconds=seconds,
        ).run()

    async def stop(self) -> None:
        """End everything, the listening first and the store last."""
        await self.components.close()
        await self._around.supervisor.stop(*self._loops)
        await self.tailing.stop()
        await self.scrapes.stop()
        await self.rules.stop()
        await self.ruling.stop()
        await self.writes.stop()
        await self.reads.close()
        if self._forwarder is not None:
            await self._forwarder.close()
        if self.alertmanager is not None:
            await self.alertmanager.stop()
        await self._peers.close()
        if self._gateway is not None:
            self._gateway.close()
        await self._boards.close()
        await self._around.supervisor.stop_all()
        self._around.workers.close()  # upkeep that was under way must not outlive the store
        self.store.close()
        self.ruling.close()
        self.logs.close()

    def quit(self) -> None:
        """Ask for the end."""
        self._stopping.set()

    async def stopped(self) -> None:
        """Returns once somebody has asked for the end."""
        await self._stopping.wait()

    def _make_ruling(self) -> Ruling:
        around, options = self._around, self.options
        return Ruling(
            self.logs, self.store, self._make_peers, around=(around.clock, around.workers, around.supervisor),
            addresses=self.addresses, policy=self.delivery.policy, data_dir=options.data_dir,
            environment=options.environment, external_url=lambda: self.external_url("loki"),
        )  # fmt: skip

    def _make_writes(self) -> RemoteWrites:
        around = self._around
        return remote_writes(
            self.store,
            self.scrapes,
            (self.addresses, self.delivery.policy),
            (around.clock, around.workers, around.supervisor),
            folder=self.options.data_dir,
        )

    async def _apply(self, loaded: Loaded) -> None:
        """What may be refused comes first: after a ConfigError everything is as it was."""
        config = loaded.config
        settings, alerting = config.global_, config.alerting
        groups = group_specs(loaded.rules, settings.evaluation_interval, settings.rule_query_offset)
        peers = self._make_peers()
        try:
            told = await peers.open(alerting.alertmanagers)
            await self._manage_by(loaded)
            await self.tailing.apply(loaded)
            await self.ruling.apply(loaded)
            await self.scrapes.apply(config.scrape_configs, Labels.of(settings.external_labels))
            await self.writes.apply(config.remote_write, Labels.of(settings.external_labels))
            await self.reads.apply(config.remote_read, settings.external_labels)
        except ConfigError:
            await peers.close()
            raise
        self.notifier.apply(settings.external_labels, partial(relabel, configs=alerting.alert_relabel_configs))
        self.notifier.discovered(told)
        old, self._peers = self._peers, peers
        await old.close()
        peers.follow(self.notifier.discovered)
        self.expander.external_labels = settings.external_labels
        self.queries.default_step_ms = settings.evaluation_interval
        logged = settings.query_log_file
        self.queries.log = QueryLog(ROOTED / logged, self._around.clock) if logged else None
        self._probing.apply(loaded)
        await self.rules.apply(groups)
        self.logs.apply(loaded)
        await self.components.follow(loaded)

    async def _manage_by(self, loaded: Loaded) -> None:
        if (self.alertmanager is None) != (loaded.alertmanager is None):
            log.warning("an Alertmanager configuration has come or gone: that takes effect at the next start")
        if self.alertmanager is not None and loaded.alertmanager is not None and loaded.alertmanager_file is not None:
            await self.alertmanager.apply(loaded.alertmanager, ROOTED)

    def served(self) -> Served:
        """What the pages show."""
        return Served(
            clock=self.clock,
            store=self.store,
            queries=self.queries,
            scrapes=self.scrapes,
            rules=self.rules,
            replay=self._replay,
            written=lambda text: groups_of(text, "rules", self.config.global_),
            notifier=self.notifier,
            alertmanager=self.alertmanager,
            promtail=self.tailing.promtail,
            promtail_config=lambda: "" if self.loaded.promtail is None else encode(self.loaded.promtail),
            logs=self.logs.routes(lambda: self.ruling.ruler),
            line_rules=lambda: self.ruling.shown,
            receiver=self._receiver,
            gateway=self._gateway,
            probing=self._probing,
            takes_writes=self.options.enable_remote_write or REMOTE_WRITE in self.options.features,
            takes_otlp=OTLP in self.options.features,
            reader=self._reader,
            federation=self._federation,
            beacons=Beacons(self._browser),
            web=self.options.web,
            external_url=self.external_url("prometheus"),
            external_labels=lambda: self.config.global_.external_labels,
            listen=self.components.ports.get("prometheus", ""),
            ports=lambda: self.components.ports,
            flags=self.options.flags,
            agent=self.options.agent_kept_ms is not None,
            lifecycle=self.options.enable_lifecycle,
            admin=self.options.enable_admin,
            snapshots=self._snapshot_folder,
            per_step_stats=PER_STEP_STATS in self.options.features,
            config=lambda: encode(self.config),
            runtime=self.runtime,
            boards=self._boards,
            reload=self.reload,
            quit=self.quit,
        )

    def _snapshot_folder(self, name: str) -> Path:
        """Under the folder that was named, so that a snapshot can be named in its place."""
        data, store = self.options.data_dir, self.store_folder or Path()
        if data is not None and store.is_relative_to(data):
            return data / "snapshots" / name / store.relative_to(data)
        return store / "snapshots" / name

    async def _replay(self, groups: Sequence[GroupSpec], start: int, end: int) -> list[GroupReplay]:
        labels = self.config.global_.external_labels
        return await Replay(self.queries, labels, self.external_url("prometheus"))(groups, start, end)

    def _rule_parts(self) -> RuleParts:
        options = self.options
        return RuleParts(
            clock=self._around.clock,
            store=self.store,
            evaluate=self.queries.instant,
            together=self.queries.together,
            expand=self.expander,
            notify=self.notifier.send,
            external_url=self.external_url("prometheus"),
            timings=Timings(
                resend_delay=options.resend_delay_ms,
                outage_tolerance=options.outage_tolerance_ms,
                grace_period=options.grace_period_ms,
            ),
        )

    def _make_alertmanager(self) -> AlertManager | None:
        loaded, around = self.loaded, self._around
        if loaded.alertmanager is None or loaded.alertmanager_file is None:
            return None
        surroundings = Surroundings(
            clock=around.clock,
            supervisor=around.supervisor,
            workers=around.workers,
            addresses=self.addresses,
            delivery=self.delivery,
            data_dir=self._alerting_folder,
            external_url=self.external_url("alertmanager"),
            grammar=grammar(self.options.features),
            retention=self.options.alertmanager_retention_ms * MILLISECOND,
        )
        return AlertManager(loaded.alertmanager, ROOTED, surroundings)

    def _make_boards(self) -> BoardService:
        clock, workers = self._around.clock, self._around.workers
        parts = BoardParts(clock, workers, self.queries, self.store, self.rules, self.components)
        return BoardService(parts, lambda: self.loaded, self.reload, self.options.data_dir)

    def _make_gateway(self) -> PushGateway | None:
        if not self.options.enable_pushes:
            return None
        from engine.remote.pushes.gateway import PushGateway  # noqa: PLC0415 - few need it

        file = None if self.options.data_dir is None else self.options.data_dir / "pushes.log"
        return PushGateway(self.store, self._around.clock, file, lambda: self.config.global_.scrape_interval)

    def _make_peers(self) -> Alertmanagers:
        around = self._around
        parts = DiscoveryParts(
            clock=around.clock,
            workers=around.workers,
            addresses=self.addresses,
            base=ROOTED,
            counts=self.scrapes.discovery_counts,
            purpose="notify",
        )
        return Alertmanagers(parts, self.delivery, around.supervisor, self.alertmanager)

    def _collects(self) -> dict[str, Collect]:
        """The metrics of each component."""
        parts = selfmetrics.Parts(
            store=self.store,
            scrapes=self.scrapes,
            queries=self.queries,
            rules=self.rules,
            notifier=self.notifier,
            templates=self.expander.counts,
            http=self.components.http,
            reader=self._reader,
            federation=self._federation,
            writes=self.writes,
            reads=self.reads,
            browser=self._browser,
            config=self.config_state,
            crashes=self._around.supervisor.crashes,
        )

        async def ours(_: Sequence[str]) -> list[Family]:
            return selfmetrics.families(parts)

        async def of_alertmanager(_: Sequence[str]) -> list[Family]:
            if self.alertmanager is None:
                return []
            http = alertmanager_http.families(self.components.alertmanager_http)
            return [*alertmanager_families(self.alertmanager), *http]

        async def of_loki(only: Sequence[str]) -> list[Family]:
            return [*await self.logs.collect(only), *await self.ruling.collect(only)]

        return {
            "prometheus": ours,
            "alertmanager": of_alertmanager,
            "promtail": self.tailing.collect,
            "loki": of_loki,
            "blackbox": self._probing.collect,
            **own_exporters.collects(self._around.clock, self._around.workers, self.options.node_flags),
        }

    async def _upkeep(self) -> None:
        while True:
            await self._around.clock.sleep(UPKEEP_SECONDS)
            await self._around.workers.run(self.store.maintain, self._around.clock.now_ms())
