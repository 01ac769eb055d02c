"""What a push is refused for, in the words of Loki 2.7, and what of it is kept all the same."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from engine.logql.lines import StreamLines
from engine.logs.config.limits import Limits
from engine.logs.config.sizes import ByteSize
from engine.logs.errors import PushRefusedError
from engine.logs.intake import Intake
from engine.logs.store.store import LogStore
from engine.testing.manual_clock import ManualClock
from promql.model.labels import Labels
from tests.logs.twin import answer

SECOND = 1_000_000_000
HOUR = 3600 * SECOND
A = Labels.of(job="a")


class World:
    """An intake over a store in memory, at 2026-11-25 10:00 UTC."""

    def __init__(self, **limits: object) -> None:
        self.limits = Limits(**limits)  # type: ignore[arg-type]
        self.store = LogStore(None)
        self.clock = ManualClock(1_795_600_800_000)
        self.intake = Intake(self.store, self.clock, lambda _: self.limits, lambda: HOUR)
        self.now = self.clock.now_ns()

    def push(self, *entries: tuple[int, bytes], labels: Labels = A) -> None:
        """Times are ns from now."""
        times = [self.now + time for time, _ in entries]
        self.intake.push("fake", [StreamLines(labels, times, [line for _, line in entries])])

    def refused(self, *entries: tuple[int, bytes], labels: Labels = A) -> tuple[int, str]:
        with pytest.raises(PushRefusedError) as refusal:
            self.push(*entries, labels=labels)
        return refusal.value.status, str(refusal.value)

    def lines(self) -> Sequence[bytes]:
        return [line for held in answer(self.store).values() for _, line in held]


def test_a_stream_needs_a_label() -> None:
    world = World()
    refused = world.refused((0, b"x"), labels=Labels())
    assert refused == (400, "error at least one label pair is required per stream")
    assert world.intake.counts.refused_lines["missing_labels", "fake"] == 1


def test_a_stream_may_have_so_many_labels_of_such_lengths() -> None:
    world = World(max_label_names_per_series=2, max_label_name_length=4, max_label_value_length=5)
    assert world.refused((0, b"x"), labels=Labels.of(a="1", b="2", c="3")) == (
        400, """entry for stream '{a="1", b="2", c="3"}' has 3 label names; limit 2""",
    )  # fmt: skip
    assert world.refused((0, b"x"), labels=Labels.of(abcde="1")) == (
        400, """stream '{abcde="1"}' has label name too long: 'abcde'""",
    )  # fmt: skip
    assert world.refused((0, b"x"), labels=Labels.of(a="123456")) == (
        400, """stream '{a="123456"}' has label value too long: '123456'""",
    )  # fmt: skip


def test_lines_that_are_too_old_or_too_new_are_refused_and_the_others_kept() -> None:
    world = World()
    assert world.refused((-200 * HOUR, b"old"), (0, b"fine")) == (
        400,
        (
            """entry for stream '{job="a"}' has timestamp too old: 2026-11-17T02:00:00Z,"""
            " oldest acceptable timestamp is: 2026-11-18T10:00:00Z"
        ),
    )
    assert world.refused((0, b"fine too"), (HOUR, b"new")) == (
        400, """entry for stream '{job="a"}' has timestamp too new: 2026-11-25T11:00:00Z""",
    )  # fmt: skip
    assert world.lines() == [b"fine", b"fine too"]


def test_long_lines_are_refused_or_cut() -> None:
    world = World(max_line_size=ByteSize(4))
    assert world.refused((0, b"fine"), (1, b"12345")) == (
        400, """Max entry size '4' bytes exceeded for stream '{job="a"}' while adding an entry with length '5' bytes""",
    )  # fmt: skip
    world.limits = msgspec.structs.replace(world.limits, max_line_size_truncate=True)
    world.push((2, b"123456"))
    assert world.lines() == [b"fine", b"1234"]


def test_lines_far_behind_the_newest_of_their_stream_are_refused() -> None:
    world = World()
    world.push((0, b"newest"))
    world.push((-HOUR, b"just in time"))
    assert world.refused((-HOUR - 1, b"late"), (-2, b"fine")) == (
        400,
        (
            """entry with timestamp 2026-11-25 08:59:59.999999999 +0000 UTC ignored, reason: 'entry too far behind, """
            """oldest acceptable timestamp is: 2026-11-25T09:00:00Z' for stream: {job="a"},\ntotal ignored: 1 out of 2"""
        ),
    )
    world.push((-2 * HOUR, b"another stream"), labels=Labels.of(job="b"))
    assert world.lines() == [b"another stream", b"just in time", b"fine", b"newest"]
    assert world.intake.counts.refused_lines["too_far_behind", "fake"] == 1


def test_without_unordered_writes_nothing_may_be_late() -> None:
    world = World(unordered_writes=False)
    world.push((0, b"x"))
    assert "'entry out of order' for stream" in world.refused((-1, b"y"))[1]


def test_a_tenant_that_pushes_too_fast_is_refused_whole_until_time_has_passed() -> None:
    world = World(ingestion_rate_mb=1 / 1024, ingestion_burst_size_mb=2 / 1024)
    world.push((0, b"x" * 2000))
    assert world.refused((1, b"y" * 100)) == (
        429,
        (
            "Ingestion rate limit exceeded for user fake (limit: 1024 bytes/sec) while attempting to ingest '1' lines"
            " totaling '100' bytes, reduce log volume or contact your Loki administrator to see if the limit can be"
            " increased"
        ),
    )
    assert len(world.lines()) == 1


def test_a_stream_that_grows_too_fast_is_refused_line_by_line() -> None:
    world = World(per_stream_rate_limit=ByteSize(4096), per_stream_rate_limit_burst=ByteSize(1000))
    assert world.refused((0, b"x" * 600), (1, b"y" * 500)) == (
        429,
        (
            "entry with timestamp 2026-11-25 10:00:00.000000001 +0000 UTC ignored, reason: 'Per stream rate limit exceeded"
            """ (limit: 4KB/sec) while attempting to ingest for stream '{job="a"}' totaling 500B, consider splitting a"""
            " stream via additional labels or contact your Loki administrator to see if the limit can be increased'"
            """ for stream: {job="a"},\ntotal ignored: 1 out of 2"""
        ),
    )
    assert world.lines() == [b"x" * 600]


def test_a_tenant_may_have_so_many_active_streams() -> None:
    world = World(max_global_streams_per_user=2)
    world.push((0, b"x"))
    world.push((0, b"y"), labels=Labels.of(job="b"))
    status, text = world.refused((0, b"z"), labels=Labels.of(job="c"))
    assert status == 429
    assert text.startswith("Maximum active stream limit exceeded, reduce the number of active streams")
    world.push((1, b"more"))
    world.store.seal()
    assert world.refused((0, b"z"), labels=Labels.of(job="c"))[0] == 429  # those that were sealed are still written


async def test_a_stream_that_took_nothing_for_a_while_makes_room_for_another() -> None:
    world = World(max_global_streams_per_user=2)
    world.push((0, b"x"))
    world.push((HOUR // 60, b"y"), labels=Labels.of(job="b"))
    await world.clock.advance(1_800_000)
    world.push((0, b"once more"))
    world.store.settle(world.clock.now_ns() - HOUR // 2)
    assert world.refused((0, b"z"), labels=Labels.of(job="c"))[0] == 429
    await world.clock.advance(1)
    world.store.settle(world.clock.now_ns() - HOUR // 2)
    world.push((0, b"z"), labels=Labels.of(job="c"))


async def test_a_stream_that_took_nothing_for_a_while_may_begin_anew_with_older_lines() -> None:
    world = World()
    world.push((0, b"newest"))
    assert "too far behind" in world.refused((-2 * HOUR, b"old"))[1]
    await world.clock.advance(1_801_000)
    world.store.settle(world.clock.now_ns() - HOUR // 2)
    world.push((-2 * HOUR, b"old"))
    world.push((-2 * HOUR, b"old"), (0, b"newest"))  # each is there already
    assert world.lines() == [b"old", b"newest"]


def test_a_stream_that_comes_twice_in_a_push_counts_once() -> None:
    world = World(max_global_streams_per_user=1)
    lines = [StreamLines(A, [world.now + n], [b"x"]) for n in range(2)]
    world.intake.push("fake", lines)
    assert len(world.lines()) == 2


def test_equal_instants_are_told_apart_where_that_is_wanted() -> None:
    world = World(increment_duplicate_timestamp=True)
    world.push((5, b"a"), (5, b"b"), (5, b"b"), (7, b"c"))
    found = [(time - world.now, line) for time, line in answer(world.store)['{job="a"}']]
    assert found == [(5, b"a"), (5, b"b"), (6, b"b"), (7, b"c")]  # a line like the one before keeps its own, as there


def test_positions_are_kept_although_lines_are_refused() -> None:
    world = World()
    lines = StreamLines(A, [world.now - 900 * HOUR], [b"old"])
    with pytest.raises(PushRefusedError):
        world.intake.push("fake", [lines], {"/var/log/x": "3"})
    assert world.intake.positions() == {"/var/log/x": "3"}


def test_pushes_from_several_threads_are_taken_one_by_one() -> None:
    world = World(max_global_streams_per_user=4)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def push(sender: int) -> None:
        for n in range(100):
            world.push((n, b"%d" % sender), labels=Labels.of(job=str(sender)))

    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(push, range(4)))
    finally:
        sys.setswitchinterval(interval)
    counts = world.intake.counts
    assert (counts.lines["fake"], counts.appends["fake"], counts.bytes["fake"]) == (400, 400, 400)
    assert len(world.lines()) == 400
    assert world.store.open_bytes == 800
