"""Generated queries beside the real Prometheus: the same samples written to both, instant and range, to nine digits.

Left out are what only later releases know, and topk and bottomk, which choose otherwise among equal values. What the
order of additions makes (under 1e-12 of the largest sample) is excused, and counted by Hypothesis's statistics.
"""

from __future__ import annotations

import json
import math
import random
import re
import struct
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from promql.model.staleness import NORMAL_NAN, STALE_NAN
from tests.peers.test_remote_write import RECEIVE, engine, prometheus
from tests.promql.twin.strategies import EXPRESSIONS, START
from tests.remote.client import labels, packed, post, series

pytestmark = pytest.mark.peer

CASES: Final = max(200, settings.default.max_examples if settings.default is not None else 0)
CONFIG: Final = "global: {evaluation_interval: 10s}"
FLAGS: Final = (RECEIVE, "--query.lookback-delta=25s", "--storage.tsdb.retention.time=100y")
LATER: Final = re.compile(r"first_over_time|ts_of_|mad_over_time|limitk|\b5m\b|topk|bottomk")
ODD: Final = (float(NORMAL_NAN), math.inf, -math.inf, float(STALE_NAN))
LARGEST: Final = 400.0

Samples = list[tuple[int, float]]
Cells = dict[tuple[str, float], float]


def fleet() -> dict[tuple[str, str, str], Samples]:
    """What the twins' expressions ask for: gauges and counters with gaps, resets, stale markers and odd values."""
    chance, found = random.Random(7), dict[tuple[str, str, str], Samples]()
    for nth, (name, a, b) in enumerate((name, a, b) for name in "xy" for a in ("", "1", "2") for b in ("", "p", "q")):
        every, offset, level = chance.choice((5_000, 10_000, 7_001)), chance.choice((0, 1_234)), 0.0
        samples = found.setdefault((name, a, b), [])
        for i in range(chance.randint(0, 4), chance.randint(25, 40)):
            kind = chance.randrange(20)
            level = (0.0 if kind == 1 else level) + chance.randint(0, 40) / 4
            value = level if nth % 2 else chance.randint(-80, 80) / 4
            if kind:
                samples.append((START + offset + i * every, chance.choice(ODD) if kind == 2 else value))
    return found


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """The ports of both, with the fleet in them."""
    folder = tmp_path_factory.mktemp("pair")
    with prometheus(folder, CONFIG, *FLAGS) as real, engine(folder, *FLAGS, config=CONFIG) as ours:
        for (name, a, b), samples in fleet().items():
            named = labels({n: v for n, v in (("__name__", name), ("a", a), ("b", b)) if v})
            for port in (real, ours):
                assert post(port, packed(series(named, *samples))).status == 204
        yield real, ours


def asked(port: int, path: str, params: dict[str, str]) -> Any:
    body = urllib.parse.urlencode(params).encode()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/{path}", body, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def cells(answer: Any) -> Cells:
    """By series and time; a scalar is a series without labels."""
    data = answer["data"]
    rows = [{"metric": {}, "value": data["result"]}] if data["resultType"] == "scalar" else data["result"]
    return {
        (json.dumps(row["metric"], sort_keys=True), time): float(value)
        for row in rows
        for time, value in (row["values"] if "values" in row else [row["value"]])
    }


def compare(pair: tuple[int, int], path: str, params: dict[str, str]) -> None:
    real, ours = (asked(port, path, params) for port in pair)
    assert (ours["status"], ours.get("errorType")) == (real["status"], real.get("errorType")), (ours, real)
    if real["status"] == "error":
        event("an error of both")
        return
    assert ours["data"]["resultType"] == real["data"]["resultType"]
    got, want = cells(ours), cells(real)
    assert got.keys() == want.keys()
    event("something" if want else "nothing")
    wrong = {key: (got[key], want[key]) for key in want if not alike(got[key], want[key])}
    assert not wrong


def alike(got: float, want: float) -> bool:
    if struct.pack("d", got) == struct.pack("d", want) or math.isclose(got, want, rel_tol=1e-9):
        return True
    if math.isnan(got) or math.isnan(want):
        return math.isnan(got) and math.isnan(want)
    if abs(got - want) > 1e-12 * LARGEST:
        return False
    event("excused: the order of additions")
    return True


@settings(max_examples=CASES, suppress_health_check=list(HealthCheck))
@given(text=EXPRESSIONS, at=st.integers(-5_000, 150_000))
def test_an_instant_query_gives_what_prometheus_gives(pair: tuple[int, int], text: str, at: int) -> None:
    assume(not LATER.search(text))
    compare(pair, "query", {"query": text, "time": str((START + at) / 1000)})


@settings(max_examples=CASES, suppress_health_check=list(HealthCheck))
@given(
    text=EXPRESSIONS,
    begin=st.integers(-20_000, 150_000),
    step=st.sampled_from([1_000, 5_000, 9_000, 60_000]),
    count=st.integers(1, 12),
)
def test_a_range_query_gives_what_prometheus_gives(
    pair: tuple[int, int], text: str, begin: int, step: int, count: int
) -> None:
    assume(not LATER.search(text))
    start = START + begin
    window = {"start": str(start / 1000), "end": str((start + (count - 1) * step) / 1000), "step": str(step / 1000)}
    compare(pair, "query_range", {"query": text, **window})
