"""Deleted samples are gone at once, for good, from every answer; and only those."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.foundation.errors import DiskFullError, FormatError
from engine.tsdb.batch import Appended
from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp
from promql.model.panel import Kind
from promql.model.staleness import STALE_NAN
from tests.tsdb.twin import EVER, Answer, Twin, answer, batch, bits, equal, everything, named

BOUNDS = 100_000
SMALL = StoreOptions(
    seal_rows=5, seal_samples=12, seal_age_ms=200_000, segment_bytes=2000, cache_bytes=2000, bounds_ms=BOUNDS
)
SERIES = [named("m", i=str(i)) for i in range(8)]
ALL = Matcher("__name__", MatchOp.REGEX, ".+")
VALUES = st.sampled_from([0.0, 1.0, float("nan"), STALE_NAN])


@dataclass(frozen=True)
class Append:
    source: str
    batches: tuple[tuple[int, tuple[tuple[Labels, float], ...]], ...]


@dataclass(frozen=True)
class Delete:
    matchers: tuple[Matcher, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Window:
    ms: int


Step = Append | Delete | Window | str


def histories() -> st.SearchStrategy[list[Step]]:
    """Mostly rising times and some that come late; deletions of what was, of what is and of what is yet to come; windows
    for late samples that change; upkeep and new starts.
    """
    samples = st.dictionaries(st.sampled_from(SERIES), VALUES, min_size=1, max_size=8).map(lambda d: tuple(d.items()))
    full = st.builds(lambda v: tuple((s, v) for s in SERIES), VALUES)
    rising, late = st.integers(0, 30), st.integers(-150, 0)
    batches = st.lists(st.tuples(st.one_of(rising, rising, late), st.one_of(full, samples)), min_size=1, max_size=3)
    append = st.builds(Append, st.sampled_from(["a", "a", "a", "b"]), batches.map(tuple))
    edges = st.tuples(st.integers(-1, 60), st.integers(-1, 60)).map(sorted)
    chosen = st.one_of(
        st.integers(0, 7).map(lambda i: equal("i", str(i))),
        st.just(ALL),
        st.just(Matcher("i", MatchOp.REGEX, "[0-3]")),
    )
    span = st.one_of(edges, edges, st.just([-EVER, EVER]))
    delete = st.builds(lambda m, e: Delete((m,), e[0], e[1]), chosen, span)
    window = st.sampled_from([0, 50_000, 200_000]).map(Window)
    rest = st.sampled_from(["maintain", "reopen", "clean"])
    step = st.one_of(append, append, append, append, append, delete, window, rest)
    return st.lists(step, max_size=40).map(_in_time)


def _in_time(found: list[Step]) -> list[Step]:
    """Steps ten seconds apart; a deletion's span is in ten seconds, too.

    So few of them store parts that none are compacted: then deleted samples would be off the disk, and what a further
    one must be later than would be known no more.
    """
    storing = [at for at, step in enumerate(found) if isinstance(step, Delete) or step in ("maintain", "clean")]
    return [_moved(step, at * 10) for at, step in enumerate(found) if at not in storing[15:]]


def _moved(step: Step, at: int) -> Step:
    match step:
        case Append(source, batches):
            return Append(source, tuple(((at + time) * 1000, series) for time, series in batches))
        case Delete(matchers, start, end):
            return Delete(matchers, start * (10_000 if start > -EVER else 1), end * (10_000 if end < EVER else 1))
    return step


@pytest.mark.parametrize("on_disk", [True, False])
@given(history=histories())
def test_a_store_after_deletes_answers_like_one_that_never_got_the_samples(
    on_disk: bool, history: list[Step], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, twin, window = tmp_path_factory.mktemp("store") if on_disk else None, Twin(BOUNDS), 0
    store = Store.open(folder, SMALL)
    for step in history:
        match step:
            case Append(key, batches):
                source = store.source(key)
                told = store.append(source, [batch(source, time, series) for time, series in batches])
                assert told == twin.append(batches)
            case Delete(matchers, start, end):
                store.delete([matchers], start, end)
                twin.delete(matchers, start, end)
                agree(store, twin)
            case Window(ms):
                window = twin.window = ms
                store.set_window(ms)
            case "maintain":
                store.maintain(0)
            case "clean":
                store.clean_tombstones()
                twin.clean()
                assert store.deletions == ()
            case "reopen" if folder is not None:
                store.close()
                store = Store.open(folder, replace(SMALL, window_ms=window))
                twin.newest = max((time for time, _ in twin.marks.values()), default=None)
                assert store.recovery.damages == ()
    agree(store, twin)
    store.close()


def agree(store: Store, twin: Twin) -> None:
    for question in (everything(), everything(Kind.RANGE), everything(Kind.RANGE, 50_000, 150_000)):
        assert answer(store, question) == twin.select(question)
    assert store.series([ALL], -EVER, EVER) == sorted(twin.samples)
    assert store.series([ALL], 50_000, 50_000 + EVER) == sorted(
        labels for labels, samples in twin.samples.items() if samples[-1][0] >= 50_000
    )
    assert store.label_values("i", None, -EVER, EVER) == sorted({labels.get("i") for labels in twin.samples})
    assert store.stats().series == len(twin.samples)


def filled(folder: Path | None, rows: int = 12) -> Store:
    store = Store.open(folder, StoreOptions(seal_rows=5))
    source = store.source("s")
    for at in range(rows):
        store.append(source, [batch(source, at * 1000, [(s, float(at)) for s in SERIES])])
    return store


def append(store: Store, *samples: tuple[int, float], series: Labels = SERIES[0]) -> Appended:
    source = store.source("s")
    return store.append(source, [batch(source, time, [(series, value)]) for time, value in samples])


def times(store: Store, series: Labels = SERIES[0]) -> list[int]:
    return [time for time, _ in answer(store, everything()).get(series, [])]


def test_a_span_of_one_series_goes_from_parts_and_from_what_is_open() -> None:
    store = filled(None)
    store.delete([[equal("i", "0")]], 3000, 10_000)
    assert times(store) == [0, 1000, 2000, 11_000]
    assert times(store, SERIES[1]) == [at * 1000 for at in range(12)]


def test_what_comes_later_is_not_touched() -> None:
    store = filled(None)
    store.delete([[equal("i", "0")]], -EVER, EVER)
    assert times(store) == []
    append(store, (12_000, 1.0))
    store.maintain(0)
    assert times(store) == [12_000]


def test_a_series_of_which_nothing_is_left_vanishes_and_comes_back_with_its_next_sample() -> None:
    store = filled(None)
    store.delete([[equal("i", "0")]], 0, EVER)
    assert store.label_values("i", None, 0, EVER) == [str(i) for i in range(1, 8)]
    assert store.stats().series == 7
    append(store, (12_000, 1.0))
    assert store.label_values("i", None, 0, EVER) == [str(i) for i in range(8)]


def test_a_further_sample_must_be_later_than_a_deleted_one_also_after_a_restart(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.delete([[equal("i", "0")]], 5000, EVER)
    for _ in range(2):
        assert append(store, (9000, 1.0)) == Appended(out_of_order=1)
        assert append(store, (11_000, 1.0)) == Appended(duplicate=1)
        assert append(store, (11_000, 11.0)) == Appended(1)
        assert times(store) == [0, 1000, 2000, 3000, 4000]
        assert store.series([equal("i", "0")], 5000, EVER) == []
        store.close()
        store = Store.open(tmp_path)
    store.close()


def test_several_selectors_are_one_deletion(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.delete([[equal("i", "0")], [equal("i", "1")], [equal("i", "nobody")]], 0, EVER)
    assert sorted(answer(store, everything())) == SERIES[2:]
    assert len(store.deletions) == 1
    store.close()


@pytest.mark.parametrize(("start", "end"), [(20_000, EVER), (5000, 4000), (-EVER, -1)])
def test_an_empty_span_deletes_nothing_and_leaves_nothing(start: int, end: int, tmp_path: Path) -> None:
    store = filled(tmp_path)
    before = answer(store, everything())
    store.delete([[ALL]], start, end)
    store.delete([], 0, EVER)
    assert answer(store, everything()) == before
    assert store.deletions == ()
    assert not (tmp_path / "tombstones").exists()
    store.close()


def test_deletions_are_forgotten_when_retention_has_dropped_all_that_they_deleted(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.delete([[equal("i", "0")]], 0, 3000)
    store.delete([[equal("i", "1")]], 0, EVER)
    assert (tmp_path / "tombstones").exists()
    append(store, (1_000_000, 1.0))
    store.set_retention(100_000, 0)
    store.maintain(0)
    assert store.deletions == ()
    assert store.label_values("i", None, 0, EVER) == ["0"]
    assert append(store, (950_000, 1.0), series=SERIES[1]) == Appended(1), "its last sample is dropped by now"
    store.close()


def test_a_full_disk_deletes_nothing_and_the_same_call_works_later(tmp_path: Path) -> None:
    store = filled(tmp_path)
    before = answer(store, everything())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(DiskFullError, match="no room"):
            store.delete([[equal("i", "0")]], 0, EVER)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert answer(store, everything()) == before
    store.delete([[equal("i", "0")]], 0, EVER)
    assert times(store) == []
    store.close()


def after(store: Store) -> Answer:
    found = answer(store, everything())
    store.close()
    return found


def test_a_deletion_that_was_not_written_whole_is_reported_once_and_undone(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.delete([[equal("i", "0")]], 0, 3000)
    kept = answer(store, everything())
    store.delete([[equal("i", "1")]], 0, EVER)
    store.close()
    file = tmp_path / "tombstones"
    file.write_bytes(file.read_bytes()[:-3])
    store = Store.open(tmp_path)
    (damage,) = store.recovery.damages
    assert "deletions are lost" in str(damage)
    assert after(store) == kept
    again = Store.open(tmp_path)
    assert again.recovery.damages == ()
    assert after(again) == kept


@pytest.mark.parametrize("place", [0.2, 0.5, 0.9])
def test_a_flipped_bit_in_the_deletions_is_reported(place: float, tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.delete([[equal("i", "0")]], 0, 3000)
    store.close()
    file = tmp_path / "tombstones"
    data = bytearray(file.read_bytes())
    data[int(place * len(data))] ^= 4
    file.write_bytes(data)
    store = Store.open(tmp_path)
    assert "tombstones" in str(store.recovery.damages[0])
    store.close()


def test_a_deletion_of_series_of_which_all_else_is_lost_stops_no_opening(tmp_path: Path) -> None:
    store = filled(tmp_path)
    many = [(named("many", i=str(i)), 1.0) for i in range(5000)]
    store.append(store.source("s"), [batch(store.source("s"), 12_000, many)])
    store.delete([[ALL]], 0, EVER)
    store.close()
    for lost in (tmp_path / "series.log", *tmp_path.rglob("*.part"), *tmp_path.rglob("*.wal")):
        lost.unlink()
    store = Store.open(tmp_path)
    assert after(store) == {}


def test_deletions_of_a_newer_release_are_refused_by_name(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.delete([[equal("i", "0")]], 0, 3000)
    store.close()
    file = tmp_path / "tombstones"
    data = bytearray(file.read_bytes())
    data[8:12] = (2).to_bytes(2, "little") + (2 ^ 0xFFFF).to_bytes(2, "little")
    file.write_bytes(data)
    with pytest.raises(FormatError, match=r"tombstones: format version 2, but this release reads"):
        Store.open(tmp_path)


def test_cleaning_takes_the_samples_off_the_disk_and_changes_no_answer(tmp_path: Path) -> None:
    store = filled(tmp_path, rows=60)
    store.delete([[equal("i", str(i))] for i in range(1, 8)], 0, EVER)
    store.delete([[equal("i", "0")]], 10_000, 50_000)
    before, size = answer(store, everything()), sum(file.stat().st_size for file in tmp_path.rglob("*.part"))
    store.clean_tombstones()
    assert answer(store, everything()) == before
    assert sum(file.stat().st_size for file in tmp_path.rglob("*.part")) < size / 2
    assert store.deletions == ()
    store.close()
    store = Store.open(tmp_path)
    assert store.recovery.commits == 0, "what was cleaned away does not come back from the log"
    assert after(store) == before


def test_cleaning_drops_the_files_of_which_nothing_is_left(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.delete([[ALL]], -EVER, EVER)
    store.clean_tombstones()
    assert list((tmp_path / "parts").iterdir()) == []
    assert append(store, (5000, 1.0)) == Appended(1), "nothing is left that it must be later than"
    store.close()
    store = Store.open(tmp_path)
    assert after(store) == {SERIES[0]: [(5000, bits(1.0))]}


def test_what_was_cleaned_away_stays_away_though_later_samples_were_sealed_and_not_stored(tmp_path: Path) -> None:
    options = StoreOptions(seal_rows=5)
    store = filled(tmp_path, rows=6)
    store.delete([[ALL]], -EVER, EVER)
    append(store, *((at * 1000, 1.0) for at in range(6, 20)))
    append(store, (20_000, 1.0))
    before = answer(store, everything())
    assert store.source("s").unstored()
    store.clean_tombstones()
    store.close()
    store = Store.open(tmp_path, options)
    assert after(store) == before


def test_what_was_cleaned_away_stays_away_when_an_earlier_part_is_dropped_later(tmp_path: Path) -> None:
    store = Store.open(tmp_path, StoreOptions(seal_age_ms=1000, window_ms=EVER))
    append(store, (60_000, 1.0))
    other = store.source("other")
    store.append(other, [batch(other, 100_000, [(SERIES[2], 1.0)])])
    store.maintain(0)
    append(store, (50_000, 1.0), series=SERIES[1])
    store.delete([[equal("i", "1")]], 0, EVER)
    store.clean_tombstones()
    store.set_retention(10_000, 0)
    store.append(other, [batch(other, 200_000, [(SERIES[2], 2.0)])])
    store.maintain(0)
    before = answer(store, everything())
    assert sorted(before) == [SERIES[2]]
    store.close()
    store = Store.open(tmp_path)
    assert after(store) == before


def test_a_crash_in_the_middle_of_cleaning_changes_no_answer(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.delete([[equal("i", "0")]], 0, 3000)
    before, deletions = answer(store, everything()), (tmp_path / "tombstones").read_bytes()
    store.clean_tombstones()
    store.close()
    (tmp_path / "tombstones").write_bytes(deletions)  # as if the deletions had not been forgotten yet
    store = Store.open(tmp_path)
    assert answer(store, everything()) == before
    store.clean_tombstones()
    assert after(store) == before


def test_a_full_disk_stops_cleaning_and_changes_no_answer(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.delete([[equal("i", "0")]], 0, 3000)
    before = answer(store, everything())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(DiskFullError, match="it stays as it is"):
            store.clean_tombstones()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert answer(store, everything()) == before
    store.clean_tombstones()
    assert after(store) == before


@pytest.mark.parametrize("reopened", [True, False])
def test_nothing_is_remembered_any_more_once_the_log_has_nothing_of_what_was_cleaned(
    reopened: bool, tmp_path: Path
) -> None:
    options = StoreOptions(seal_rows=5, segment_bytes=500)
    store = Store.open(tmp_path, options)
    append(store, *((at, float(at)) for at in range(10)))
    store.delete([[ALL]], -EVER, EVER)
    store.clean_tombstones()
    assert (tmp_path / "tombstones").exists(), "the log has the samples still"
    if reopened:
        store.close()
        store = Store.open(tmp_path, options)
        assert store.recovery.commits == 0
    for at in range(200):
        append(store, (1000 + at, float(at)))
    store.maintain(0)
    assert not (tmp_path / "tombstones").exists()
    store.close()


def test_what_retention_dropped_does_not_come_back_from_the_log(tmp_path: Path) -> None:
    store = Store.open(tmp_path, StoreOptions(seal_age_ms=1000, retention_ms=10_000))
    append(store, (0, 1.0))
    other = store.source("other")
    store.append(other, [batch(other, 60_000, [(SERIES[1], 1.0)])])
    store.maintain(0)
    assert times(store) == []
    store.close()
    store = Store.open(tmp_path)
    assert sorted(after(store)) == [SERIES[1]]


def test_compaction_takes_deleted_samples_off_the_disk_and_forgets_the_deletion(tmp_path: Path) -> None:
    options = StoreOptions(seal_rows=5)
    store = Store.open(tmp_path, options)
    for at in range(20):
        for row in range(6):
            append(store, ((at * 6 + row) * 1000, float(at)), ((at * 6 + row) * 1000, 1.0), series=SERIES[at % 2])
        if at < 8:
            store.maintain(0)
    store.delete([[equal("i", "0")]], 0, EVER)
    before = answer(store, everything())
    for at in range(20, 60):
        append(store, *((at * 6000 + row * 1000, float(at)) for row in range(6)), series=SERIES[1])
        store.maintain(0)
    assert store.deletions == ()
    assert append(store, (5000, 1.0)) == Appended(1)
    store.close()
    store = Store.open(tmp_path, options)
    assert append(store, (4000, 1.0)) == Appended(out_of_order=1)
    assert answer(store, everything())[SERIES[0]] == [(5000, bits(1.0))]
    assert set(before[SERIES[1]]) <= set(answer(store, everything())[SERIES[1]])
    store.close()
