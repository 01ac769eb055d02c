"""One target's loop: fetch, parse, name, append; at fixed instants, for as long as the target is there.

- The first scrape comes at an offset that the target's hash gives, on absolute time, so that restarts keep the
  beat and many targets are spread. Ticks that are missed are not made up for.
- A scrape that starts within 2 ms of its tick bears the tick's time: a table's instants are then evenly spaced.
- A scrape is taken in whole or not at all. What fails (fetch, parse, label limits, sample limit) leaves stale markers
  for what was alive, and the report series, which are always written, even where the mistake is ours.
- After the target is gone, the loop waits until a successor would have scraped twice before it writes stale markers:
  the store refuses them where one did.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Final, Protocol

import numpy as np
from msgspec import Struct

from engine.foundation.errors import DiskFullError, StoreError
from engine.foundation.lengths import Lengths
from engine.scrape.batches import Samples, compose, samples_of, vanished
from engine.scrape.config import ScrapeConfig
from engine.scrape.exemplars import exemplars_of
from engine.scrape.failures import FailureLog
from engine.scrape.metadata import MetadataCache
from engine.scrape.ports import Fetched, Fetcher, FetchError, PageTooLargeError, Parts
from engine.scrape.samples import LabelLimitError, SampleRules
from engine.scrape.series import DROPPED, NO_SERIES, Resolved, SeriesCache
from engine.scrape.target import Target
from engine.tsdb.batch import Appended, Batch
from engine.tsdb.exemplars import Exemplar, Verdict
from exporters.exposition.layout import OPENMETRICS, TEXT, Layout
from exporters.exposition.negotiate import Format, format_of
from exporters.exposition.page import ExpositionError, Page
from exporters.exposition.protobuf import ProtobufLayout
from promql.model.labels import Labels
from promql.model.staleness import STALE_NAN
from promql.model.types import IntArray

TOLERANCE_MS: Final = 2
FUTURE_MS: Final = 600_000
LARGE_BODY: Final = 256 * 1024
_PACKING: Final = 8  # so many times larger is a page than it came, about
MANY_KEYS: Final = 1000
SAMPLE_LIMIT: Final = "sample limit exceeded"
REPORTS: Final = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
)
EXTRA_REPORTS: Final = ("scrape_timeout_seconds", "scrape_sample_limit", "scrape_body_size_bytes")
LAYOUTS: Final[Mapping[Format, Callable[[], Pages]]] = MappingProxyType({
    Format.TEXT: partial(Layout, TEXT), Format.OPENMETRICS: partial(Layout, OPENMETRICS),
    Format.PROTOBUF: ProtobufLayout,
})  # fmt: skip

log = logging.getLogger(__name__)


class Health(Struct, frozen=True):
    """How the last scrape went. `last_scrape` is Unix ms, None before the first; `duration` is seconds."""

    health: str = "unknown"
    last_error: str = ""
    last_scrape: int | None = None
    duration: float = 0.0


class _Outcome(Struct, frozen=True):
    """A page after all decisions. On a failure `samples` is empty and the counts tell how far it got."""

    samples: Samples
    scraped: int = 0
    kept: int = 0
    added: int = 0
    error: str = ""
    exemplars: Sequence[tuple[int, Exemplar]] = ()


_NO_SAMPLES: Final = Samples(NO_SERIES.columns, np.empty(0), None, NO_SERIES.alive, distinct=True)


class Pages(Protocol):
    """Reads the pages of one target, which are much alike."""

    def parse(self, body: bytes, /) -> Page:
        """The page. Raises ExpositionError."""


class ScrapeLoop:
    """Owned by its pool. `heir_of` is the loop of the same target under an older config; what was alive there is
    watched on, and where the sample rules are the same the series stay known.
    """

    def __init__(
        self,
        target: Target,
        config: ScrapeConfig,
        parts: Parts,
        fetcher: Fetcher,
        heir_of: ScrapeLoop | None = None,
    ) -> None:
        self.target = target
        self.health = Health()
        self.metadata = MetadataCache()
        self.forced_error = ""
        self.rules = SampleRules.of(target, config)
        self._config = config
        self._parts = parts
        self._fetcher = fetcher
        self._source = parts.store.source(source_key(target, config))
        self._series = SeriesCache()
        self._losses = self._source.losses
        self._alive = NO_SERIES.alive
        self._layouts: tuple[Format, Pages] | None = None
        self._reports: IntArray | None = None
        self._last_start: float | None = None
        self._failures = (
            FailureLog(parts.discovery.base / config.scrape_failure_log_file, config.job_name, parts.clock)
            if config.scrape_failure_log_file
            else None
        )
        self._next_tick = 0
        if heir_of is not None:
            self._inherit(heir_of)

    async def run(self) -> None:
        """Scrape at each tick until cancelled."""
        clock, interval = self._parts.clock, self.target.interval
        self._next_tick = first_tick(clock.now_ms(), interval, self.target.hash ^ self._parts.jitter)
        while True:
            await clock.sleep_until(self._next_tick)
            now = clock.now_ms()
            tick = self._next_tick + (now - self._next_tick) // interval * interval
            self._next_tick = tick + interval
            await self.scrape(tick if now - tick <= TOLERANCE_MS and interval > 100 * TOLERANCE_MS else now)

    async def end(self) -> None:
        """Wait until a successor would have scraped, then mark everything stale. Call it once `run` has ended."""
        if self.health.last_scrape is None:
            return
        stale_at, interval = self._next_tick, self.target.interval
        await self._parts.clock.sleep_until(stale_at + interval + interval // 10)
        columns = np.concatenate((self._alive, self._report_columns()))
        self._append([Batch(stale_at, columns, np.full(len(columns), STALE_NAN))])
        self._alive = NO_SERIES.alive

    async def scrape(self, time: int) -> None:
        """One scrape, whose samples bear this time (Unix ms)."""
        clock, counters = self._parts.clock, self._parts.counters
        start = clock.monotonic()
        if self._last_start is not None:
            counters.intervals.setdefault(self.target.interval_text, Lengths()).add(start - self._last_start)
        self._last_start = start
        size = 0
        try:
            size, page, fault = await self._parse(await self._fetch())
            outcome = await self._take(page, time)
            if fault:
                outcome = _failed(outcome, outcome.error if outcome.error not in ("", SAMPLE_LIMIT) else fault)
        except FetchError as error:
            too_large = isinstance(error, PageTooLargeError)
            counters.exceeded_body_size_limit += too_large
            size = -1 if too_large else 0
            outcome = _Outcome(_NO_SAMPLES, error=str(error))
        except StoreError:
            raise
        except Exception as error:
            log.exception("the scrape of %s failed", self.target.url)
            outcome = _Outcome(_NO_SAMPLES, error=f"unexpected error: {error!r}")
        self._conclude(time, outcome, clock.monotonic() - start, size)

    async def _fetch(self) -> Fetched:
        if self.forced_error:
            raise FetchError(self.forced_error)
        return await self._fetcher.fetch(self.target)

    async def _parse(self, fetched: Fetched) -> tuple[int, Page, str]:
        """The page's size (bytes, decompressed), what could be read of it, and its fault. Raises FetchError."""
        form = format_of(fetched.content_type, self._config.fallback_scrape_protocol.form)
        if self._layouts is None or self._layouts[0] is not form:
            self._layouts = (form, LAYOUTS[form]())
        layout = self._layouts[1]
        if len(fetched.body) > (LARGE_BODY if fetched.unpack is None else LARGE_BODY // _PACKING):
            return await self._parts.workers.run(_read, fetched, layout)
        return _read(fetched, layout)

    async def _take(self, page: Page, time: int) -> _Outcome:
        """Name the page's series, and judge it against the limits."""
        self.metadata.note(page.metadata)
        if self._losses != self._source.losses:
            self._forget_lost()
        new = self._series.unknown(page.keys)
        fault = await self._learn(new)
        keys = page.keys
        if fault is not None:
            keys = keys[: keys.index(new[fault[0]])]
        resolved = self._series.resolve(keys)
        added = self._added(new, resolved, whole=fault is None)
        limit, error = self._config.sample_limit, ""
        if 0 < limit < resolved.count:
            self._parts.counters.exceeded_sample_limit += 1
            error = SAMPLE_LIMIT
        if fault is not None:
            return _Outcome(_NO_SAMPLES, len(keys) + 1, resolved.count, added, fault[1])
        if error:
            return _Outcome(_NO_SAMPLES, len(keys), resolved.count, added, error)
        latest = self._parts.clock.now_ms() + FUTURE_MS
        config = self._config
        honor, track = config.honor_timestamps, config.track_timestamps_staleness
        samples = samples_of(page, resolved, time, honor_timestamps=honor, track_staleness=track, latest=latest)
        borne: Sequence[tuple[int, Exemplar]] = ()
        if page.exemplars and self._parts.store.exemplars.most:
            borne = exemplars_of(page, resolved, time, honor_timestamps=honor)
        return _Outcome(samples, len(keys), resolved.count, max(0, added - samples.refused), exemplars=borne)

    async def _learn(self, new: list[bytes]) -> tuple[int, str] | None:
        """Give new keys their columns; the index of the first that is refused, and why."""
        workers, clock = self._parts.workers, self._parts.clock
        for start in range(0, len(new), MANY_KEYS):
            keys = new[start : start + MANY_KEYS]
            many = len(new) > MANY_KEYS
            named = await workers.run(self.rules.name_all, keys) if many else self.rules.name_all(keys)
            self._series.learn(keys[: len(named.labels)], self._columns(named.labels))
            if named.fault is not None:
                self._parts.counters.exceeded_label_limits += isinstance(named.fault, LabelLimitError)
                return start + len(named.labels), str(named.fault)
            if many:
                await clock.sleep(0)
        return None

    def _columns(self, names: Sequence[Labels | None]) -> list[int]:
        columns = iter(self._source.columns([labels for labels in names if labels is not None]).tolist())
        return [DROPPED if labels is None else next(columns) for labels in names]

    def _added(self, new: list[bytes], resolved: Resolved, *, whole: bool) -> int:
        """How many series are new, not counting what lies past the sample limit; `whole`: all new keys are resolved."""
        if not new:
            return 0
        limit = self._config.sample_limit or len(resolved.keys)
        if whole and resolved.kept is None and limit >= len(resolved.keys):
            return len(new)
        fresh = set(new)
        kept = (key for key, column in zip(resolved.keys, resolved.columns.tolist(), strict=True) if column != DROPPED)
        return len({key for _, key in zip(range(limit), kept, strict=False) if key in fresh})

    def _conclude(self, time: int, outcome: _Outcome, duration: float, size: int) -> None:
        """Append what there is, and remember how it went."""
        reports = [not outcome.error, duration, outcome.scraped, outcome.kept, outcome.added]
        if self._parts.extra_metrics:
            reports += [self.target.timeout / 1000, self._config.sample_limit, size]
        stale = vanished(self._alive, outcome.samples.alive)
        batches = compose(time, outcome.samples, stale, (self._report_columns(), np.array(reports, np.float64)))
        self._count(self._append(batches))
        if outcome.exemplars:
            verdicts = self._parts.store.append_exemplars(self._source, outcome.exemplars)
            self._parts.counters.exemplars_out_of_order += verdicts.count(Verdict.OUT_OF_ORDER)
        self._alive = outcome.samples.alive
        if outcome.error:
            self._parts.counters.cache_flushes += self._series.restrain()
            if self._failures is not None:
                self._failures.add(self.target.url, outcome.error)
        elif outcome.scraped:
            self._series.settle()
            self.metadata.settle()
        self._parts.counters.scrapes += 1
        self._parts.counters.out_of_bounds += outcome.samples.refused
        self.health = Health("down" if outcome.error else "up", outcome.error, time, duration)

    def _append(self, batches: list[Batch]) -> Appended:
        try:
            return self._parts.store.append(self._source, batches)
        except DiskFullError as error:
            log.error("the scrape of %s was not kept: %s", self.target.url, error)  # noqa: TRY400 - expected
            return Appended()

    def _count(self, done: Appended) -> None:
        counters = self._parts.counters
        counters.duplicates += done.duplicate
        counters.out_of_order += done.out_of_order + done.too_old
        counters.out_of_bounds += done.out_of_bounds

    def _report_columns(self) -> IntArray:
        if self._reports is None:
            names = REPORTS + (EXTRA_REPORTS if self._parts.extra_metrics else ())
            self._reports = self._source.columns([self.rules.report(name) for name in names])
        return self._reports

    def _forget_lost(self) -> None:
        """The store has dropped samples: columns that have none any more are not ours to write to."""
        self._losses = self._source.losses
        self._series.forget(self._source.lost)
        self._alive = self._alive[~self._source.lost(self._alive)]
        self._reports = None

    def _inherit(self, older: ScrapeLoop) -> None:
        self.health, self.metadata = older.health, older.metadata
        self._alive, self._last_start = older._alive, older._last_start
        if self.rules == older.rules:
            self._series, self._losses = older._series, older._losses


def first_tick(now: int, interval: int, offset: int) -> int:
    """The first instant from now on (ms) that lies `offset` behind a multiple of the interval."""
    return now + (offset - now) % interval


def source_key(target: Target, config: ScrapeConfig) -> str:
    """The name of a target's table, the same after a restart."""
    return f"scrape {config.job_name} {target.url} {target.public}"


def _read(fetched: Fetched, layout: Pages) -> tuple[int, Page, str]:
    body = fetched.page()
    try:
        return len(body), layout.parse(body), ""
    except ExpositionError as error:
        return len(body), error.page, str(error)


def _failed(before: _Outcome, error: str) -> _Outcome:
    return _Outcome(_NO_SAMPLES, before.scraped, before.kept, before.added, error)
