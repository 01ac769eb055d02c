"""The whole alerting side behind one object: alerts in, notifications out, silences and questions in between.

A new config takes the place of the old one as in the original: groups begin anew from the alerts that are known, and
the journal keeps receivers from hearing the same thing twice. A config that can't be used leaves the old one in force.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from engine.alerting.alert import Alert
from engine.alerting.config.document import AlertmanagerConfig
from engine.alerting.counts import Durations, NotificationCounts, ReceivedCounts, WorkCounts
from engine.alerting.explain import Explained, explain
from engine.alerting.kept import trail_file
from engine.alerting.kept.alert_log import AlertLog
from engine.alerting.kept.journal import Journal, JournalEntry
from engine.alerting.kept.linelog import LineLog, LogWriteError
from engine.alerting.kept.silences import Silence, Silences
from engine.alerting.kept.store import AlertInvalidError, AlertReport, AlertStore, normalise
from engine.alerting.kept.trail import Trail, What
from engine.alerting.matching.grammar import Grammar
from engine.alerting.queries import AlertQuery, AlertView, GroupView, find_alerts, find_groups
from engine.alerting.running import Kept, Running, Status, Surroundings
from engine.alerting.trial import Tried, try_receiver
from engine.foundation.clock import MILLISECOND
from engine.foundation.delivery import Withheld
from engine.foundation.errors import ConfigError

ALERT_COLLECTION_SECONDS: Final = 1800.0
MAINTENANCE_SECONDS: Final = 900.0
COMPACTION_SECONDS: Final = 30.0

log = logging.getLogger(__name__)
T = TypeVar("T")


class AlertManager:
    """Owns alerts, silences and the journal for ever, and everything else as long as a config is in force."""

    def __init__(self, config: AlertmanagerConfig, folder: Path, around: Surroundings) -> None:
        """`folder` is where the config's relative paths begin. Raises ConfigError, StoreError."""
        self._around = around
        self._clock = around.clock
        self.started_at: Final = around.clock.now_ns()
        self.received: Final = ReceivedCounts()
        self.work: Final = WorkCounts()
        self._kept: Final = Kept(
            self._open_store(config),
            Silences(around.clock, _log_of(around, "silences", Silence), self._is_name, around.retention),
            Journal(around.clock, _log_of(around, "journal", JournalEntry), around.retention),
            NotificationCounts(),
            Trail(trail_file.read(around.data_dir) if around.data_dir is not None else ()),
        )
        self.reloaded_at = self.started_at
        self.reload_successful = True
        self._running = Running(config, folder, self._kept, around)
        self._restore()
        self._keepers = [
            around.supervisor.start("alerting: keep the file of alerts small", self._compact_alerts),
            around.supervisor.start("alerting: forget resolved alerts", self._forget_resolved),
            around.supervisor.start("alerting: maintenance", self._maintain),
        ]

    @property
    def running(self) -> Running:
        """The config in force."""
        return self._running

    @property
    def grammar(self) -> Grammar:
        """That of matchers."""
        return self._around.grammar

    @property
    def silences(self) -> Silences:
        return self._kept.silences

    @property
    def journal(self) -> Journal:
        return self._kept.journal

    @property
    def trail(self) -> Trail:
        return self._kept.trail

    @property
    def counts(self) -> NotificationCounts:
        return self._kept.counts

    @property
    def now(self) -> int:
        """Unix ns."""
        return self._clock.now_ns()

    def _is_name(self, text: str) -> bool:
        """Whether a label may have this name, as long as the config in force stays."""
        return self._running.is_name(text)

    def put_alerts(self, alerts: Sequence[Alert]) -> None:
        """Take alerts as the rules of this process make them."""
        try:
            self._take(alerts)
        except LogWriteError as error:
            log.error("%s", error)  # noqa: TRY400 - an expected error

    def _take(self, alerts: Sequence[Alert], version: str = "v2") -> None:
        """Raises LogWriteError, but the alerts are taken all the same."""
        now, began = self._clock.now_ns(), self._clock.monotonic()
        stand = self._kept.store.put(alerts, now)
        for alert, one in zip(alerts, stand, strict=True):
            resolved = alert.resolved_at(now)
            (self.received.resolved if resolved else self.received.firing)[version] += 1
            self._kept.trail.note(one, What.RESOLVED if resolved else What.RECEIVED, now)
            self._running.take(one)
        self.work.dispatched.add(self._clock.monotonic() - began, len(alerts))
        self._kept.store.keep(stand)

    def receive(self, reports: Iterable[AlertReport], version: str = "v2") -> list[str]:
        """Take alerts as clients send them; gives what is wrong with those that were refused.

        Those that were taken outlast the process. Raises LogWriteError where they don't; they are told all the same.
        """
        now = self._clock.now_ns()
        resolve_timeout = self._running.config.global_.resolve_timeout * MILLISECOND
        taken, complaints = [], []
        for report in reports:
            try:
                taken.append(normalise(report, now, resolve_timeout, self._running.is_name))
            except AlertInvalidError as error:
                self.received.invalid[version] += 1
                complaints.append(str(error))
        self._take(taken, version)
        return complaints

    def alerts(self, query: AlertQuery = AlertQuery()) -> list[AlertView]:  # noqa: B008 - frozen
        return find_alerts(self._kept.store, self._running, query, self._clock.now_ns())

    def groups(self, query: AlertQuery = AlertQuery()) -> list[GroupView]:  # noqa: B008 - frozen
        return find_groups(self._running, query, self._clock.now_ns())

    def statuses(self) -> list[tuple[Alert, Status]]:
        """All alerts that are known, resolved ones too, and what keeps them quiet."""
        return [(alert, self._running.status_of(alert.labels)) for alert in self._kept.store]

    def explain(self, fingerprint: str) -> Explained | None:
        """What became of an alert and where it stands; None if nothing is known of it."""
        kept = self._kept
        return explain(fingerprint, kept.trail, self._running, kept.store, kept.journal)

    async def try_receiver(self, name: str) -> list[Tried]:
        """Send a test notification. Raises ConfigError for a receiver that there is not."""
        return await try_receiver(self._running.config, self._running.folder, name, self._around)

    def receiver_names(self) -> list[str]:
        """In the order of the file."""
        return [receiver.name for receiver in self._running.config.receivers]

    def withheld(self) -> Sequence[Withheld]:
        """What would have been sent beyond this machine, oldest first."""
        return self._around.delivery.outbox.all()

    def prepare(self, config: AlertmanagerConfig, folder: Path) -> Running:
        """Another config, of which nothing works yet: `adopt` or `stop` it. Raises ConfigError."""
        try:
            return Running(config, folder, self._kept, self._around)
        except ConfigError:
            self.reload_successful = False
            raise

    async def adopt(self, new: Running) -> None:
        """Put a config in force that was prepared."""
        old, self._running = self._running, new
        await old.stop()
        for alert in self._kept.store:
            new.take(alert)
        self.reload_successful = True
        self.reloaded_at = self._clock.now_ns()

    async def stop(self) -> None:
        """End everything; what was acknowledged is on disk."""
        await self._around.supervisor.stop(*self._keepers)
        await self._running.stop()
        self._kept.store.close()
        await self._keep_trails()

    def _open_store(self, config: AlertmanagerConfig) -> AlertStore:
        around = self._around
        if around.data_dir is None:
            return AlertStore()
        file = AlertLog(around.data_dir / "alerts", around.workers)
        timeout = config.global_.resolve_timeout * MILLISECOND
        return AlertStore(file, file.read(self.started_at, timeout, around.retention))

    def _restore(self) -> None:
        for alert in self._kept.store:
            self._kept.trail.note(alert, What.RESTORED, self.started_at)
            self._running.take(alert)

    async def _forget_resolved(self) -> None:
        while True:
            await self._clock.sleep(ALERT_COLLECTION_SECONDS)
            self._kept.store.collect(self._clock.now_ns())

    async def _compact_alerts(self) -> None:
        while True:
            await self._clock.sleep(COMPACTION_SECONDS)
            await _reporting(self._kept.store.compact)

    async def _maintain(self) -> None:
        while True:
            await self._clock.sleep(MAINTENANCE_SECONDS)
            self._running.collect()
            self._kept.trail.collect(self._clock.now_ns())
            self._forget(self.work.silences_forgot, self._kept.silences.forget)
            self._forget(self.work.journal_forgot, self._kept.journal.forget)
            await self._compact(self.work.silences_kept, self._kept.silences.compact)
            await self._compact(self.work.journal_kept, self._kept.journal.compact)
            await self._keep_trails()

    def _forget(self, durations: Durations, forget: Callable[[], None]) -> None:
        began = self._clock.monotonic()
        forget()
        durations.add(self._clock.monotonic() - began)

    async def _compact(self, durations: Durations, compact: Callable[[], Awaitable[None]]) -> None:
        began = self._clock.monotonic()
        await _reporting(compact)
        durations.add(self._clock.monotonic() - began)

    async def _keep_trails(self) -> None:
        if self._around.data_dir is not None:
            await self._around.workers.run(trail_file.write, self._around.data_dir, self._kept.trail.find(()))


async def _reporting(maintain: Callable[[], Awaitable[None]]) -> None:
    try:
        await maintain()
    except LogWriteError as error:
        log.error("not compacted: %s", error)  # noqa: TRY400 - an expected error


def _log_of(around: Surroundings, name: str, record: type[T]) -> LineLog[T] | None:
    if around.data_dir is None:
        return None
    return LineLog(around.data_dir / f"{name}.jsonl", name, record, around.workers)
