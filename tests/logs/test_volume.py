"""How much there is of streams, told without reading a line."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.logs.store.store import LogStore
from engine.logs.volume import amount, volumes
from promql.model.labels import Labels
from tests.logs.twin import EVERYTHING, named, run

TIMES = st.integers(0, 40)
EDGES = st.lists(st.integers(-5, 50), min_size=2, max_size=6, unique=True).map(sorted)


def by_one(first: int, last: int, size: int, low: int, high: int) -> float:
    """The share of a block, instant by instant."""
    instants = range(first, last + 1)
    return size * sum(low <= time < high for time in instants) / len(instants)


@given(blocks=st.lists(st.tuples(st.sampled_from("ab"), TIMES, TIMES, st.integers(0, 999)), max_size=5), edges=EDGES)
def test_a_block_counts_with_its_share_of_the_time_inside(
    blocks: list[tuple[str, int, int, int]], edges: list[int]
) -> None:
    store = LogStore(None)
    for job, one, other, size in blocks:
        store.append([(named(job=job), run([(min(one, other), b"x" * size), (max(one, other), b"")]))], {}, 0)
        store.seal()
    found = volumes(store.reader("fake").matching(EVERYTHING), lambda labels: labels, edges)
    for job in "ab":
        held = [
            (blob.entry.first, blob.entry.last, blob.entry.size - blob.entry.lines)
            for stream in store.catalog.streams()
            if stream.named.labels.get("job") == job
            for blob in stream.held.blobs
        ]
        slow = [sum(by_one(*one, low, high) for one in held) for low, high in pairwise(edges)]
        told = found.get(Labels.of(job=job), [0] * len(slow))
        assert all(abs(a - b) <= 0.501 for a, b in zip(told, slow, strict=True))


def test_times_beyond_what_lines_can_have_are_edges_like_others() -> None:
    store = LogStore(None)
    store.append([(named(job="a"), run([(5, b"12345")]))], {}, 0)
    streams = store.reader("fake").matching(EVERYTHING)
    assert volumes(streams, lambda labels: labels, [-(10**30), 10**30]) == {Labels.of(job="a"): [5]}
    assert amount(streams, -(10**30), 10**30).bytes == 5
