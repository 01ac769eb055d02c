"""What a store holds: series, samples, bytes a sample, the largest labels, and what comes and goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeAlias

from msgspec import Struct

from engine.offline.progress import Progress
from engine.offline.reading import EVERYTHING, Row, Wanted, found, rows
from engine.tsdb.store import Store
from promql.model.durations import format_duration
from promql.model.labels import quote
from promql.model.panel import Kind

Ranking: TypeAlias = tuple[tuple[str, float], ...]
_FILES: Final = {"parts": "parts/*.part", "log": "wal/*.wal", "names": "series.log"}


class Figures(Struct, frozen=True):
    """Times are Unix ms, the same in an empty store.

    `churn` sums up, by label pair, what the lives of its series lack to the whole span: one that was there for a
    quarter of it counts three quarters.
    """

    series: int
    samples: int
    start: int
    end: int
    sizes: Mapping[str, int]
    metrics: Ranking
    labels: Ranking
    pairs: Ranking
    churn: Ranking


def figures(store: Store, folder: Path, limit: int, progress: Progress) -> Figures:
    """Reads every sample; `limit` is the length of the rankings."""
    wanted = Wanted(EVERYTHING)
    refs = found(store, wanted)
    tally = _Tally()
    with progress.of(len(refs), "series") as step:
        for row in rows(store, refs.tolist(), wanted, Kind.INSTANT):
            tally.add(row)
            step(1)
    return tally.figures(folder, limit)


class _Tally:
    """Sums over series. Lives are kept by pair as sums, so the span need not be known before the end."""

    def __init__(self) -> None:
        self._series = self._samples = 0
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._metrics: defaultdict[str, float] = defaultdict(float)
        self._pairs: defaultdict[tuple[str, str], float] = defaultdict(float)
        self._lives: defaultdict[tuple[str, str], float] = defaultdict(float)

    def add(self, row: Row) -> None:
        first, last = int(row.times[0]), int(row.times[-1])
        self._series += 1
        self._samples += len(row.times)
        self._starts.append(first)
        self._ends.append(last)
        self._metrics[row.labels.name] += 1
        for pair in row.labels:
            self._pairs[pair] += 1
            self._lives[pair] += last - first

    def figures(self, folder: Path, limit: int) -> Figures:
        start, end = min(self._starts, default=0), max(self._ends, default=0)
        names: defaultdict[str, float] = defaultdict(float)
        for name, _ in self._pairs:
            names[name] += 1
        pairs = {f"{name}={quote(value)}": count for (name, value), count in self._pairs.items()}
        lives = {pair: lived / (end - start or 1) for pair, lived in zip(pairs, self._lives.values(), strict=True)}
        churn = {pair: round(count - lives[pair], 1) for pair, count in pairs.items()} if end > start else {}
        return Figures(
            self._series,
            self._samples,
            start,
            end,
            {kind: sum(path.stat().st_size for path in folder.glob(names)) for kind, names in _FILES.items()},
            _top(self._metrics, limit),
            _top(names, limit),
            _top(pairs, limit),
            _top({pair: missing for pair, missing in churn.items() if missing > 0}, limit),
        )


def told(found: Figures, folder: Path) -> Iterator[str]:
    """In lines, for people."""
    size = sum(found.sizes.values())
    sizes = ", ".join(f"{kind} {_size(count)}" for kind, count in found.sizes.items())
    yield str(folder)
    yield f"  series   {found.series:,}"
    yield f"  samples  {found.samples:,}"
    if found.samples:
        yield f"  span     {_time(found.start)} to {_time(found.end)} ({format_duration(found.end - found.start)})"
        yield f"  on disk  {_size(size)}, {size / found.samples:.2f} bytes a sample ({sizes})"
    for title, ranking in (
        ("metrics with most series", found.metrics),
        ("labels with most values", found.labels),
        ("label pairs with most series", found.pairs),
        ("label pairs that come and go most (lives missing)", found.churn),
    ):
        if ranking:
            yield ""
            yield title
        yield from (f"  {count:>10,.10g}  {name}" for name, count in ranking)


def _top(counts: Mapping[str, float], limit: int) -> Ranking:
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit])


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _size(size: int) -> str:
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} B"
