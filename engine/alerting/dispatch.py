"""Groups of alerts and their timers.

A group is the alerts of one route that have the same values of its `group_by` labels. It is first flushed
`group_wait` after it came to be, or at once when an alert comes that began longer ago than that; then every
`group_interval`, counted from the start of each flush and whether or not anything happens. After a flush that
reached everybody, alerts that had resolved leave the group; empty groups are swept away. The journal, not this
module, knows what was told before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Final, TypeAlias

from engine.alerting.alert import Alert
from engine.alerting.ordering import alert_order
from engine.alerting.pipeline import Alerts, Flush
from engine.alerting.route import Route
from engine.alerting.store import NEVER
from engine.alerting.trail import Trail, What, Where
from engine.alerting.waiting import Alarm
from engine.foundation.clock import SECOND, Clock
from engine.foundation.supervise import Supervisor
from promql.model.labels import Labels

SWEEP_SECONDS: Final = 30.0
SHORTEST_DEADLINE: Final = 10 * SECOND

Notify: TypeAlias = Callable[[Flush, Alerts], Awaitable[bool]]
"""Tell a receiver; False when somebody could not be reached."""


class Group:
    """Alerts that are told together, and the timer that tells them."""

    def __init__(self, route: Route, labels: Labels, clock: Clock, notify: Notify) -> None:
        self.route = route
        self.labels = labels
        self.key = route.group_key(labels)
        self._clock = clock
        self._notify = notify
        self._alerts: dict[str, Alert] = {}
        self._flushed = False
        self._alarm = Alarm(clock, clock.now_ns() + route.group_wait)

    def insert(self, alert: Alert) -> None:
        """Take an alert as it now stands."""
        self._alerts[alert.fingerprint] = alert
        now = self._clock.now_ns()
        if not self._flushed and alert.starts_at + self.route.group_wait < now:
            self._alarm.set(now)

    async def run(self) -> None:
        """Flush whenever it is time, for ever."""
        while True:
            await self._alarm.wait()
            tick = self._clock.now_ns()
            self._alarm.set(tick + self.route.group_interval)
            self._flushed = True
            await self.flush(tick)

    async def flush(self, tick: int) -> None:
        if not self._alerts:
            return
        now = self._clock.now_ns()
        alerts = tuple(
            sorted(
                (a if a.resolved_at(now) else replace(a, ends_at=NEVER) for a in self._alerts.values()),
                key=alert_order,
            )
        )
        deadline = tick + max(self.route.group_interval, SHORTEST_DEADLINE)
        if await self._notify(Flush(self.route, self.labels, self.key, tick, deadline), alerts):
            self._drop_resolved(alerts)

    def _drop_resolved(self, told: Alerts) -> None:
        for alert in told:
            current = self._alerts[alert.fingerprint]
            if alert.ends_at != NEVER and current.updated_at == alert.updated_at:
                del self._alerts[alert.fingerprint]

    @property
    def empty(self) -> bool:
        return not self._alerts

    @property
    def due(self) -> int:
        """When it is flushed next, Unix ns."""
        return self._alarm.due

    @property
    def flushed(self) -> bool:
        return self._flushed

    def __contains__(self, fingerprint: str) -> bool:
        return fingerprint in self._alerts

    def __iter__(self) -> Iterator[Alert]:
        return iter(list(self._alerts.values()))


class Dispatcher:
    """Sorts alerts into groups and runs the groups' timers, until it is stopped."""

    def __init__(self, clock: Clock, supervisor: Supervisor, root: Route, notify: Notify, trail: Trail) -> None:
        self._clock = clock
        self._supervisor = supervisor
        self._root = root
        self._notify = notify
        self._trail = trail
        self._groups: dict[tuple[tuple[int, ...], Labels], tuple[Group, asyncio.Task[None]]] = {}
        self._sweeper = supervisor.start("alert groups: sweep", self._sweep)

    def dispatch(self, alert: Alert) -> None:
        """Put the alert into a group of each route that it matches."""
        for route in self._root.match(alert.labels):
            labels = route.group_labels(alert.labels)
            known = self._groups.get((route.place, labels))
            group = Group(route, labels, self._clock, self._notify) if known is None else known[0]
            new = alert.fingerprint not in group
            group.insert(alert)
            if new:
                self._note(alert, group)
            if known is None:
                task = self._supervisor.start(f"alert group {group.key}", group.run)
                self._groups[route.place, labels] = (group, task)

    def _note(self, alert: Alert, group: Group) -> None:
        """Why the alert is told there, and when."""
        where, now = Where(group.route.receiver, group.key), self._clock.now_ns()
        self._trail.note(alert, What.ROUTED, now, f"matches the route {group.route.key}", where)
        if group.due > now:
            why = "for the group's next turn (group_interval)" if group.flushed else "for others to come (group_wait)"
            self._trail.note(alert, What.WAITING, now, why, where)

    def groups(self) -> list[Group]:
        return [group for group, _ in self._groups.values()]

    async def stop(self) -> None:
        """End all timers; what is being sent is cancelled."""
        tasks = [self._sweeper, *(task for _, task in self._groups.values())]
        self._groups.clear()
        await self._supervisor.stop(*tasks)

    async def _sweep(self) -> None:
        while True:
            await self._clock.sleep(SWEEP_SECONDS)
            for key, (group, task) in list(self._groups.items()):
                if group.empty:
                    del self._groups[key]
                    await self._supervisor.stop(task)
