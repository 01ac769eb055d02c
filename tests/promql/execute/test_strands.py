"""Series laid end to end give, to the last bit, what the same series give as panels."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from promql.execute.edges import Reach
from promql.execute.meter import samples_at
from promql.execute.run import run
from promql.model.grid import Steps
from promql.model.labels import Labels
from promql.model.panel import Panel, Selected, Strands
from promql.model.results import Matrix
from promql.model.staleness import STALE_NAN
from promql.model.types import FloatArray, IntArray
from promql.plan.build import build
from promql.plan.window import Window
from promql.syntax.parser import parse
from tests.promql.functions.twin import TWINS

START = 1_000_000
QUERIES = [*(query.format(r="40s") for query in TWINS), "x", "timestamp(x)", "rate(x[7s] offset 13s)", "x @ 1100"]

Row = tuple[tuple[int, bytes], ...]


def labels_of(nth: int) -> Labels:
    return Labels.of(__name__="x", mode=str(nth % 3), nth=str(nth))


def values_of(nth: int, count: int, *, stale: bool) -> FloatArray:
    random = np.random.default_rng(nth)
    values = np.abs(random.integers(-1, 9, count).cumsum()) + random.choice([0.0, 0.1, 0.25], count)
    if stale:
        values[-1] = STALE_NAN
    return values


def table(lives: list[tuple[int, int]], instants: IntArray, *, stale: bool) -> Strands:
    """Series that live from one row of a table to another, both inside."""
    counts = np.array([last - first + 1 for first, last in lives])
    values = [values_of(nth, int(count), stale=stale) for nth, count in enumerate(counts)]
    labels, refs = [labels_of(nth) for nth in range(len(lives))], np.arange(len(lives))
    offsets = np.concatenate([[0], counts.cumsum()])
    return Strands(instants, np.concatenate(values), offsets, labels, refs, np.array([first for first, _ in lives]))


def own(strands: Strands) -> Strands:
    """The same with a time beside each sample."""
    return replace(strands, times=np.concatenate([times for _, _, times, _ in strands.series()]), starts=None)


def answer(query: str, selected: list[Selected], step: int, count: int) -> dict[Labels, Row]:
    plan = build(parse(query), Window(START, START + (count - 1) * step, step))
    result = run(plan, dict.fromkeys(plan.needs, selected))
    assert isinstance(result, Matrix)
    return {
        labels: tuple((at, row[at].tobytes()) for at in np.flatnonzero(there).tolist())
        for labels, row, there in zip(result.labels, result.values, result.present, strict=True)
    }


def one_by_one(query: str, strands: Strands, step: int, count: int) -> dict[Labels, Row]:
    """Each series alone, in a panel of twenty like it."""
    found: dict[Labels, Row] = {}
    for _, labels, times, values in strands.series():
        twenty = [labels.set("copy", str(copy)) for copy in range(20)]
        rows = answer(query, [Panel(times, np.tile(values, (20, 1)), twenty, np.arange(20))], step, count)
        found |= {one.without(("copy",)): row for one, row in rows.items() if one.get("copy") == "0"}
    return found


def fleets(longest: int) -> st.SearchStrategy[tuple[list[tuple[int, int]], list[int]]]:
    """Lives in rows of a table, and the times between the table's instants."""
    row = st.integers(0, longest - 1)
    life = st.tuples(row, row).map(lambda pair: (min(pair), max(pair)))
    gaps = st.lists(st.sampled_from([1000, 1000, 1001, 3500, 90_000]), min_size=longest, max_size=longest)
    return st.tuples(st.lists(life, min_size=1, max_size=20), gaps)


@pytest.mark.parametrize("query", QUERIES)
@settings(max_examples=10)
@given(
    fleet=fleets(60),
    begin=st.integers(-200_000, 100_000),
    steps=st.tuples(st.sampled_from([1000, 10_000, 60_000]), st.integers(2, 30)),
    stale=st.booleans(),
)
def test_strands_give_what_panels_give(
    query: str, fleet: tuple[list[tuple[int, int]], list[int]], begin: int, steps: tuple[int, int], stale: bool
) -> None:
    marked = stale and "[" not in query  # ranges are gathered without stale markers
    strands = table(fleet[0], START + begin + np.cumsum(fleet[1]), stale=marked)
    want = one_by_one(query, strands, *steps)
    assert answer(query, [strands], *steps) == want
    assert answer(query, [own(strands)], *steps) == want
    single = [Panel(t, v[None, :], [labels], np.array([ref])) for ref, labels, t, v in strands.series()]
    assert answer(query, list(single), *steps) == want
    parts = [strands.some(ref, ref + 1) if ref % 3 else panel for ref, panel in enumerate(single)]
    assert answer(query, [own(part) if isinstance(part, Strands) else part for part in parts], *steps) == want
    assert answer(query, list(parts), *steps) == want


@pytest.mark.parametrize("query", QUERIES)
def test_long_strands_with_instants_of_their_own_give_what_panels_give(query: str) -> None:
    strands = table([(0, 599), (3, 590), (300, 599), (0, 250)], START - 50_000 + np.arange(600) * 997, stale=False)
    assert answer(query, [own(strands)], 9000, 60) == one_by_one(query, strands, 9000, 60)


@pytest.mark.parametrize("op", ["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"])
def test_an_aggregation_over_strands_gives_what_it_gives_over_panels(op: str) -> None:
    lives = [(low, low + 3 + low % 7) for low in range(0, 180, 2)]
    strands = table(lives, START + np.arange(200) * 1000, stale=False)
    panels = [Panel(t, v[None, :], [labels], np.array([ref])) for ref, labels, t, v in strands.series()]
    query = f"{op} by (mode) (rate(x[5s]))"
    got, want = answer(query, [strands], 2000, 90), answer(query, list(panels), 2000, 90)
    assert got.keys() == want.keys()
    for labels, row in got.items():
        assert [at for at, _ in row] == [at for at, _ in want[labels]]
        for (_, ours), (_, theirs) in zip(row, want[labels], strict=True):
            assert np.isclose(np.frombuffer(ours), np.frombuffer(theirs), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("instant", [False, True])
def test_as_many_samples_are_looked_at_in_strands_as_in_panels(instant: bool) -> None:
    strands = table([(0, 40), (5, 9), (7, 7), (30, 59)], START + np.arange(60) * 1700, stale=instant)
    panels: list[Selected] = [Panel(t, v[None, :], [labels], np.array([r])) for r, labels, t, v in strands.series()]
    steps = Steps(START - 5000, 4000, 40)
    reach = Reach(steps, 9000, steps)
    want = samples_at(panels, reach, instant=instant).tolist()
    for kind in (strands, own(strands)):
        assert samples_at([kind], reach, instant=instant).tolist() == want


def test_the_samples_of_strands_are_the_answer_to_a_question_for_a_range() -> None:
    strands = table([(0, 5), (2, 9), (4, 4)], START + np.arange(10) * 1000, stale=False)
    whole = [(labels, times.tolist()) for _, labels, times, _ in strands.series()]
    for kind in (strands, own(strands)):
        plan = build(parse("x[5s]"), Window(START + 6000, START + 6000, 0))
        result = run(plan, {need: [kind] for need in plan.needs})
        found = [(one.labels, one.times.tolist()) for one in result.series]  # type: ignore[union-attr]
        assert found == [(labels, [t for t in times if 1000 <= t - START <= 6000]) for labels, times in whole]


def test_some_strands_are_those_series_with_their_samples() -> None:
    strands = table([(0, 5), (2, 9), (4, 4), (1, 3)], START + np.arange(10) * 1000, stale=False)
    for kind in (strands, own(strands)):
        whole = [(ref, times.tolist(), values.tolist()) for ref, _, times, values in kind.series()]
        for low, high in pairwise((0, 1, 3, 4)):
            some = kind.some(low, high)
            assert [(r, t.tolist(), v.tolist()) for r, _, t, v in some.series()] == whole[low:high]
            assert some.firsts.tolist() == [times[0] for _, times, _ in whole[low:high]]
            assert some.lasts.tolist() == [times[-1] for _, times, _ in whole[low:high]]
