"""Jobs come, change and go; what does not change is not touched."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.discovery.config import FileSDConfig, SDFile
from engine.foundation.addresses import AddressBook
from engine.foundation.errors import ConfigError
from engine.foundation.regexes import Regex
from engine.foundation.supervise import Supervisor
from engine.foundation.values import LabelName
from engine.foundation.workers import InlineWorkers
from engine.relabel.config import RelabelAction, RelabelConfig
from engine.scrape.config import ScrapeConfig
from engine.scrape.manager import ScrapeManager, jitter
from engine.testing.manual_clock import ManualClock
from promql.model.durations import Duration
from promql.model.labels import Labels
from tests.scrape.fakes import FakeFetcher, FakeStore, job

MINUTE = 60_000


class Stage:
    """A manager over fakes."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.store = FakeStore()
        self.supervisor = Supervisor(clock)
        self.fetchers: list[FakeFetcher] = []
        self.page = b"a 1\n"
        self.manager = ScrapeManager(
            clock=clock,
            workers=InlineWorkers(),
            store=self.store,
            supervisor=self.supervisor,
            addresses=AddressBook(clock),
            host="here",
            fetcher=self.fetcher,
        )

    def fetcher(self, config: ScrapeConfig) -> FakeFetcher:
        self.fetchers.append(FakeFetcher(self.page))
        return self.fetchers[-1]

    def values(self, name: str, instance: str = "h:1", job: str = "j") -> list[float | str]:
        return self.store.values(f'{name}{{instance="{instance}", job="{job}"}}')


@pytest.fixture
async def stage(manual_clock: ManualClock) -> AsyncIterator[Stage]:
    found = Stage(manual_clock)
    yield found
    await found.manager.stop()
    await found.supervisor.stop_all()
    assert found.supervisor.crashes == {}


async def test_jobs_scrape_their_targets(stage: Stage) -> None:
    await stage.manager.apply([job("j", "h:1", "h:2"), job("k")])
    await stage.clock.advance(MINUTE)
    assert [len(stage.values("a", "h:1")), len(stage.values("a", "h:2")), len(stage.values("a", job="k"))] == [4, 4, 4]
    assert [(one.pool, one.health.health) for one in stage.manager.active] == [("j", "up"), ("j", "up"), ("k", "up")]
    assert stage.manager.pools["j"].discovered == 2


async def test_a_job_that_stays_as_it_was_is_not_touched(stage: Stage) -> None:
    await stage.manager.apply([job()])
    await stage.clock.advance(MINUTE)
    pool = stage.manager.pools["j"]
    await stage.manager.apply([job()])
    assert stage.manager.pools["j"] is pool
    assert len(stage.fetchers) == 1


async def test_a_job_that_is_gone_is_marked_stale_after_two_intervals(stage: Stage) -> None:
    await stage.manager.apply([job()])
    await stage.clock.advance(MINUTE)
    await stage.manager.apply([])
    assert stage.fetchers[0].closed
    await stage.clock.advance(14_000)
    assert "stale" not in stage.values("a")
    await stage.clock.advance(20_000)
    assert stage.values("a") == [1, 1, 1, 1, "stale"]
    assert stage.values("up") == [1, 1, 1, 1, "stale"]


async def test_a_changed_job_goes_on_with_its_series_and_ends_what_it_does_not_find(stage: Stage) -> None:
    stage.page = b"a 1\nb 1\n"
    await stage.manager.apply([job()])
    await stage.clock.advance(MINUTE)
    drop = RelabelConfig(source_labels=(LabelName("__name__"),), regex=Regex("b"), action=RelabelAction("drop"))
    await stage.manager.apply([job(metric_relabel_configs=(drop,))])
    await stage.clock.advance(MINUTE)
    assert stage.values("a") == [1] * 8
    assert stage.values("b") == [1, 1, 1, 1, "stale"]
    assert stage.fetchers[0].closed
    assert stage.manager.counters.pool_reloads == 1


async def test_a_target_that_a_changed_job_does_not_have_any_more_is_marked_stale(stage: Stage) -> None:
    await stage.manager.apply([job("j", "h:1", "h:2")])
    await stage.clock.advance(MINUTE)
    await stage.manager.apply([job("j", "h:1")])
    await stage.clock.advance(MINUTE)
    assert stage.values("a", "h:2") == [1, 1, 1, 1, "stale"]
    assert stage.values("a", "h:1") == [1] * 8


async def test_sources_that_are_written_as_before_keep_what_they_told(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "targets.json"
    path.write_text('[{"targets": ["h:1"]}]')
    files = FileSDConfig(files=(SDFile(str(path)),))
    await stage.manager.apply([job(static_configs=(), file_sd_configs=(files,))])
    await stage.clock.advance(MINUTE)
    path.write_text("[{")
    await stage.manager.apply([job(static_configs=(), file_sd_configs=(files,), sample_limit=10)])
    await stage.clock.advance(MINUTE)
    assert stage.values("a") == [1] * 8


async def test_sources_that_are_written_otherwise_begin_anew(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text('[{"targets": ["h:1"]}]')
    old, new = (FileSDConfig(files=(SDFile(str(tmp_path / name)),)) for name in ("old.json", "new.json"))
    await stage.manager.apply([job(static_configs=(), file_sd_configs=(old,))])
    await stage.clock.advance(MINUTE)
    await stage.manager.apply([job(static_configs=(), file_sd_configs=(new,))])
    await stage.clock.advance(MINUTE)
    assert stage.values("a") == [1, 1, 1, 1, "stale"]
    assert stage.manager.active == []


async def test_another_interval_applies_at_once(stage: Stage) -> None:
    await stage.manager.apply([job()])
    await stage.clock.advance(MINUTE)
    await stage.manager.apply([job(scrape_interval=Duration(1000), scrape_timeout=Duration(1000))])
    await stage.clock.advance(10_000)
    assert len(stage.values("a")) == 14


async def test_going_down_marks_nothing_stale(stage: Stage) -> None:
    await stage.manager.apply([job()])
    await stage.clock.advance(MINUTE)
    await stage.manager.apply([])
    await stage.manager.stop()
    await stage.clock.advance(MINUTE)
    assert "stale" not in stage.values("a")


async def test_too_many_targets_make_all_of_them_fail(stage: Stage) -> None:
    await stage.manager.apply([job("j", "h:1", "h:2", target_limit=1)])
    await stage.clock.advance(MINUTE)
    errors = {one.health.last_error for one in stage.manager.active}
    assert errors == {"target_limit exceeded (number of targets: 2, limit: 1)"}
    assert stage.values("up") == [0] * 4
    assert stage.manager.counters.exceeded_target_limit == 1
    await stage.manager.apply([job("j", "h:1", "h:2", target_limit=2)])
    await stage.clock.advance(MINUTE)
    assert {one.health.health for one in stage.manager.active} == {"up"}


async def test_syncs_and_failures_are_counted_by_job(stage: Stage) -> None:
    bad = RelabelConfig(target_label="__address__", replacement="")
    await stage.manager.apply([job("good"), job("bad", relabel_configs=(bad,))])
    await stage.clock.advance(1000)
    counters = stage.manager.counters
    assert {name: lengths.count for name, lengths in counters.syncs.items()} == {"good": 1, "bad": 1}
    assert counters.sync_failures == {"good": 0, "bad": 1}


def test_servers_are_spread_by_name_and_external_labels() -> None:
    spread = {jitter("a", Labels()), jitter("b", Labels()), jitter("a", Labels.of(replica="1"))}
    assert len(spread) == 3
    assert jitter("a", Labels()) == jitter("a", Labels())


async def test_a_job_that_cannot_be_made_leaves_the_others_alone(manual_clock: ManualClock) -> None:
    def made(config: ScrapeConfig) -> FakeFetcher:
        if config.job_name == "odd":
            raise ConfigError("odd")
        return FakeFetcher(b"")

    supervisor = Supervisor(manual_clock)
    manager = ScrapeManager(
        clock=manual_clock,
        workers=InlineWorkers(),
        store=FakeStore(),
        supervisor=supervisor,
        addresses=AddressBook(manual_clock),
        host="here",
        fetcher=made,
    )
    with pytest.raises(ConfigError, match="odd"):
        await manager.apply([job("fine"), job("odd")])
    assert manager.pools == {}
    await supervisor.stop_all()


async def test_a_scrape_out_of_turn_leaves_the_beat_as_it_is(stage: Stage) -> None:
    await stage.manager.apply([job("j", "h:1")])
    await stage.clock.advance(MINUTE)
    scrapes = len(stage.values("up"))
    await stage.clock.advance(1)
    await stage.manager.scrape_now(stage.clock.now_ms())
    assert len(stage.values("up")) == scrapes + 1
    await stage.clock.advance(MINUTE - 1)
    assert len(stage.values("up")) == 2 * scrapes + 1
