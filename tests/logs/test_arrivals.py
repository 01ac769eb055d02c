"""Lines as they come."""

from __future__ import annotations

from engine.foundation.clock import SystemClock
from engine.logs.arrivals import MOST, Arrivals
from engine.logs.config.document import LokiConfig
from engine.logs.config.settings import LogSettings
from engine.logs.service import LogService
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp
from tests.logs.twin import named, run

A = [Matcher("job", MatchOp.EQUAL, "a")]


def service() -> LogService:
    return LogService(None, LogSettings(LokiConfig(auth_enabled=False)), SystemClock())


def taken(arrivals: Arrivals) -> list[tuple[str, int, bytes]]:
    blocks, _ = arrivals.take()
    return [
        (str(block.labels), time, line)
        for block in blocks
        for time, line in zip(block.times().tolist(), block.text().splitlines(), strict=True)
    ]


def test_what_is_new_to_the_store_is_told_once_to_those_it_concerns() -> None:
    loki = service()
    loki.store.append([(named(job="a"), run([(1, b"before")]))], {}, 0)
    arrivals = loki.arrivals("fake", A)
    loki.store.append([(named(job="a"), run([(3, b"c"), (2, b"b")])), (named(job="b"), run([(3, b"x")]))], {}, 0)
    loki.store.append([(named("other", job="a"), run([(3, b"y")]))], {}, 0)
    loki.store.append([(named(job="a"), run([(3, b"c"), (1, b"before"), (4, b"d")]))], {}, 0)
    assert taken(arrivals) == [('{job="a"}', 2, b"b"), ('{job="a"}', 3, b"c"), ('{job="a"}', 4, b"d")]
    assert taken(arrivals) == []


def test_nothing_is_kept_for_who_has_gone() -> None:
    loki = service()
    gone, there = loki.arrivals("fake", A), loki.arrivals("fake", A)
    gone.close()
    loki.store.append([(named(job="a"), run([(1, b"x")]))], {}, 0)
    assert (taken(gone), len(taken(there))) == ([], 1)
    there.close()
    assert not loki.store.watchers


def test_of_what_nobody_takes_the_oldest_goes_and_is_told() -> None:
    arrivals = Arrivals("fake", A, lambda _: None)
    for time in range(3):
        arrivals.note(named(job="a"), run([(time, b"x" * (MOST // 2))]))
    blocks, lost = arrivals.take()
    assert [block.first for block in blocks] == [2]
    assert lost == [(0, Labels.of(job="a")), (1, Labels.of(job="a"))]
