"""Samples out as text and in again: nothing is lost on the way, and nothing comes twice."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.clock import SystemClock
from engine.foundation.errors import StoreError
from engine.offline.importing import Imported, Importer
from engine.offline.parsing import ImportFileError
from engine.offline.progress import Lines, Silent
from engine.offline.reading import EVERYTHING, Wanted
from engine.offline.writing import dump, export
from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from promql.model.labels import Labels
from promql.model.panel import Kind
from promql.model.staleness import STALE_NAN
from tests.tsdb.twin import HOUR, STALE, Answer, answer, batch, equal, everything, named

NOW = 1_700_000_000_000
VALUES = st.one_of(st.floats(allow_nan=False), st.sampled_from([float("nan"), float("inf"), 0.0, -0.0, 5e-324, 1e22]))
LABELS = st.dictionaries(
    st.sampled_from(["a", "B", "job", "instance"]), st.text(st.characters(codec="utf-8"), max_size=3)
)
SERIES = st.builds(
    lambda name, more: Labels.of({"__name__": name}, **more), st.sampled_from(["m", "n:x", "M_total"]), LABELS
)
STEPS = st.one_of(st.integers(0, 5).map(lambda n: n * 15_000), st.integers(-(10**12), 10**12))
FLEETS = st.dictionaries(
    SERIES, st.dictionaries(STEPS.map(lambda n: NOW + n), VALUES, min_size=1, max_size=6), max_size=5
)

Fleet = dict[Labels, dict[int, float]]


def bits(value: float) -> bytes:
    return struct.pack("<Q", 0x7FF8000000000001) if math.isnan(value) else struct.pack("<d", value)


def told(fleet: Fleet) -> Answer:
    return {labels: sorted((t, bits(v)) for t, v in samples.items()) for labels, samples in fleet.items()}


def page(fleet: Fleet) -> str:
    """OpenMetrics of it, written by hand."""
    lines = []
    for labels, samples in fleet.items():
        pairs = [(n, v) for n, v in labels if n != "__name__"]
        inner = ",".join(
            f'{n}="' + v.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"') + '"' for n, v in pairs
        )
        for time, value in samples.items():
            sign = "-" if time < 0 else ""
            lines.append(
                f"{labels.name}{{{inner}}} {value!r} {sign}{abs(time) // 1000}.{abs(time) % 1000:03}1"
            )  # the 1 is cut off
    return "\n".join([*lines, "# EOF", ""])


def put(store: Store, folder: Path, text: str) -> Imported:
    path = folder / "in.om"
    path.write_text(text)
    return Importer(store, folder, Silent()).run([path])


def exported(store: Store) -> str:
    pieces: list[str] = []
    export(store, Wanted(EVERYTHING), pieces.append, Silent())
    return "".join(pieces)


@given(fleet=FLEETS)
def test_what_is_imported_is_there_after_a_restart_and_can_be_exported(
    fleet: Fleet, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, other = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("other")
    store, copy = Store.open(folder), Store.open(other)
    done = put(store, folder, page(fleet))
    assert (done.samples, done.there, done.other) == (sum(map(len, fleet.values())), 0, 0)
    assert answer(store, everything(start=-(2**60))) == told(fleet)
    put(copy, other, exported(store))
    assert answer(copy, everything(start=-(2**60))) == told(fleet)
    for one, where in ((store, folder), (copy, other)):
        one.close()
        again = Store.open(where)
        assert again.recovery.damages == ()
        assert answer(again, everything(start=-(2**60))) == told(fleet)
        again.close()


@given(before=FLEETS, fleet=FLEETS, sealed=st.booleans())
def test_what_the_store_has_stays_and_the_rest_is_added(
    before: Fleet, fleet: Fleet, sealed: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("store")
    options = StoreOptions(retention_ms=0, bounds_ms=2**50, seal_rows=2, seal_samples=3)
    store = Store.open(folder, options)
    held: Fleet = {}
    for time in sorted({time for samples in before.values() for time in samples}):
        source = store.source("scraped")
        now = [(labels, samples[time]) for labels, samples in before.items() if time in samples]
        store.append(source, [batch(source, time, now)])
        for labels, value in now:
            held.setdefault(labels, {})[time] = value
    if sealed:
        store.maintain(0)
    assert answer(store, everything()) == told(held)
    put(store, folder, page(fleet))
    merged = {one: fleet.get(one, {}) | held.get(one, {}) for one in [*held, *fleet]}
    assert answer(store, everything()) == told(merged)
    store.maintain(0)
    store.close()
    again = Store.open(folder, options)
    assert answer(again, everything()) == told(merged)
    done = put(again, folder, page(fleet))
    assert done.samples == 0
    assert answer(again, everything()) == told(merged)
    again.close()


def test_history_comes_in_beside_a_store_that_is_much_newer_and_samples_go_on_after_it(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    one = named("m", job="j")
    scraped = store.source("scraped")
    store.append(scraped, [batch(scraped, NOW, [(one, 9.0)])])
    year = {one: {NOW - at * 24 * HOUR: float(at) for at in range(1, 366, 7)}}
    assert put(store, tmp_path, page(year)).samples == 53
    assert store.append(scraped, [batch(scraped, NOW + 15_000, [(one, 10.0)])]).appended == 1
    assert len(answer(store, everything())[one]) == 55
    assert store.append(scraped, [batch(scraped, NOW - 15_000, [(one, 1.0)])]).out_of_order == 1
    store.close()


def test_deleted_samples_may_be_imported_again(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    fleet = {named("m"): {NOW: 1.0, NOW + 15_000: 2.0}}
    put(store, tmp_path, page(fleet))
    store.delete([[equal("__name__", "m")]], NOW, NOW)
    assert len(answer(store, everything())[named("m")]) == 1
    put(store, tmp_path, page(fleet))
    store.close()
    again = Store.open(tmp_path)
    assert answer(again, everything()) == told(fleet)
    again.close()


def test_of_one_series_and_time_the_first_sample_stays(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    done = put(store, tmp_path, "m 1 1.0\nm 2 1.0\nm 1 1.0\nm{} 1 1.0\n# EOF\n")
    assert (done.samples, done.there, done.other) == (1, 2, 1)
    assert answer(store, everything()) == {named("m"): [(1000, bits(1.0))]}
    store.close()


def test_a_mistake_in_the_last_of_several_files_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text("m 1 1000\n")
    bad.write_text("m 1 2000\nm x 3000\n")
    with pytest.raises(ImportFileError, match=r"bad:2: .*: nothing was imported"):
        Importer(store, tmp_path, Silent()).run([good, bad])
    assert answer(store, everything()) == {}
    store.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "bad",
        "format",
        "good",
        "lock",
        "parts",
        "series.log",
        "wal",
    ]
    assert list((tmp_path / "parts").iterdir()) == []


def test_where_the_disk_fails_half_way_it_is_told_how_much_is_in(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    fleet = {named("m"): {NOW + day * 24 * HOUR: 1.0 for day in range(3)}}
    path = tmp_path / "in.om"
    path.write_text(page(fleet))
    importer = Importer(
        store, tmp_path, Lines(lambda line: _break_at(line, "1 of 3", tmp_path / "parts"), SystemClock(), 0)
    )
    with pytest.raises(StoreError, match=r"1 of 3 samples are in, the oldest, the others are not: make room"):
        importer.run([path])
    assert len(answer(store, everything())[named("m")]) == 1
    (tmp_path / "parts").unlink()
    (tmp_path / "away").rename(tmp_path / "parts")
    assert put(store, tmp_path, page(fleet)).samples == 2
    store.close()


def _break_at(line: str, when: str, folder: Path) -> None:
    """Files can't be written into the folder any more."""
    if line.startswith(when):
        folder.rename(folder.with_name("away"))
        folder.symlink_to("/dev/full")


def test_stale_markers_show_as_nan_in_a_dump_and_are_left_out_of_an_export(tmp_path: Path) -> None:
    store = Store.open(None)
    source = store.source("a")
    for time, value in ((NOW, 1.5), (NOW + 1, float(STALE_NAN))):
        store.append(source, [batch(source, time, [(named("m", a='x"\n'), value)])])
    pieces: list[str] = []
    written = dump(store, Wanted(EVERYTHING), pieces.append, Silent())
    assert "".join(pieces) == (
        '{__name__="m", a="x\\"\\n"} 1.5 1700000000000\n{__name__="m", a="x\\"\\n"} NaN 1700000000001\n'
    )
    assert (written.series, written.samples) == (1, 2)
    assert exported(store) == 'm{a="x\\"\\n"} 1.5 1700000000\n# EOF\n'
    assert answer(store, everything())[named("m", a='x"\n')][1][1] == STALE


def test_series_come_by_metric_and_labels_and_only_those_that_are_asked_for(tmp_path: Path) -> None:
    store = Store.open(None)
    source = store.source("a")
    series = [named("n", A="1"), named("m", b="2"), named("m", Z="9"), named("m"), Labels.of(x="no name"), named("a b")]
    for time in (NOW, NOW + 1000):
        store.append(source, [batch(source, time, [(one, 1.0) for one in series])])
    pieces: list[str] = []
    wanted = Wanted([(equal("b", "2"),), (equal("__name__", "n"),), (equal("b", "2"),)], end=NOW)
    dump(store, wanted, pieces.append, Silent())
    assert pieces == ['{__name__="m", b="2"} 1 1700000000000\n', '{A="1", __name__="n"} 1 1700000000000\n']
    pieces.clear()
    written = export(store, Wanted(EVERYTHING, start=NOW + 1), pieces.append, Silent())
    assert (written.series, written.left_out) == (4, 2)
    assert [piece.split(" ", maxsplit=1)[0] for piece in pieces] == ['m{Z="9"}', "m", 'm{b="2"}', 'n{A="1"}', "#"]
    assert store.read(store.find((equal("b", "2"),), NOW, NOW), NOW, NOW, Kind.RANGE)[0].values.tolist() == [[1.0]]
