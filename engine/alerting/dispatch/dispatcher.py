"""Groups of alerts and their turns.

A group is the alerts of one route that have the same values of its `group_by` labels. It is first flushed
`group_wait` after it came to be, or at once when an alert comes that began longer ago than that; then every
`group_interval`, counted from the start of each flush and whether or not anything happens; a turn that falls into a
flush comes right after it. After a flush that reached everybody, alerts that had resolved leave the group; empty groups
are swept away. The journal, not this module, knows what was told before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace  # noqa: TID251 - an alert is a data class
from functools import partial
from typing import Final, TypeAlias

from engine.alerting.alert import Alert
from engine.alerting.dispatch.flush import Alerts, Flush
from engine.alerting.dispatch.ordering import alert_order
from engine.alerting.dispatch.turns import Turns
from engine.alerting.dispatch.waiting import first_done
from engine.alerting.kept.store import NEVER
from engine.alerting.kept.trail import Trail, What, Where
from engine.alerting.routing.route import Route
from engine.foundation.clock import MILLISECOND, SECOND, Clock
from engine.foundation.supervise import Supervisor
from promql.model.labels import Labels

SWEEP_SECONDS: Final = 30.0
SHORTEST_DEADLINE: Final = 10 * SECOND
MOST_AT_ONCE: Final = 16
PATIENCE_SECONDS: Final = 0.05
"""Where more groups are due at once, the others wait for those to be told, but no longer than this at a time, since a
receiver may hang: a thousand flushes side by side took 20 MB.
"""

Notify: TypeAlias = Callable[[Flush, Alerts], Awaitable[bool]]
"""Tell a receiver; False when somebody could not be reached."""


class Group:
    """Alerts that are told together. `due` is when it is flushed next, Unix ns."""

    __slots__ = ("_alerts", "due", "flushed", "key", "labels", "route", "task")

    def __init__(self, route: Route, labels: Labels, now: int) -> None:
        self.route = route
        self.labels = labels
        self.key = route.group_key(labels)
        self.due = now + route.group_wait
        self.flushed = False
        self.task: asyncio.Task[None] | None = None
        """The flush that is under way."""
        self._alerts: dict[str, Alert] = {}

    def insert(self, alert: Alert, now: int) -> bool:
        """Take an alert as it now stands; whether the group is due at once for it."""
        self._alerts[alert.fingerprint] = alert
        if self.flushed or self.due <= now or alert.starts_at + self.route.group_wait >= now:
            return False
        self.due = now
        return True

    def told_at(self, now: int) -> Alerts:
        """The alerts in the order of notifications; those that fire end at NEVER."""
        alerts = (a if a.resolved_at(now) else replace(a, ends_at=NEVER) for a in self._alerts.values())
        return tuple(sorted(alerts, key=alert_order))

    def drop_resolved(self, told: Alerts) -> None:
        """Let those go that were told to have resolved, and have not come back meanwhile."""
        for alert in told:
            current = self._alerts[alert.fingerprint]
            if alert.ends_at != NEVER and current.updated_at == alert.updated_at:
                del self._alerts[alert.fingerprint]

    @property
    def empty(self) -> bool:
        return not self._alerts

    def __contains__(self, fingerprint: str) -> bool:
        return fingerprint in self._alerts

    def __iter__(self) -> Iterator[Alert]:
        return iter(list(self._alerts.values()))


class Dispatcher:
    """Sorts alerts into groups and gives the groups their turns, until it is stopped."""

    def __init__(self, clock: Clock, supervisor: Supervisor, root: Route, notify: Notify, trail: Trail) -> None:
        self._clock = clock
        self._supervisor = supervisor
        self._root = root
        self._notify = notify
        self._trail = trail
        self._groups: dict[tuple[tuple[int, ...], Labels], Group] = {}
        self._turns = Turns[Group](clock)
        self._under_way = 0
        self._room = MOST_AT_ONCE
        self._ended = asyncio.Event()
        self._loops = [
            supervisor.start("alert groups: sweep", self._sweep),
            supervisor.start("alert groups: turns", self._take_turns),
        ]

    def dispatch(self, alert: Alert) -> None:
        """Put the alert into a group of each route that it matches."""
        now = self._clock.now_ns()
        for route in self._root.match(alert.labels):
            labels = route.group_labels(alert.labels)
            group = self._groups.get((route.place, labels))
            begins = group is None
            if group is None:
                group = self._groups[route.place, labels] = Group(route, labels, now)
            new = alert.fingerprint not in group
            if group.insert(alert, now) or begins:
                self._turns.add(group.due, group)
            if new:
                self._note(alert, group, now)

    def _note(self, alert: Alert, group: Group, now: int) -> None:
        """Why the alert is told there, and when."""
        where = Where(group.route.receiver, group.key)
        self._trail.note(alert, What.ROUTED, now, f"matches the route {group.route.key}", where)
        if group.due > now:
            why = "for the group's next turn (group_interval)" if group.flushed else "for others to come (group_wait)"
            self._trail.note(alert, What.WAITING, now, why, where)

    def groups(self) -> list[Group]:
        return list(self._groups.values())

    async def stop(self) -> None:
        """End all turns; what is being sent is cancelled."""
        groups = self.groups()
        self._groups.clear()
        await self._supervisor.stop(*self._loops, *(group.task for group in groups if group.task is not None))

    async def _take_turns(self) -> None:
        while True:
            if self._under_way >= self._room:
                await self._make_room()
            due, group = await self._turns.next()
            if group.due == due and group.task is None:  # else it was brought forward, or swept away
                self._under_way += 1
                group.task = self._supervisor.start(f"alert group {group.key}", partial(self._turn, group))

    async def _make_room(self) -> None:
        """Until a flush has ended; where all hang, as many more may be begun."""
        self._ended.clear()
        await first_done(self._ended.wait(), self._clock.sleep(PATIENCE_SECONDS))
        if not self._ended.is_set():
            self._room = 2 * self._under_way

    async def _turn(self, group: Group) -> None:
        """One flush. Begun again after an unexpected error, it waits for the next turn first."""
        await self._clock.sleep_until(group.due / MILLISECOND)
        tick = self._clock.now_ns()
        group.due = tick + group.route.group_interval
        group.flushed = True
        await self._flush(group, tick)
        group.task = None
        self._under_way -= 1
        self._room = max(MOST_AT_ONCE, min(self._room, self._under_way + MOST_AT_ONCE))
        self._ended.set()
        self._turns.add(group.due, group)

    async def _flush(self, group: Group, tick: int) -> None:
        if group.empty:
            return
        alerts = group.told_at(self._clock.now_ns())
        deadline = tick + max(group.route.group_interval, SHORTEST_DEADLINE)
        if await self._notify(Flush(group.route, group.labels, group.key, tick, deadline), alerts):
            group.drop_resolved(alerts)

    async def _sweep(self) -> None:
        while True:
            await self._clock.sleep(SWEEP_SECONDS)
            for key, group in list(self._groups.items()):
                if group.empty and group.task is None:
                    del self._groups[key]
                    group.due = -1
