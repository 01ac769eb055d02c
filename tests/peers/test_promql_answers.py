"""Answers beside the real Prometheus: the same samples, the same queries, to nine digits."""

from __future__ import annotations

import json
import math
import random
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from engine.foundation.errors import EngineError
from promql.model.labels import EMPTY, Labels
from promql.model.results import Matrix, RawMatrix, Result, Scalar, Vector
from tests.end_to_end.processes import free_port
from tests.peers.promql_queries import QUERIES
from tests.promql.memory_store import MemoryStore

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(
        not (shutil.which("prometheus") and shutil.which("promtool")),
        reason="prometheus and promtool are not installed",
    ),
]

START = 1_700_000_000_000
HOUR = 3_600_000
INSTANTS = (START, START + 7 * 60_000 + 123, START + HOUR, START + HOUR + 20 * 60_000)
RANGES = ((START - 300_000, START + HOUR + 900_000, 60_000), (START + 600_000, START + 1_200_000, 7_000))

Samples = dict[Labels, list[tuple[int, float]]]


def fleet() -> Samples:
    """Counters with resets, gauges with NaN and infinities, gaps, late births and early deaths, histograms."""
    chance = random.Random(42)
    series: Samples = {}
    for job, offset, every in (("api", 0, 15_000), ("web", 4_321, 15_000), ("db", 777, 30_000)):
        for instance in ("a", "b", "c"):
            where = {"job": job, "instance": instance}
            times = [START + offset + i * every for i in range(HOUR // every)]
            for mode in ("idle", "user", "system"):
                series[Labels.of(where, __name__="cpu_total", mode=mode)] = counter(chance, times)
            series[Labels.of(where, __name__="temperature")] = [(t, round(chance.uniform(-20, 90), 3)) for t in times]
            series[Labels.of(where, __name__="flag")] = [(t, float(chance.random() < 0.7)) for t in times]
            series[Labels.of(where, __name__="odd")] = [(t, odd(chance)) for t in times]
            series[Labels.of(where, __name__="gaps")] = [
                (t, chance.uniform(0, 5)) for t in times if chance.random() < 0.3
            ]
            series[Labels.of(where, __name__="late")] = counter(chance, times[len(times) // 2 :])
            series[Labels.of(where, __name__="early")] = counter(chance, times[: len(times) // 3])
            series[Labels.of(where, __name__="info", version=f"v{ord(instance) % 2}", zone=job[0])] = [
                (t, 1.0) for t in times
            ]
            histogram(chance, series, where, times)
        series[Labels.of(__name__="limit", job=job)] = [(t, 50.0 + offset % 7) for t in times]
    return dict(sorted(series.items()))


def counter(chance: random.Random, times: list[int]) -> list[tuple[int, float]]:
    value, out = float(chance.randint(0, 30)), []
    for t in times:
        value = 0.0 if chance.random() < 0.01 else value + chance.choice((0, 1, 2.5, 7))
        out.append((t, value))
    return out


def odd(chance: random.Random) -> float:
    return chance.choice((math.nan, math.inf, -math.inf, 0.0, 1e300, -3.5, 2.0, 2.0, 2.0, 4.0))


def histogram(chance: random.Random, series: Samples, where: dict[str, str], times: list[int]) -> None:
    bounds = ("0.1", "0.5", "1", "2.5", "+Inf")
    counts = [0] * len(bounds)
    rows: list[list[tuple[int, float]]] = [[] for _ in bounds]
    for t in times:
        hit = chance.randrange(len(bounds))
        for i in range(hit, len(bounds)):
            counts[i] += 1
        for row, value in zip(rows, counts, strict=True):
            row.append((t, float(value)))
    for bound, row in zip(bounds, rows, strict=True):
        series[Labels.of(where, __name__="seconds_bucket", le=bound)] = row


def open_metrics(samples: Samples) -> str:
    lines = []
    for labels, points in samples.items():
        inner = ",".join(f'{n}="{v}"' for n, v in labels if n != "__name__")
        lines += [f"{labels.name}{{{inner}}} {value!r} {t / 1000:.3f}" for t, value in points]
    return "\n".join([*lines, "# EOF", ""])


class Peer:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def get(self, path: str, **params: object) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(f"{self.url}{path}?{urllib.parse.urlencode(params)}", timeout=20) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)


@pytest.fixture(scope="module")
def samples() -> Samples:
    return fleet()


@pytest.fixture(scope="module")
def store(samples: Samples) -> MemoryStore:
    store = MemoryStore()
    for labels, points in samples.items():
        store.extend(labels, points)
    return store


@pytest.fixture(scope="module")
def peer(samples: Samples, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "samples.om").write_text(open_metrics(samples))
    (folder / "prometheus.yml").write_text("global: {}\n")
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", "samples.om", "data"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    port = free_port()
    command = [
        "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
    ]  # fmt: skip
    with (folder / "log").open("wb") as log, subprocess.Popen(command, cwd=folder, stdout=log, stderr=log) as process:
        try:
            peer = Peer(port)
            wait_until_ready(peer)
            yield peer
        finally:
            process.terminate()


def wait_until_ready(peer: Peer) -> None:
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"{peer.url}/-/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("prometheus does not get ready")


Points = dict[Labels, dict[int, float]]


def ours(result: Result) -> Points:
    match result:
        case Scalar():
            return {EMPTY: {result.time: result.value}}
        case Vector():
            return {one: {result.time: v} for one, v in zip(result.labels, result.values.tolist(), strict=True)}
        case RawMatrix():
            return {
                one.labels: dict(zip(one.times.tolist(), one.values.tolist(), strict=True)) for one in result.series
            }
        case Matrix():
            return {
                one: dict(zip(result.times[there].tolist(), row[there].tolist(), strict=True))
                for one, row, there in zip(result.labels, result.values, result.present, strict=True)
            }
    raise AssertionError(result)


def theirs(answer: dict[str, Any]) -> Points:
    data = answer["data"]
    if data["resultType"] == "scalar":
        return {EMPTY: {round(data["result"][0] * 1000): float(data["result"][1])}}
    return {
        Labels.of(one["metric"]): {round(t * 1000): float(v) for t, v in one.get("values", [one.get("value")])}
        for one in data["result"]
    }


def compare(got: Points, want: Points) -> None:
    assert sorted(got) == sorted(want)
    for labels, points in want.items():
        assert sorted(got[labels]) == sorted(points), labels
        for t, value in points.items():
            assert alike(got[labels][t], value), f"{labels} at {t}: {got[labels][t]!r} is not {value!r}"


def alike(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


def check(store: MemoryStore, answer: dict[str, Any], query: str, *when: int) -> Result | None:
    if answer["status"] == "error":
        with pytest.raises(EngineError) as caught:
            store.query(query, *when)
        assert without_order(str(caught.value)) == without_order(answer["error"])
        return None
    result = store.query(query, *when)
    compare(ours(result), theirs(answer))
    return result


def without_order(text: str) -> list[str]:
    """Which of two duplicates is named first depends on a map's order there."""
    return sorted(text.removeprefix('invalid parameter "query": ').split("{"))


@pytest.mark.parametrize("query", QUERIES)
def test_an_instant_query_gives_what_prometheus_gives(query: str, store: MemoryStore, peer: Peer) -> None:
    for instant in INSTANTS:
        answer = peer.get("/api/v1/query", query=query, time=instant / 1000)
        result = check(store, answer, query, instant)
        if isinstance(result, Vector) and query.startswith(("sort", "topk", "bottomk")):
            assert list(result.labels) == [Labels.of(one["metric"]) for one in answer["data"]["result"]]


@pytest.mark.parametrize("query", QUERIES)
def test_a_range_query_gives_what_prometheus_gives(query: str, store: MemoryStore, peer: Peer) -> None:
    for start, end, step in RANGES:
        answer = peer.get("/api/v1/query_range", query=query, start=start / 1000, end=end / 1000, step=step / 1000)
        if answer["status"] == "success" and answer["data"]["resultType"] == "matrix":
            labels = [Labels.of(one["metric"]) for one in answer["data"]["result"]]
            assert labels == sorted(labels)
        check(store, answer, query, start, end, step)
