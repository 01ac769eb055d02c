"""From a group's flush to its receivers: stages of one signature, composed in `receiver_pipeline`.

A stage takes the alerts of a flush and gives those that go on; where none are left, the flush has ended well. Law:
what mutes stands before the journal and does not touch it, so an alert that resolves while it is silenced is never
told to have resolved, and one whose silence ends is told again only when the repeat interval has passed. An
integration that fails, even by a mistake of the engine's own, spoils the flush but not its neighbours, whom the
journal keeps from telling things twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from random import Random
from typing import Final, TypeAlias

from msgspec import Struct, field

from engine.alerting.counts import NotificationCounts
from engine.alerting.dispatch.flush import Alerts, Flush
from engine.alerting.dispatch.waiting import DeadlineError, before
from engine.alerting.errors import DeliveryError
from engine.alerting.kept.dedup import Now, decide
from engine.alerting.kept.journal import Journal, Key
from engine.alerting.kept.linelog import LogWriteError
from engine.alerting.kept.store import NEVER
from engine.alerting.kept.trail import Trail, What, Where
from engine.alerting.routing.route import Route
from engine.foundation.clock import Clock
from promql.model.labels import Labels

FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 60.0
PAUSE_FACTOR: Final = 1.5
JITTER: Final = 0.5

log = logging.getLogger(__name__)

Stage: TypeAlias = Callable[[Flush, Alerts], Awaitable[Alerts]]


class Integration(Struct, frozen=True):
    """One thing that a receiver sends to; `index` counts among those of its kind.

    `notify` raises DeliveryError, and is true when the notification was withheld and only shown here.
    """

    receiver: str
    kind: str
    index: int
    send_resolved: bool
    notify: Callable[[Flush, Alerts], Awaitable[bool]]

    def __str__(self) -> str:
        return f"{self.receiver}/{self.kind}[{self.index}]"

    def where(self, flush: Flush) -> Where:
        return Where(self.receiver, flush.group_key, f"{self.kind}[{self.index}]")

    def key(self, flush: Flush) -> Key:
        return (flush.group_key, self.receiver, self.kind, self.index)


class Parts(Struct, frozen=True):
    """What the stages ask: is a label set quiet now, is a route closed at the tick of a flush (Unix ns)? What they are
    answered is why, or nothing.
    """

    clock: Clock
    journal: Journal
    inhibited: Callable[[Labels], str]
    closed: Callable[[Route, int], str]
    silenced: Callable[[Labels], str]
    counts: NotificationCounts
    trail: Trail
    random: Random = field(default_factory=Random)


def receiver_pipeline(integrations: Iterable[Integration], parts: Parts) -> Stage:
    """The whole way of one receiver's notifications."""
    return sequence(
        mute(parts, What.INHIBITED, parts.inhibited),
        hours(parts),
        mute(parts, What.SILENCED, parts.silenced),
        fanout([
            dedup(parts, one, deliver(parts, one)) for one in integrations
        ]),
    )  # fmt: skip


def sequence(*stages: Stage) -> Stage:
    """One after the other, as long as alerts are left."""

    async def run(flush: Flush, alerts: Alerts) -> Alerts:
        for stage in stages:
            if alerts:
                alerts = await stage(flush, alerts)
        return alerts

    return run


def fanout(stages: Sequence[Stage]) -> Stage:
    """All at once; each to its end, whatever becomes of the others. Raises DeliveryError if any failed."""
    if len(stages) == 1:
        return stages[0]

    async def run(flush: Flush, alerts: Alerts) -> Alerts:
        outcomes = await asyncio.gather(*(stage(flush, alerts) for stage in stages), return_exceptions=True)
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        for failure in failures:
            if not isinstance(failure, DeliveryError):
                raise failure
        if failures:
            raise DeliveryError("; ".join(map(str, failures)), retry=True)
        return alerts

    return run


def mute(parts: Parts, what: What, muted: Callable[[Labels], str]) -> Stage:
    async def run(flush: Flush, alerts: Alerts) -> Alerts:
        passing = []
        for alert in alerts:
            if why := muted(alert.labels):
                parts.trail.note(alert, what, parts.clock.now_ns(), why, flush.where)
            else:
                passing.append(alert)
        return tuple(passing)

    return run


def hours(parts: Parts) -> Stage:
    """Nothing passes outside of the route's active intervals, or inside of those that mute it."""

    async def run(flush: Flush, alerts: Alerts) -> Alerts:
        why = parts.closed(flush.route, flush.tick)
        if not why:
            return alerts
        _note(parts, alerts, What.MUTED, why, flush.where)
        return ()

    return run


def _note(parts: Parts, alerts: Alerts, what: What, why: str, where: Where) -> None:
    now = parts.clock.now_ns()
    for alert in alerts:
        parts.trail.note(alert, what, now, why, where)


Deliver: TypeAlias = Callable[[Flush, Alerts, str], Awaitable[Alerts]]
"""The last stage, which is told why."""


def dedup(parts: Parts, integration: Integration, deliver: Deliver) -> Stage:
    """Delivers what is news to the receiver."""

    async def run(flush: Flush, alerts: Alerts) -> Alerts:
        firing, resolved = _sides(alerts)
        repeat, now = flush.route.repeat_interval, parts.clock.now_ns()
        reason = decide(
            parts.journal.told(integration.key(flush)), Now(firing, resolved, now, repeat, integration.send_resolved)
        )
        parts.counts.journal_queries += 1
        log.debug("%s %s: %s", integration, flush.group_key, reason.value)
        if reason.notifies:
            return await deliver(flush, alerts, reason.value)
        _note(parts, alerts, What.NOT_DUE, reason.value, integration.where(flush))
        return ()

    return run


def deliver(parts: Parts, integration: Integration) -> Deliver:
    """Try until it arrives, the error is final, or the deadline is there; then record it. Raises DeliveryError.

    Who does not want to hear of resolved alerts is done when nothing else is left.
    """

    async def run(flush: Flush, alerts: Alerts, reason: str) -> Alerts:
        where = integration.where(flush)
        wanted = alerts if integration.send_resolved else tuple(a for a in alerts if a.ends_at == NEVER)
        if len(wanted) < len(alerts):
            resolved = tuple(a for a in alerts if a.ends_at != NEVER)
            _note(parts, resolved, What.NOT_WANTED, "send_resolved is false", where)
        try:
            withheld = bool(wanted) and await _send(parts, integration, flush, wanted)
        except DeliveryError as error:
            _note(parts, wanted, What.FAILED, str(error), where)
            raise
        for alert in wanted:
            what = What.WITHHELD if withheld else What.SENT
            status = "firing" if alert.ends_at == NEVER else "resolved"
            parts.trail.note(alert, what, parts.clock.now_ns(), f"{status}: {reason}", where)
        await _record(parts, integration, flush, alerts, withheld=withheld)
        return alerts

    return run


async def _send(parts: Parts, integration: Integration, flush: Flush, wanted: Alerts) -> bool:
    """Whether it was withheld."""
    parts.counts.notifications[integration.kind] += 1
    attempts = _Attempts(parts, integration)
    try:
        return await before(parts.clock, flush.deadline, attempts.run(flush, wanted))
    except (DeliveryError, DeadlineError) as error:
        parts.counts.notifications_failed[integration.kind] += 1
        raise DeliveryError(attempts.failure(error), retry=False) from None


async def _record(parts: Parts, integration: Integration, flush: Flush, alerts: Alerts, *, withheld: bool) -> None:
    firing, resolved = _sides(alerts)
    key, repeat = integration.key(flush), flush.route.repeat_interval
    try:
        await parts.journal.record(key, firing, resolved, repeat, withheld=withheld)
    except LogWriteError as error:
        log.error("%s: the notification went out, but a restart may repeat it: %s", integration, error)  # noqa: TRY400 - an expected error


class _Attempts:
    """The attempts of one notification."""

    def __init__(self, parts: Parts, integration: Integration) -> None:
        self._parts = parts
        self._integration = integration
        self._count = 0
        self._last: DeliveryError | None = None

    async def run(self, flush: Flush, alerts: Alerts) -> bool:
        """Whether it was withheld."""
        for pause in _pauses(self._parts.random):
            self._count += 1
            try:
                return await self._attempt(flush, alerts)
            except DeliveryError as error:
                if not error.retry:
                    raise
                self._warn_once(error)
                _note(self._parts, alerts, What.RETRYING, str(error), self._integration.where(flush))
            await self._parts.clock.sleep(pause)
        raise AssertionError("pauses never end")

    def failure(self, error: DeliveryError | DeadlineError) -> str:
        """What to tell: a final error itself, at the deadline the last one that could have mended itself."""
        if isinstance(error, DeadlineError):
            return f"{self._integration}: notify retry canceled after {self._count} attempts: {self._last or error}"
        why = f"due to unrecoverable error after {self._count} attempts"
        return f"{self._integration}: notify retry canceled {why}: {error}"

    async def _attempt(self, flush: Flush, alerts: Alerts) -> bool:
        counts, kind = self._parts.counts, self._integration.kind
        started = self._parts.clock.monotonic()
        counts.requests[kind] += 1
        try:
            return await self._integration.notify(flush, alerts)
        except Exception as error:
            counts.requests_failed[kind] += 1
            if isinstance(error, DeliveryError):
                raise
            log.exception("%s: the attempt failed", self._integration)
            raise DeliveryError(f"unexpected error: {error!r}", retry=False) from None
        finally:
            counts.observe_latency(kind, self._parts.clock.monotonic() - started)

    def _warn_once(self, error: DeliveryError) -> None:
        if self._last is None or str(self._last) != str(error):
            log.warning("%s: attempt %d failed, will try again: %s", self._integration, self._count, error)
        self._last = error


def _pauses(random: Random) -> Iterator[float]:
    """Seconds: half a second, growing by half each time, each up to half more or less, at most a minute."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        yield pause * random.uniform(1 - JITTER, 1 + JITTER)
        pause = min(pause * PAUSE_FACTOR, LONGEST_PAUSE_SECONDS)


def _sides(alerts: Alerts) -> tuple[frozenset[str], frozenset[str]]:
    firing = frozenset(alert.fingerprint for alert in alerts if alert.ends_at == NEVER)
    return firing, frozenset(alert.fingerprint for alert in alerts if alert.ends_at != NEVER)
