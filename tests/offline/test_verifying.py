"""Every flipped bit of a store is found, nothing is changed by looking, and what is whole is not suspected."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.foundation.errors import FormatError
from engine.offline.verifying import Verdict, Verifier
from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from tests.tsdb.twin import batch, equal, named

NOW = 1_700_000_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Names, a table, a ragged part, open rows and a deletion."""
    store = Store.open(tmp_path, StoreOptions(seal_rows=5))
    source, other = store.source("a"), store.source("b")
    for at in range(12):
        time = NOW + at * 15_000
        store.append(source, [batch(source, time, [(named("m", i=str(i)), float(i * at)) for i in range(100)])])
        store.append(other, [batch(other, time + at, [(named("r", i=str(at % 9)), 1.0)])])
    store.maintain(0)
    store.delete([[equal("i", "3")]], NOW, NOW + 20_000)
    store.append(source, [batch(source, NOW + 10**6, [(named("m", i="1"), 1.0)])])
    store.close()
    return tmp_path


def verified(folder: Path) -> Verdict:
    return Verifier(folder).run(lambda _: None)


def bytes_of(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_sound_store_has_no_damage_and_stays_as_it_is(folder: Path) -> None:
    before = bytes_of(folder)
    verdict = verified(folder)
    assert verdict.damages == []
    assert verdict.series == 109
    assert {path.parent.name for path in Verifier(folder).files()} == {folder.name, "parts", "wal"}
    assert verdict.bytes == sum(len(before[path]) for path in Verifier(folder).files())
    assert bytes_of(folder) == before


def test_every_flipped_byte_is_found(folder: Path) -> None:
    for path in Verifier(folder).files():
        sound = path.read_bytes()
        for at in range(0, len(sound), max(1, len(sound) // 60)):
            path.write_bytes(sound[:at] + bytes([sound[at] ^ 0x41]) + sound[at + 1 :])
            try:
                damages = verified(folder).damages
            except FormatError:  # the version is a byte too
                continue
            assert damages or _is_padding(path, at, len(sound)), (path, at)
            assert all(damage.file == path or path.name == "series.log" for damage in damages)
        path.write_bytes(sound)


def _is_padding(path: Path, at: int, size: int) -> bool:
    """Bytes that mean nothing and no checksum covers: in the head and the end of a file of parts."""
    return path.suffix == ".part" and (12 <= at < 16 or size - 12 <= at < size - 8)


def test_what_is_damaged_tells_what_it_costs(folder: Path) -> None:
    part, segment = min((folder / "parts").iterdir()), max((folder / "wal").iterdir())
    part.write_bytes(part.read_bytes()[:30] + b"x" + part.read_bytes()[31:])
    segment.write_bytes(segment.read_bytes()[:-3])
    first, second = map(str, verified(folder).damages)
    assert first.startswith(f"{part}: ")
    assert "samples of 'a' from 1700000000000 to" in first
    assert second.startswith(f"{segment}: bytes ")
    assert "a commit that was under way" in second


def test_without_names_all_samples_are_lost(folder: Path) -> None:
    (folder / "series.log").unlink()
    told = [str(damage) for damage in verified(folder).damages]
    assert any("has no name" in line for line in told)
    assert any("commits are of series that have no name" in line for line in told)
