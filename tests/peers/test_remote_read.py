"""Remote read: what the real Prometheus reads from us, and both servers asked alike."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest

from promql.model.staleness import STALE_NAN
from tests.end_to_end.processes import fetch_json
from tests.peers.alone import engine, prometheus
from tests.remote.client import labels, packed, series, write
from tests.remote.read_client import ask, merged, query, request

pytestmark = pytest.mark.peer
START: Final = 1_700_000_000_000
END: Final = START + 3_600_000
RECEIVE: Final = "--web.enable-remote-write-receiver"
LABELS: Final = "global: {external_labels: {zone: eu, cell: a}}\n"
READ: Final = "remote_read: [{{url: 'http://127.0.0.1:{port}/api/v1/read', read_recent: true}}]\n"
EXPRESSIONS: Final = (
    "m", "sum by (a) (rate(m[5m]))", "m{a='3'}", "m{a=~'1|2',zone=''}", "max_over_time(gone[10m])", "gone", "count(m) by (b)",
    "m{zone='eu'}", "m offset 10m", "histogram_quantile(0.9, m)", "quantile_over_time(0.5, m[15m])", "nope", "cell_of{cell='b'}",
)  # fmt: skip
EVERYTHING: Final = ("__name__", "=~", ".+")
QUERIES: Final = {
    "everything": [query(START, END, EVERYTHING)],
    "a part": [query(START + 600_000, START + 660_000, ("__name__", "=", "m"))],
    "two queries": [query(START, END, ("a", "=", "1")), query(START, END, ("a", "!=", "1"), ("__name__", "!~", "g.*"))],
    "nothing": [query(START, END, ("a", "=", "nope")), query(END + 1, END + 1, EVERYTHING)],
    "the external label": [query(START, END, ("zone", "=", "eu"), EVERYTHING)],
    "another external label": [query(START, END, ("zone", "=", "us"), EVERYTHING)],
    "a label of a series that is external too": [query(START, END, ("cell", "=", "b"), EVERYTHING)],
    "no queries": [],
}
WRONG: Final = {
    "no bytes": b"",
    "garbage": b"garbage",
    "no message": packed(b"\x0a\x20abc"),
    "a bad pattern": request(query(START, END, ("a", "=~", "("))),
    "an unknown operator": request(query(START, END, ("a", "7", "x"))),
    "unknown kinds": request(query(START, END, EVERYTHING), accepted=(5, 9)),
    "too much": request(query(START, END, EVERYTHING)),
}


@dataclass(frozen=True)
class Both:
    """Ports: of the two, which hold the same, and of a real Prometheus each that reads from one of them."""

    real: int
    ours: int
    reads_real: int
    reads_ours: int


def samples() -> Iterator[bytes]:
    """Series with holes, ends, odd values, and a label that is external too."""
    chance = random.Random(1)
    for number in range(12):
        total, found = 0.0, []
        for time in range(START + number * 7, END, 15_000):
            total += chance.choice([0, 1, 1, chance.random(), -3.5])
            if chance.random() > 0.1:
                found.append((time, total))
        yield series(labels({"__name__": "m", "a": str(number), "b": str(number % 3)}), *found)
    yield series(labels({"__name__": "gone"}), (START, 5.0), (START + 15_000, float(STALE_NAN)), (END, 2.0))
    yield series(
        labels({"__name__": "odd"}), *zip(range(START, END, 1_000_000), (0.0, -0.0, 1e300, -1e-300), strict=True)
    )
    yield series(labels({"__name__": "cell_of", "cell": "b"}), (START, 1.0))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder, *others = (tmp_path_factory.mktemp(name) for name in ("read", "reads-real", "reads-ours"))
    few = "--storage.remote.read-sample-limit=20000"
    with prometheus(folder, LABELS, RECEIVE, few) as real, engine(folder, RECEIVE, few, config=LABELS) as ours:
        for port in (real, ours):
            assert write(port, list(samples())).status == 204
        reading = [LABELS + READ.format(port=port) for port in (real, ours)]
        with prometheus(others[0], reading[0]) as reads_real, prometheus(others[1], reading[1]) as reads_ours:
            yield Both(real, ours, reads_real, reads_ours)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_prometheus_that_reads_from_here_gives_the_same_answers(expression: str, both: Both) -> None:
    assert answer(both.reads_ours, expression) == answer(both.reads_real, expression)
    assert answer(both.ours, expression) == answer(both.real, expression)


@pytest.mark.parametrize("name", QUERIES)
def test_samples_are_the_same(name: str, both: Both) -> None:
    for accepted in ((), (0, 1), (7, 0)):
        body = request(*QUERIES[name], accepted=accepted)
        real, ours = ask(both.real, body), ask(both.ours, body)
        assert (real.status, real.content_type) == (ours.status, ours.content_type)
        assert real.sampled() == ours.sampled()


@pytest.mark.parametrize("name", QUERIES)
def test_streamed_chunks_are_the_same_within_the_time_that_is_asked_for(name: str, both: Both) -> None:
    body = request(*QUERIES[name], accepted=(1, 0))
    real, ours = ask(both.real, body), ask(both.ours, body)
    assert (real.status, real.content_type) == (ours.status, ours.content_type)
    bounds = {"a part": (START + 600_000, START + 660_000)}.get(name, (START, END))
    theirs = {
        number: {labels: within(found, *bounds) for labels, found in one.items() if within(found, *bounds)}
        for number, one in merged(real.streamed()).items()
    }
    assert merged(ours.streamed()) == theirs
    assert [number for number, _ in ours.streamed()] == sorted(number for number, _ in ours.streamed())


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_in_the_same_words(name: str, both: Both) -> None:
    if name == "too much":
        many = [
            series(labels({"__name__": "many", "n": str(n)}), *((START + n, 1.0) for n in range(300)))
            for n in range(70)
        ]
        for port in (both.real, both.ours):
            assert write(port, many).status == 204
    real, ours = ask(both.real, WRONG[name]), ask(both.ours, WRONG[name])
    assert (real.status, real.content_type, real.body) == (ours.status, ours.content_type, ours.body)


def within(found: list[tuple[int, bytes]], low: int, high: int) -> list[tuple[int, bytes]]:
    return [one for one in found if low <= one[0] <= high]


def answer(port: int, expression: str) -> Any:
    params = {"query": expression, "start": str(START // 1000 - 60), "end": str(END // 1000 + 60), "step": "37"}
    found = fetch_json(f"http://127.0.0.1:{port}/api/v1/query_range", **params)["data"]["result"]
    return sorted(found, key=lambda one: sorted(one["metric"].items()))
