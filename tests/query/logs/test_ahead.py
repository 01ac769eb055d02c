"""Reading ahead changes nothing but when a text is made ready."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

import pytest

from engine.foundation.errors import StoreError
from engine.foundation.workers import InlineWorkers, ThreadWorkers
from engine.logql.lines import StreamLines
from engine.query.logs.ahead import DEPTH, Ahead
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp
from tests.logql.memory_source import MemoryBlock, MemorySource

R = TypeVar("R")
APP = Labels.of(job="app")
ALL = (Matcher("job", MatchOp.EQUAL, "app"),)


def _source(lines: int) -> MemorySource:
    return MemorySource([StreamLines(APP, list(range(lines)), [b"x" * 70_000 for _ in range(lines)])], block=1)


class Recorder(InlineWorkers):
    """Runs what is begun at once, and counts."""

    def __init__(self) -> None:
        self.begun = 0

    def begin(self, function: Callable[[], R]) -> Future[R]:
        self.begun += 1
        future: Future[R] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(function())
        except StoreError as error:
            future.set_exception(error)
        return future


@pytest.mark.parametrize("make", [InlineWorkers, Recorder, ThreadWorkers])
@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("backward", [False, True])
def test_blocks_are_the_same(make: Callable[[], InlineWorkers], backward: bool, closed: bool) -> None:
    workers = make()
    if closed:
        workers.close()
    plain, ahead = _source(7), Ahead(_source(7), workers)
    mine = [(b.first, b.times().tolist(), b.text()) for b in ahead.blocks(ALL, 0, 10, backward=backward)]
    theirs = [(b.first, b.times().tolist(), b.text()) for b in plain.blocks(ALL, 0, 10, backward=backward)]
    assert mine == theirs
    assert ahead.streams(ALL, 0, 10) == [APP]
    workers.close()


def test_only_a_few_blocks_are_made_ready_before_they_are_asked_for() -> None:
    workers = Recorder()
    blocks = Ahead(_source(20), workers).blocks(ALL, 0, 20)
    next(blocks)
    assert workers.begun == DEPTH + 1


def test_a_fault_comes_where_the_text_is_asked_for() -> None:
    class Damaged(MemoryBlock):
        def text(self) -> bytes:
            raise StoreError("damaged")

    class Source(MemorySource):
        def blocks(self, *_: object, **__: object) -> object:  # type: ignore[override]
            return iter([Damaged(APP, [b"x" * 70_000], [1])])

    (block,) = Ahead(Source(), Recorder()).blocks(ALL, 0, 10)
    with pytest.raises(StoreError, match="damaged"):
        block.text()
