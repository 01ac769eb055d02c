"""Samples in any order come out sorted, in batches that are whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.offline.spool import WINDOW_MS, Spool

SAMPLES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(-3, 40).map(lambda n: n * WINDOW_MS // 2)), max_size=60
)


@given(samples=SAMPLES, run=st.integers(1, 20), batch=st.integers(1, 20), each=st.integers(1, 9))
def test_batches_are_all_samples_in_order(
    samples: list[tuple[int, int, int]], run: int, batch: int, each: int, tmp_path_factory: object
) -> None:
    path = tmp_path_factory.mktemp("spool") / "spool"  # type: ignore[attr-defined]
    seen: list[tuple[int, int, int, int, float]] = []
    with Spool(path, run, batch) as spool:
        for low in range(0, len(samples), each):
            some = samples[low : low + each]
            refs, sources, times = (np.array(column, np.int64) for column in zip(*some, strict=True))
            spool.add(refs, sources, times, np.arange(low, low + len(some), dtype=float))
        assert spool.size == len(samples)
        pairs: list[set[tuple[int, int]]] = []
        for found in spool.batches():
            rows = [
                (int(s["time"]) // WINDOW_MS, int(s["source"]), int(s["ref"]), int(s["time"]), float(s["value"]))
                for s in found
            ]
            assert max(row[0] for row in rows) - min(row[0] for row in rows) < 12
            pairs.append({row[:2] for row in rows})
            seen += rows
    assert sum(map(len, pairs)) == len(set().union(*pairs))
    wanted = [(t // WINDOW_MS, source, ref, t, float(at)) for at, (ref, source, t) in enumerate(samples)]
    assert seen == sorted(wanted)
    assert not path.exists()


def test_the_file_is_gone_after_an_error_too(tmp_path: Path) -> None:
    try:
        with Spool(tmp_path / "spool"):
            raise KeyError
    except KeyError:
        assert list(tmp_path.iterdir()) == []
