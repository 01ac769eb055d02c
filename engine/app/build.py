"""The parts are made and wired here, each after those that it rests on; nothing runs yet.

Order matters only at the rim: ports are bound before anything else, so that a taken one is told at once; the store
opens before what fills it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from engine.app.around import Around
from engine.app.components.alertmanagers import Alertmanagers
from engine.app.components.boards import BoardParts, BoardService
from engine.app.components.forwarding import ask_others, remote_writes
from engine.app.components.logs import Logs
from engine.app.components.ports import FIRST, Components
from engine.app.components.probing import Probing
from engine.app.components.ruling import Ruling
from engine.app.components.tailing import Tailing
from engine.app.components.telling import Telling
from engine.app.features import EXTRA_SCRAPE_METRICS, NO_DEFAULT_SCRAPE_PORT, dialect, grammar
from engine.app.inforce import InForce
from engine.app.options import RunOptions
from engine.app.parts import Acts, Parts
from engine.app.preflight import check_folders
from engine.app.storing import store_folder, store_options
from engine.config.load import Loaded
from engine.config.translate import ROOTED
from engine.discovery.ports import DiscoveryParts
from engine.foundation.clock import MILLISECOND
from engine.foundation.delivery import Delivery, DeliveryPolicy
from engine.query.engine import QueryEngine
from engine.remote.reader import Reader
from engine.remote.receiver import Receiver
from engine.remote.writing.manager import RemoteWrites
from engine.rules.manager import RuleManager
from engine.rules.notifier import Notifier
from engine.rules.ports import Parts as RuleParts
from engine.rules.ports import Timings
from engine.rules.templates import Expander
from engine.scrape.manager import ScrapeManager
from engine.tsdb.store import Store
from engine.web.federate import FederationCounts
from exporters.browser.metrics import OwnCounts

if TYPE_CHECKING:
    from engine.alerting.manager import AlertManager
    from engine.remote.pushes.gateway import PushGateway


class _Ground(Struct, frozen=True):
    """What all parts rest on."""

    options: RunOptions
    around: Around
    in_force: InForce
    components: Components
    delivery: Delivery

    @property
    def loaded(self) -> Loaded:
        return self.in_force.loaded


def build(options: RunOptions, loaded: Loaded, around: Around, acts: Acts) -> Parts:
    """`loaded` must not be fatal. Raises ConfigError, StoreError."""
    clock, workers, supervisor = around.clock, around.workers, around.supervisor
    in_force = InForce(loaded, clock.now_ms())
    components = Components(options, loaded, clock, workers, supervisor)
    delivery = Delivery(around.policy or DeliveryPolicy(options.deliver))
    ground = _Ground(options, around, in_force, components, delivery)
    folder = _folder(ground)
    store = Store.open(folder, store_options(options, loaded.config))
    queries = QueryEngine(store, workers, clock, options.limits, dialect=dialect(options.features))
    reads, forwarder = ask_others(queries, options, components.addresses)
    expander = Expander(queries.instant, components.external_url(FIRST))
    notifier = Notifier(clock, capacity=options.queue_capacity)
    rules = RuleManager(_rule_parts(ground, store, queries, expander, notifier), supervisor)
    scrapes = _scrapes(ground, store)
    logs = Logs(loaded, options.data_dir, clock, workers)
    alertmanager = _alertmanager(ground)
    peers = partial(_peers, ground, scrapes, alertmanager)
    return Parts(
        options=options,
        around=around,
        acts=acts,
        in_force=in_force,
        started_at=in_force.since,
        components=components,
        delivery=delivery,
        store_folder=folder,
        store=store,
        scrapes=scrapes,
        receiver=Receiver(store, workers, clock),
        gateway=_gateway(ground, store),
        writes=_writes(ground, store, scrapes),
        queries=queries,
        reads=reads,
        forwarder=forwarder,
        reader=Reader(store, workers, options.read_limits, lambda: in_force.external_labels),
        expander=expander,
        rules=rules,
        notifier=notifier,
        telling=Telling(notifier, peers),
        alertmanager=alertmanager,
        logs=logs,
        tailing=_tailing(ground, logs),
        ruling=_ruling(ground, logs, store, peers),
        probing=Probing(loaded, clock, components.addresses),
        boards=_boards(ground, BoardParts(clock, workers, queries, store, rules, logs, components), acts),
        federation=FederationCounts(),
        browser=OwnCounts(),
    )


def _folder(ground: _Ground) -> Path | None:
    """Of the store; tried out, as are others that a mistake would be told of late. Raises ConfigError."""
    folder = store_folder(ground.options, ground.loaded.config)
    managing = None if ground.loaded.alertmanager is None else _alerting_folder(ground)
    check_folders([one for one in (folder, managing) if one is not None])
    return folder


def _alerting_folder(ground: _Ground) -> Path | None:
    data = ground.options.data_dir
    return None if data is None else data / "alertmanager"


def _rule_parts(
    ground: _Ground, store: Store, queries: QueryEngine, expander: Expander, notifier: Notifier
) -> RuleParts:
    options = ground.options
    return RuleParts(
        clock=ground.around.clock,
        store=store,
        evaluate=queries.instant,
        together=queries.together,
        expand=expander,
        notify=notifier.send,
        external_url=ground.components.external_url(FIRST),
        timings=Timings(
            resend_delay=options.resend_delay_ms,
            outage_tolerance=options.outage_tolerance_ms,
            grace_period=options.grace_period_ms,
        ),
    )


def _scrapes(ground: _Ground, store: Store) -> ScrapeManager:
    around, features = ground.around, ground.options.features
    return ScrapeManager(
        clock=around.clock,
        workers=around.workers,
        store=store,
        supervisor=around.supervisor,
        addresses=ground.components.addresses,
        host=around.host,
        fetcher=around.fetcher,
        extra_metrics=EXTRA_SCRAPE_METRICS in features,
        default_ports=NO_DEFAULT_SCRAPE_PORT not in features,
    )


def _alertmanager(ground: _Ground) -> AlertManager | None:
    loaded, around, options = ground.loaded, ground.around, ground.options
    if loaded.alertmanager is None or loaded.alertmanager_file is None:
        return None
    from engine.alerting.manager import AlertManager  # noqa: PLC0415 - of what runs only where there is a configuration
    from engine.alerting.running import Surroundings  # noqa: PLC0415 - likewise

    surroundings = Surroundings(
        clock=around.clock,
        supervisor=around.supervisor,
        workers=around.workers,
        addresses=ground.components.addresses,
        delivery=ground.delivery,
        data_dir=_alerting_folder(ground),
        external_url=ground.components.external_url("alertmanager"),
        grammar=grammar(options.features),
        retention=options.alertmanager_retention_ms * MILLISECOND,
    )
    return AlertManager(loaded.alertmanager, ROOTED, surroundings)


def _peers(ground: _Ground, scrapes: ScrapeManager, alertmanager: AlertManager | None) -> Alertmanagers:
    around = ground.around
    parts = DiscoveryParts(
        clock=around.clock,
        workers=around.workers,
        addresses=ground.components.addresses,
        base=ROOTED,
        counts=scrapes.discovery_counts,
        purpose="notify",
    )
    return Alertmanagers(parts, ground.delivery, around.supervisor, alertmanager)


def _gateway(ground: _Ground, store: Store) -> PushGateway | None:
    options, in_force = ground.options, ground.in_force
    if not options.enable_pushes:
        return None
    from engine.remote.pushes.gateway import PushGateway  # noqa: PLC0415 - few need it

    file = None if options.data_dir is None else options.data_dir / "pushes.log"
    return PushGateway(store, ground.around.clock, file, lambda: in_force.config.global_.scrape_interval)


def _writes(ground: _Ground, store: Store, scrapes: ScrapeManager) -> RemoteWrites:
    around = ground.around
    return remote_writes(
        store,
        scrapes,
        (ground.components.addresses, ground.delivery.policy),
        (around.clock, around.workers, around.supervisor),
        folder=ground.options.data_dir,
    )


def _tailing(ground: _Ground, logs: Logs) -> Tailing:
    around = ground.around
    return Tailing(
        ground.loaded,
        ground.options.data_dir,
        logs.sink,
        clock=around.clock,
        workers=around.workers,
        supervisor=around.supervisor,
        addresses=ground.components.addresses,
        delivery=ground.delivery,
    )


def _ruling(ground: _Ground, logs: Logs, store: Store, peers: Callable[[], Alertmanagers]) -> Ruling:
    around, options = ground.around, ground.options
    return Ruling(
        logs,
        store,
        peers,
        around=(around.clock, around.workers, around.supervisor),
        addresses=ground.components.addresses,
        policy=ground.delivery.policy,
        data_dir=options.data_dir,
        environment=options.environment,
        external_url=lambda: ground.components.external_url("loki"),
    )


def _boards(ground: _Ground, parts: BoardParts, acts: Acts) -> BoardService:
    in_force = ground.in_force
    return BoardService(parts, lambda: in_force.loaded, acts.reload, ground.options.data_dir)
