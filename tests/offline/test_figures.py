"""Figures of a store: counts, span, rankings, churn."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.foundation.clock import SystemClock
from engine.offline.bar import Bar
from engine.offline.figures import figures, told
from engine.offline.progress import Lines, Silent, shown
from engine.testing.manual_clock import ManualClock
from engine.tsdb.store import Store
from tests.tsdb.twin import batch, named

NOW = 1_700_000_000_000


def test_a_store_is_counted_and_ranked(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    source = store.source("a")
    for at in range(5):
        some = [(named("m", i=str(i), z="same"), 1.0) for i in range(3)]
        some += [(named("short", z="same"), 2.0)] if at >= 3 else []
        store.append(source, [batch(source, NOW + at * 15_000, some)])
    found = figures(store, tmp_path, 2, Silent())
    store.close()
    assert (found.series, found.samples, found.start, found.end) == (4, 17, NOW, NOW + 60_000)
    assert found.metrics == (("m", 3), ("short", 1))
    assert found.labels == (("i", 3), ("__name__", 2))
    assert found.pairs == (('z="same"', 4), ('__name__="m"', 3))
    assert found.churn == (('__name__="short"', 0.8), ('z="same"', 0.8))
    assert found.sizes["log"] > 0 == found.sizes["parts"]
    lines = list(told(found, tmp_path))
    assert lines[:4] == [
        str(tmp_path), "  series   4", "  samples  17", "  span     2023-11-14T22:13:20Z to 2023-11-14T22:14:20Z (1m)",
    ]  # fmt: skip
    assert "bytes a sample" in lines[4]
    assert '         0.8  __name__="short"' in lines


def test_an_empty_store_has_figures_too(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    found = figures(store, tmp_path, 10, Silent())
    store.close()
    assert list(told(found, tmp_path)) == [str(tmp_path), "  series   0", "  samples  0"]


def test_a_bar_is_shown_and_gone_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    with Bar().of(3, "things") as step:
        step(2)
        step(1)
    assert capsys.readouterr().out == ""


def test_where_nobody_watches_a_terminal_progress_is_lines() -> None:
    assert isinstance(shown(print), Lines)


def test_lines_tell_each_tenth_once() -> None:
    said: list[str] = []
    lines = Lines(said.append, SystemClock(), 0)
    with lines.of(25, "things") as step:
        for _ in range(25):
            step(1)
    assert said == [f"{at} of 25 things" for at in (3, 5, 8, 10, 13, 15, 18, 20, 23, 25)]
    with lines.of(0, "things") as step:
        step(0)
    assert len(said) == 10


async def test_work_of_less_than_two_seconds_says_nothing(manual_clock: ManualClock) -> None:
    said: list[str] = []
    with Lines(said.append, manual_clock).of(4, "things") as step:
        for _ in range(4):
            step(1)
            await manual_clock.advance(700)
    assert said == ["4 of 4 things"]
