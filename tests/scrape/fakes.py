"""A store that remembers, and a fetcher that is told what to answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.discovery.config import TargetGroup as WrittenGroup
from engine.discovery.ports import DiscoveryParts
from engine.discovery.static import static_groups
from engine.foundation.addresses import AddressBook
from engine.foundation.errors import DiskFullError
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import InlineWorkers
from engine.scrape.config import ScrapeConfig
from engine.scrape.counters import ScrapeCounters
from engine.scrape.loop import ScrapeLoop
from engine.scrape.ports import Fetched, Parts
from engine.scrape.target import Target, find_targets
from engine.testing.manual_clock import ManualClock
from engine.tsdb.batch import Appended, Batch
from engine.tsdb.exemplars import Exemplar, Exemplars, Verdict
from promql.model.durations import Duration
from promql.model.labels import Labels
from promql.model.staleness import is_stale
from promql.model.types import BoolArray, IntArray

START = 1_700_000_000_000
TEXT = "text/plain; version=0.0.4"


@dataclass
class FakeSource:
    key: str
    labels: list[Labels] = field(default_factory=list)
    known: dict[Labels, int] = field(default_factory=dict)
    losses: int = 0
    gone: set[int] = field(default_factory=set)

    def columns(self, series: Sequence[Labels]) -> IntArray:
        columns = [self.known.setdefault(labels, len(self.known)) for labels in series]
        self.labels = list(self.known)
        return np.array(columns, np.int64)

    def lost(self, columns: IntArray) -> BoolArray:
        return np.array([column in self.gone for column in columns.tolist()], np.bool_)


class FakeStore:
    """Keeps everything; `samples` are {series: [(time, value)]}, a stale marker is "stale"."""

    def __init__(self) -> None:
        self.sources: dict[str, FakeSource] = {}
        self.commits: list[list[Batch]] = []
        self.samples: dict[str, list[tuple[int, float | str]]] = {}
        self.full = False
        self.answer = Appended()
        self.exemplars = Exemplars()

    def source(self, key: str) -> FakeSource:
        return self.sources.setdefault(key, FakeSource(key))

    def append(self, source: FakeSource, batches: Sequence[Batch]) -> Appended:
        if self.full:
            raise DiskFullError("no room")
        self.commits.append(list(batches))
        for batch in batches:
            assert len(set(batch.columns.tolist())) == len(batch.columns), "a column appears twice"
            stale = is_stale(batch.values)
            for column, value, ended in zip(batch.columns.tolist(), batch.values.tolist(), stale, strict=True):
                shown = "stale" if ended else "NaN" if math.isnan(value) else value
                self.samples.setdefault(str(source.labels[column]), []).append((batch.time, shown))
        return self.answer

    def append_exemplars(self, source: FakeSource, found: Sequence[tuple[int, Exemplar]]) -> list[Verdict]:
        return [self.exemplars.add(source.labels[column], one) for column, one in found]

    def values(self, series: str) -> list[float | str]:
        return [value for _, value in self.samples.get(series, [])]


Answer = bytes | Fetched | Exception


class FakeFetcher:
    """Gives the answers in turn, the last one for ever; a test may put in others at any time."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.fetched: list[str] = []
        self.closed = False
        self.takes: Callable[[], float] = lambda: 0.0
        self.clock: ManualClock | None = None

    async def fetch(self, target: Target) -> Fetched:
        self.fetched.append(target.url)
        if self.clock is not None:
            await self.clock.sleep(self.takes())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Fetched) else Fetched(answer, TEXT)

    async def close(self) -> None:
        self.closed = True


def job(name: str = "j", *targets: str, labels: dict[str, str] | None = None, **keys: object) -> ScrapeConfig:
    group = WrittenGroup(targets=targets or ("h:1",), labels=labels or {})  # type: ignore[arg-type]
    settings = {"scrape_interval": Duration(15_000), "scrape_timeout": Duration(10_000), "static_configs": (group,)}
    return ScrapeConfig(job_name=name, **{**settings, **keys})  # type: ignore[arg-type]


class Bench:
    """One loop over fakes, on a clock that is moved by hand."""

    def __init__(
        self, clock: ManualClock, *answers: Answer, config: ScrapeConfig | None = None, extra: bool = False
    ) -> None:
        self.clock = clock
        self.store = FakeStore()
        self.fetcher = FakeFetcher(*answers)
        self.counters = ScrapeCounters()
        self.supervisor = Supervisor(clock)
        self.config = config or job()
        self.parts = Parts(
            clock=clock,
            workers=InlineWorkers(),
            store=self.store,
            supervisor=self.supervisor,
            counters=self.counters,
            discovery=DiscoveryParts(clock=clock, workers=InlineWorkers(), addresses=AddressBook(clock)),
            extra_metrics=extra,
        )
        (self.target,) = find_targets(static_groups(self.config.static_configs), self.config).targets
        self.loop = ScrapeLoop(self.target, self.config, self.parts, self.fetcher)

    async def scrape(self, times: int = 1) -> None:
        """So many scrapes, 15 s apart."""
        for _ in range(times):
            await self.loop.scrape(self.clock.now_ms())
            await self.clock.advance(15_000)

    def values(self, name: str, labels: str = "") -> list[float | str]:
        return self.store.values(f'{name}{{instance="h:1", job="j"{labels}}}')
