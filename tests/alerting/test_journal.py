from __future__ import annotations

from pathlib import Path

from engine.alerting.kept.dedup import Told
from engine.alerting.kept.journal import RETENTION, Journal, JournalEntry, Key
from engine.alerting.kept.linelog import LineLog
from engine.foundation.clock import SECOND
from engine.foundation.workers import InlineWorkers
from engine.testing.manual_clock import ManualClock
from tests.alerting.world import START, webhook, world

KEY: Key = ("{}:{}", "team", "webhook", 0)


def on_disk(folder: Path, clock: ManualClock) -> Journal:
    return Journal(clock, LineLog(folder / "journal.jsonl", "journal", JournalEntry, InlineWorkers()))


async def test_what_was_told_is_known_after_a_kill(tmp_path: Path, manual_clock: ManualClock) -> None:
    journal = on_disk(tmp_path, manual_clock)
    await journal.record(KEY, frozenset("ab"), frozenset("c"), 10 * SECOND)
    await journal.record(KEY, frozenset("a"), frozenset("bc"), 10 * SECOND)
    assert on_disk(tmp_path, manual_clock).told(KEY) == Told(frozenset("a"), frozenset("bc"), START)


async def test_each_integration_has_its_own_entry(manual_clock: ManualClock) -> None:
    journal = Journal(manual_clock, None)
    await journal.record(KEY, frozenset("a"), frozenset(), SECOND)
    assert journal.told(("{}:{}", "team", "webhook", 1)) is None
    assert journal.told(("{}:{}", "team", "slack", 0)) is None


async def test_entries_expire_at_twice_the_repeat_interval_but_only_when_the_journal_is_kept(
    manual_clock: ManualClock,
) -> None:
    journal = Journal(manual_clock, None)
    await journal.record(KEY, frozenset("a"), frozenset(), 10 * SECOND)
    await manual_clock.advance(20_000)
    assert journal.told(KEY) is not None
    journal.forget()
    await journal.compact()
    assert journal.told(KEY) is None


async def test_no_entry_outlives_the_retention(manual_clock: ManualClock) -> None:
    journal = Journal(manual_clock, None)
    await journal.record(KEY, frozenset("a"), frozenset(), RETENTION)
    await manual_clock.advance(RETENTION / 1e6 + 1)
    journal.forget()
    await journal.compact()
    assert len(journal) == 0


async def test_what_was_withheld_is_told_after_a_restart(tmp_path: Path, manual_clock: ManualClock) -> None:
    """The next start may be allowed to deliver."""
    journal = on_disk(tmp_path, manual_clock)
    await journal.record(KEY, frozenset("a"), frozenset(), RETENTION, withheld=True)
    assert journal.told(KEY) is not None
    journal.forget()
    await journal.compact()
    assert on_disk(tmp_path, manual_clock).told(KEY) is None


async def test_what_was_told_longer_ago_than_the_retention_is_told_again() -> None:
    config = f"""
route: {{receiver: team, group_interval: 20m}}
receivers: [{webhook("team")}]
"""
    for retention, told in ((60 * SECOND, 2), (RETENTION, 1)):
        async with world(config, retention=retention) as made:
            made.fire(alertname="a")
            await made.wait(1300)
            assert [said for _, _, said in made.told()] == ["firing a"] * told
