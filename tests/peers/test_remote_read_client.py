"""Remote read as a client: the engine and the real Prometheus, each reading from real ones, asked alike."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest

from promql.model.staleness import STALE_NAN
from tests.end_to_end.processes import fetch, fetch_json
from tests.peers.alone import engine, prometheus
from tests.remote.client import labels, series, write

pytestmark = pytest.mark.peer
START: Final = 1_700_000_000_000
MIDDLE: Final = START + 1_200_000
END: Final = START + 2_400_000
RECEIVE: Final = "--web.enable-remote-write-receiver"
CONFIG: Final = """
global: {{external_labels: {{zone: eu}}}}
remote_read:
  - {{url: 'http://127.0.0.1:{port}/api/v1/read', read_recent: true}}
  - {{url: 'http://127.0.0.1:1/api/v1/read', read_recent: true, required_matchers: {{from: down}}}}
  - {{url: 'http://127.0.0.1:{port}/api/v1/nope', read_recent: true, required_matchers: {{from: nowhere}}, name: wrong}}
  - url: 'http://127.0.0.1:{port}/api/v1/read'
    read_recent: true
    filter_external_labels: false
    required_matchers: {{b: '1', whole: 'yes'}}
"""
EXPRESSIONS: Final = (
    "m", "sum by (a) (rate(m[5m]))", "m{a='3'}", "max_over_time(gone[10m])", "gone", "count(m) by (b)", "m{zone='eu'}",
    "m{zone='us'}", "m offset 10m", "quantile_over_time(0.5, m[15m])", "nope", "both", "count_over_time(both[20m])",
    "m - m offset 5m", "odd", "m{from='down'}", "m{from='nowhere'} + both", "w{b='1',whole='yes'}", "max_over_time(m[5m:1m] @ end())",
    "sum(m{a=~'[12]'}) / count(gone or both)", "absent(m{from='down'})", "here", "count({__name__=~'.+'})",
)  # fmt: skip


@dataclass(frozen=True)
class Both:
    """Ports of the two that read."""

    real: int
    ours: int


def far() -> Iterator[bytes]:
    """What the server has that is read from: with the external label, since that is how it knows others' samples."""
    chance = random.Random(2)
    for number in range(6):
        total, found = 0.0, []
        for time in range(START + number * 7, END, 15_000):
            total += chance.choice([0, 1, 1, chance.random(), -total])
            if chance.random() > 0.1:
                found.append((time, total))
        yield series(labels({"__name__": "m", "a": str(number), "b": str(number % 3), "zone": "eu"}), *found)
    gone = labels({"__name__": "gone", "zone": "eu"})
    yield series(gone, (START, 5.0), (START + 15_000, float(STALE_NAN)), (END - 60_000, 2.0))
    yield series(
        labels({"__name__": "odd", "zone": "eu"}),
        *zip(range(START, END, 700_000), (0.0, -0.0, 1e300, -1e-300), strict=True),
    )
    yield series(
        labels({"__name__": "both", "zone": "eu"}), *((time, time / 1e6) for time in range(START, MIDDLE, 15_000))
    )
    yield series(labels({"__name__": "w", "b": "1", "whole": "yes", "zone": "us"}), (START, 1.0), (END, 2.0))


def near() -> Iterator[bytes]:
    """What the readers have themselves: half of it again, and what comes later."""
    again = range(START + 600_000, END, 15_000)
    yield series(labels({"__name__": "both"}), *((time, time / 1e6) for time in again))
    yield series(labels({"__name__": "here"}), *((time, 1.0) for time in again))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder, reading = tmp_path_factory.mktemp("far"), tmp_path_factory.mktemp("near")
    with prometheus(folder, "", RECEIVE) as other:
        assert write(other, list(far())).status == 204
        config = CONFIG.format(port=other)
        with prometheus(reading, config, RECEIVE) as real, engine(reading, RECEIVE, config=config) as ours:
            for port in (real, ours):
                assert write(port, list(near())).status == 204
            yield Both(real, ours)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_answers_and_warnings_are_the_same(expression: str, both: Both) -> None:
    assert answer(both.ours, expression) == answer(both.real, expression)


@pytest.mark.parametrize("selector", ["m", "both", "m{from='down'}", "{__name__=~'.+'}"])
def test_series_of_both_are_listed(selector: str, both: Both) -> None:
    bounds = {"start": str(START // 1000), "end": str(END // 1000), "match[]": selector}
    found = [fetch_json(f"http://127.0.0.1:{port}/api/v1/series", **bounds) for port in (both.ours, both.real)]
    for one in found:
        one["data"].sort(key=lambda each: sorted(each.items()))
    assert found[0] == found[1]


def test_where_labels_are_listed_it_is_said_that_others_were_not_asked(both: Both) -> None:
    for path in ("labels", "label/a/values"):
        for port in (both.ours, both.real):
            assert fetch_json(f"http://127.0.0.1:{port}/api/v1/{path}")["warnings"]


def test_reads_are_counted_under_the_same_names(both: Both) -> None:
    for port in (both.ours, both.real):
        answer(port, "m{from='nowhere'}")
        page = fetch(f"http://127.0.0.1:{port}/metrics").decode()
        assert 'prometheus_remote_storage_read_queries_total{code="404",remote_name="wrong"' in page
        assert "prometheus_remote_storage_read_request_duration_seconds_bucket{remote_name=" in page
        assert "prometheus_remote_storage_remote_read_queries{remote_name=" in page


def test_samples_can_be_read_from_an_engine_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    far_folder, near_folder = tmp_path_factory.mktemp("far-engine"), tmp_path_factory.mktemp("near-engine")
    limit = "--storage.remote.read-sample-limit=300"  # what is more comes in chunks
    with engine(far_folder, RECEIVE, limit) as other:
        assert write(other, list(far())).status == 204
        with engine(near_folder, RECEIVE, config=CONFIG.format(port=other)) as ours:
            assert write(ours, list(near())).status == 204
            found = answer(ours, "count_over_time(m[40m])")
            assert len(found["data"]["result"]) == 6
            assert "warnings" not in found


def answer(port: int, expression: str) -> Any:
    params = {"query": expression, "start": str(START // 1000 - 60), "end": str(END // 1000 + 60), "step": "37"}
    found = fetch_json(f"http://127.0.0.1:{port}/api/v1/query_range", **params)
    found["data"]["result"].sort(key=lambda one: sorted(one["metric"].items()))
    return found
