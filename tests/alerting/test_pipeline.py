"""Stages over a fake receiver: retries, deadlines, and neighbours that don't harm each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import pytest

from engine.alerting.config.resolve import build_route
from engine.alerting.counts import NotificationCounts
from engine.alerting.dispatch.flush import Alerts, Flush
from engine.alerting.dispatch.pipeline import Integration, Parts, Stage, fanout, receiver_pipeline
from engine.alerting.errors import DeliveryError
from engine.alerting.kept.journal import Journal
from engine.alerting.kept.store import NEVER
from engine.alerting.kept.trail import Trail
from engine.alerting.matching.grammar import Grammar
from engine.foundation.clock import SECOND
from engine.foundation.supervise import Supervisor
from engine.testing.manual_clock import ManualClock
from promql.model.labels import Labels
from tests.alerting.world import START, alert, parsed

RESOLVED = alert(ends=-1, alertname="r")


@dataclass
class FakeReceiver:
    """Fails with each of `failures` in turn, then takes everything."""

    clock: ManualClock
    failures: list[Exception] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    heard: list[Alerts] = field(default_factory=list)

    async def notify(self, _: Flush, alerts: Alerts) -> None:
        self.times.append((self.clock.now_ns() - START) / SECOND)
        if self.failures:
            raise self.failures.pop(0)
        self.heard.append(alerts)


@dataclass
class Bench:
    clock: ManualClock
    counts: NotificationCounts = field(default_factory=NotificationCounts)

    def __post_init__(self) -> None:
        self.journal = Journal(self.clock, None)

    def pipeline(self, *receivers: FakeReceiver, send_resolved: bool = True) -> Stage:
        integrations = [Integration("team", "fake", i, send_resolved, r.notify) for i, r in enumerate(receivers)]
        return receiver_pipeline(integrations, self.parts())

    def parts(self) -> Parts:
        return Parts(
            clock=self.clock,
            journal=self.journal,
            inhibited=lambda labels: "by another" if "inhibited" in labels else "",
            closed=lambda _route, _tick: "",
            silenced=lambda labels: "a silence" if "silenced" in labels else "",
            counts=self.counts,
            trail=Trail(),
            random=Random(7),
        )

    def flush(self, seconds: float = 10) -> Flush:
        written = parsed("route: {receiver: team}").route
        assert written is not None
        tick = self.clock.now_ns()
        return Flush(build_route(written, Grammar.BOTH), Labels(), "{}:{}", tick, tick + round(seconds * SECOND))

    async def run(self, stage: Stage, *alerts: object, seconds: float = 10) -> list[str]:
        """Complaints, after as long as it takes."""
        complaints: list[str] = []
        given = tuple(a for a in alerts if a is not None)

        async def once() -> None:
            try:
                await stage(self.flush(seconds), given)  # type: ignore[arg-type]
            except DeliveryError as error:
                complaints.append(str(error))

        supervisor = Supervisor(self.clock)
        supervisor.start("flush", once)
        await self.clock.advance(seconds * 1000 + 1)
        assert supervisor.crashes == {}
        await supervisor.stop_all()
        return complaints


@pytest.fixture
async def bench(manual_clock: ManualClock) -> Bench:
    return Bench(manual_clock)


def firing(**labels: str) -> object:
    made = alert(**(labels or {"alertname": "f"}))
    return type(made)(made.labels, (), made.starts_at, NEVER, made.updated_at)


def later(message: str = "no answer") -> DeliveryError:
    return DeliveryError(message, retry=True)


async def test_a_failure_that_may_mend_itself_is_tried_again_after_growing_pauses(bench: Bench) -> None:
    receiver = FakeReceiver(bench.clock, [later() for _ in range(4)])
    assert await bench.run(bench.pipeline(receiver), firing()) == []
    pauses = [b - a for a, b in zip(receiver.times, receiver.times[1:], strict=False)]
    for pause, middle in zip(pauses, (0.5, 0.75, 1.125, 1.6875), strict=True):
        assert middle / 2 <= pause <= middle * 1.5
    assert len(receiver.heard) == 1
    assert (bench.counts.requests["fake"], bench.counts.requests_failed["fake"]) == (5, 4)
    assert (bench.counts.notifications["fake"], bench.counts.notifications_failed["fake"]) == (1, 0)


async def test_a_failure_that_is_final_is_not_tried_again(bench: Bench) -> None:
    receiver = FakeReceiver(bench.clock, [DeliveryError("bad request", retry=False)])
    [complaint] = await bench.run(bench.pipeline(receiver), firing())
    assert complaint == "team/fake[0]: notify retry canceled due to unrecoverable error after 1 attempts: bad request"
    assert bench.counts.notifications_failed["fake"] == 1


async def test_a_mistake_of_the_engine_fails_one_notification(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    ill, well = FakeReceiver(bench.clock, [ZeroDivisionError("by zero")]), FakeReceiver(bench.clock)
    [complaint] = await bench.run(bench.pipeline(ill, well), firing())
    assert complaint.endswith("after 1 attempts: unexpected error: ZeroDivisionError('by zero')")
    assert "Traceback" in caplog.text
    assert (bench.counts.requests_failed["fake"], bench.counts.notifications_failed["fake"]) == (1, 1)
    assert len(well.heard) == 1


async def test_attempts_end_at_the_deadline_with_the_last_error(bench: Bench) -> None:
    receiver = FakeReceiver(bench.clock, [later(f"no {n}") for n in range(100)])
    [complaint] = await bench.run(bench.pipeline(receiver), firing())
    attempts = len(receiver.times)
    assert complaint == f"team/fake[0]: notify retry canceled after {attempts} attempts: no {attempts - 1}"


async def test_an_attempt_that_hangs_is_cancelled_at_the_deadline(bench: Bench) -> None:
    async def hang(_: Flush, __: Alerts) -> None:
        await bench.clock.sleep(1000)

    stage = receiver_pipeline([Integration("team", "fake", 0, True, hang)], bench.parts())
    [complaint] = await bench.run(stage, firing())
    assert complaint == "team/fake[0]: notify retry canceled after 1 attempts: context deadline exceeded"


async def test_what_failed_is_not_in_the_journal_and_goes_out_at_the_next_flush(bench: Bench) -> None:
    receiver = FakeReceiver(bench.clock, [DeliveryError("bad", retry=False)])
    stage = bench.pipeline(receiver)
    for _ in range(3):
        await bench.run(stage, firing())
    assert len(receiver.heard) == 1


async def test_one_that_fails_spoils_the_flush_but_its_neighbours_hear_things_once(bench: Bench) -> None:
    well = FakeReceiver(bench.clock)
    ill = FakeReceiver(bench.clock, [DeliveryError("bad", retry=False)])
    stage = bench.pipeline(ill, well)
    assert len(await bench.run(stage, firing())) == 1
    assert await bench.run(stage, firing()) == []
    assert (len(well.heard), len(ill.heard)) == (1, 1)


async def test_muted_alerts_are_taken_away_before_the_journal_is_asked(bench: Bench) -> None:
    receiver = FakeReceiver(bench.clock)
    stage = bench.pipeline(receiver)
    await bench.run(stage, firing(silenced="1"), firing(inhibited="1"))
    assert (receiver.heard, len(bench.journal), bench.counts.journal_queries) == ([], 0, 0)


async def test_without_send_resolved_the_resolved_are_left_out_and_the_journal_learns_of_them(bench: Bench) -> None:
    receiver = FakeReceiver(bench.clock)
    stage = bench.pipeline(receiver, send_resolved=False)
    await bench.run(stage, firing(), RESOLVED)
    assert [[a.name for a in heard] for heard in receiver.heard] == [["f"]]
    await bench.run(stage, RESOLVED)
    told = bench.journal.told(("{}:{}", "team", "fake", 0))
    assert told is not None
    assert (told.firing, told.resolved) == (frozenset(), frozenset({RESOLVED.fingerprint}))
    assert len(receiver.heard) == 1


async def test_an_unexpected_error_passes_through_a_fanout(bench: Bench) -> None:
    async def broken(_: Flush, __: Alerts) -> Alerts:
        raise KeyError("a defect")

    with pytest.raises(KeyError):
        await fanout([broken])(bench.flush(), ())
