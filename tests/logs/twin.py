"""The store of lines as a list: what a reader must find, told the slow way."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import pairwise

from engine.logs.store.head import Run
from engine.logs.store.segment import Named
from engine.logs.store.store import LogStore
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp

EVER = (-(2**62), 2**62)
EVERYTHING = [Matcher("job", MatchOp.REGEX, ".+")]
Entry = tuple[int, bytes]


def named(tenant: str = "fake", **labels: str) -> Named:
    return Named(tenant, Labels.of(labels))


def run(entries: Sequence[Entry]) -> Run:
    """The lines of a push for one stream."""
    text = b"".join(line + b"\n" for _, line in entries)
    return Run(text, array("I", [len(line) for _, line in entries]), array("q", [time for time, _ in entries]), {})


class Twin:
    """Lines by stream in the order in which they came."""

    def __init__(self) -> None:
        self.streams: dict[Named, list[Entry]] = {}

    def append(self, who: Named, entries: Iterable[Entry]) -> None:
        held = self.streams.setdefault(who, [])
        for entry in entries:
            if entry not in held:
                held.append(entry)

    def answer(self, tenant: str = "fake", start: int = EVER[0], end: int = EVER[1]) -> dict[str, list[Entry]]:
        return {
            str(who.labels): some
            for who, held in self.streams.items()
            if who.tenant == tenant and (some := sorted((e for e in held if start <= e[0] < end), key=lambda e: e[0]))
        }


def answer(
    store: LogStore, tenant: str = "fake", start: int = EVER[0], end: int = EVER[1], *, backward: bool = False
) -> dict[str, list[Entry]]:
    """What a reader finds, by stream; holds the blocks to their promises."""
    found: dict[str, list[Entry]] = {}
    edges: list[int] = []
    for block in store.reader(tenant).blocks(EVERYTHING, start, end, backward=backward):
        edges.append(-block.last if backward else block.first)
        text, starts, times = block.text(), block.starts().tolist(), block.times().tolist()
        assert (len(times), len(text)) == (block.count, block.size)
        assert (times[0], times[-1]) == (block.first, block.last)
        lines = [text[a : b - 1] for a, b in pairwise(starts)]
        entries = list(zip(times, lines, strict=True))
        held = found.setdefault(str(block.labels), [])
        if held:
            assert (times[-1] < held[0][0]) if backward else (held[-1][0] < times[0])
        held[:] = [*entries, *held] if backward else [*held, *entries]
    assert edges == sorted(edges)
    clipped = {who: [e for e in held if start <= e[0] < end] for who, held in found.items()}
    return {who: held for who, held in clipped.items() if held}
