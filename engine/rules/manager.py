"""All groups: started, stopped and carried over when the configuration changes.

A group in which nothing changed goes on undisturbed. One that changed goes on at its next slot with the alerts of
its equal rules; the series of its other rules end there. The series of a group that is gone end after two
intervals, so that a group which took its rules over has written them by then and nothing ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import reduce

from msgspec import Struct

from engine.foundation.supervise import Supervisor
from engine.rules.group import Group, GroupCounts
from engine.rules.ports import Parts
from engine.rules.spec import GroupSpec
from engine.rules.views import AlertingView, AlertView, GroupView, view_group


class _Running(Struct, frozen=True):
    group: Group
    task: asyncio.Task[None]


class Durations(Struct, frozen=True):
    """How often rules and groups were evaluated since the start, and how long that took in all (seconds)."""

    rules: int = 0
    rule_seconds: float = 0.0
    groups: int = 0
    group_seconds: float = 0.0

    def plus(self, counts: GroupCounts) -> Durations:
        return Durations(
            self.rules + counts.evaluations,
            self.rule_seconds + counts.rule_seconds,
            self.groups + counts.iterations - counts.missed,
            self.group_seconds + counts.seconds,
        )


class RuleManager:
    """The only owner of groups. Groups of the first `apply` give alerts back their age from before a restart."""

    def __init__(self, parts: Parts, supervisor: Supervisor) -> None:
        self._parts = parts
        self._supervisor = supervisor
        self._running: dict[str, _Running] = {}
        self._durations = Durations()
        self._endings: set[asyncio.Task[None]] = set()
        self._restored = False

    async def apply(self, groups: Sequence[GroupSpec]) -> None:
        """Run these groups and no others."""
        wanted = {spec.key: spec for spec in groups}
        for key, spec in wanted.items():
            old = self._running.get(key)
            if old is not None and old.group.spec == spec:
                continue
            if old is not None:
                await self._halt(old)
            self._running[key] = self._start(self._succeed(spec, old))
        self._restored = True
        for key in [key for key in self._running if key not in wanted]:
            await self._halt(self._running[key])
            gone = self._running.pop(key).group
            self._durations = self._durations.plus(gone.counts)
            self._end_later(gone)

    async def stop(self) -> None:
        """End all groups; their series stay as they are, for the next start to go on with."""
        for running in self._running.values():
            await self._halt(running)
        self._running = {}
        if self._endings:
            await self._supervisor.stop(*self._endings)

    @property
    def specs(self) -> list[GroupSpec]:
        """The groups that run, in the order in which they were given."""
        return [running.group.spec for running in self._running.values()]

    def groups(self) -> list[GroupView]:
        """By file and name, as the API lists them."""
        views = [view_group(running.group) for running in self._running.values()]
        return sorted(views, key=lambda view: (view.file, view.name))

    def alerts(self) -> list[AlertView]:
        """All that are pending or firing."""
        return [
            alert
            for group in self.groups()
            for rule in group.rules
            if isinstance(rule, AlertingView)
            for alert in rule.alerts
        ]

    def durations(self) -> Durations:
        """Of all groups, those that are gone included."""
        return reduce(Durations.plus, (running.group.counts for running in self._running.values()), self._durations)

    def _succeed(self, spec: GroupSpec, old: _Running | None) -> Group:
        if old is None:
            return Group(spec, self._parts, restored=self._restored)
        group = Group(spec, self._parts, restored=old.group.restored)
        group.take_over(old.group)
        return group

    def _start(self, group: Group) -> _Running:
        return _Running(group, self._supervisor.start(f"rules {group.spec.key}", group.run))

    async def _halt(self, running: _Running) -> None:
        async with running.group.lock:
            await self._supervisor.stop(running.task)

    def _end_later(self, group: Group) -> None:
        clock = self._parts.clock
        removed_at = clock.now_ms()

        async def end() -> None:
            await clock.sleep(2 * group.spec.interval / 1000)
            group.end_all(removed_at)

        task = self._supervisor.start(f"rules {group.spec.key}: ending its series", end)
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)
