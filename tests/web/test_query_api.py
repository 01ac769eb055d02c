"""Queries over HTTP: what may be asked beside the expression, and what is told beside the result."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from aiohttp import ClientSession

from engine.foundation.workers import InlineWorkers
from engine.query.engine import QueryEngine
from engine.testing.manual_clock import ManualClock
from engine.tsdb.batch import Batch
from engine.tsdb.exemplars import Exemplar
from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from engine.web.api import exemplars, query, series
from promql.model.labels import Labels
from tests.web.serving import serving

NOW = 1_700_000_000_000
Ask = Callable[..., Awaitable[dict[str, Any]]]


def stored() -> Store:
    """`up` of three jobs, each 15 s for ten minutes up to NOW."""
    store = Store.open(None, StoreOptions(max_exemplars=10))
    source = store.source("test")
    columns = source.columns([Labels.of(__name__="up", job=job) for job in "abc"])
    for time in range(NOW - 600_000, NOW + 1, 15_000):
        store.append(source, [Batch(time, columns, np.array([1.0, 2.0, 3.0]))])
    store.append_exemplars(source, [(1, Exemplar(Labels.of(trace="t"), 1e-7, NOW - 500))])
    return store


@pytest.fixture
async def base(manual_clock: ManualClock) -> AsyncIterator[str]:
    store = stored()
    routes = [
        *query.routes(QueryEngine(store, InlineWorkers(), manual_clock), manual_clock, per_step=True),
        *series.routes(store),
        *exemplars.routes(store.exemplars, InlineWorkers()),
    ]
    async with serving(routes) as port:
        yield f"http://127.0.0.1:{port}"
    store.close()


@pytest.fixture
async def ask(base: str) -> AsyncIterator[Ask]:
    async with ClientSession() as client:

        async def asked(path: str, **params: str) -> dict[str, Any]:
            pairs = [("match[]" if name == "match" else name, value) for name, value in params.items()]
            async with client.get(base + path, params=pairs) as response:
                found: dict[str, Any] = await response.json()
                return found

        yield asked


def count(answer: dict[str, Any]) -> int:
    return len(answer["data"]["result"] if isinstance(answer["data"], dict) else answer["data"])


RANGE = {"start": str(NOW / 1000 - 60), "end": str(NOW / 1000), "step": "15"}
ROWS = [
    ("/query", {"query": "up"}, 3),
    ("/query", {"query": "up[1m]"}, 3),
    ("/query_range", {"query": "up", **RANGE}, 3),
    ("/series", {"match": "up"}, 3),
    ("/labels", {}, 2),
    ("/label/job/values", {}, 3),
]


@pytest.mark.parametrize(("path", "params", "rows"), ROWS)
async def test_a_limit_cuts_rows_off_and_says_so(ask: Ask, path: str, params: dict[str, str], rows: int) -> None:
    for limit in ("", "0", str(rows), "99"):
        whole = await ask(path, **params, limit=limit)
        assert count(whole) == rows
        assert "warnings" not in whole
    cut = await ask(path, **params, limit="1")
    assert count(cut) == 1
    assert cut["warnings"] == ["results truncated due to limit"]


@pytest.mark.parametrize(("path", "params", "rows"), ROWS)
async def test_a_wrong_limit_is_refused(ask: Ask, path: str, params: dict[str, str], rows: int) -> None:
    for limit, error in (
        ("x", 'strconv.Atoi: parsing "x": invalid syntax'),
        ("1.5", 'strconv.Atoi: parsing "1.5": invalid syntax'),
        ("-1", "limit must be non-negative"),
        ("9" * 30, f'strconv.Atoi: parsing "{"9" * 30}": value out of range'),
    ):
        assert (await ask(path, **params, limit=limit))["error"] == f'invalid parameter "limit": {error}'


async def test_scalars_and_texts_have_no_rows_to_cut(ask: Ask) -> None:
    for text in ("1", "'a'"):
        assert "warnings" not in await ask("/query", query=text, limit="1")


async def test_a_query_may_look_back_less_far(ask: Ask) -> None:
    later = str(NOW / 1000 + 200)
    assert count(await ask("/query", query="up", time=later)) == 3
    assert count(await ask("/query", query="up", time=later, lookback_delta="100")) == 0
    assert count(await ask("/query", query="up", time=later, lookback_delta="3m21s")) == 3
    wrong = await ask("/query", query="up", lookback_delta="x")
    assert wrong["error"] == 'error parsing lookback delta duration: cannot parse "x" to a valid duration'


async def test_a_query_may_choose_whose_meanings_hold(ask: Ask) -> None:
    counts = [
        (await ask("/query", query="count_over_time(up{job='a'}[1m])", dialect=dialect))["data"]["result"][0]["value"][
            1
        ]
        for dialect in ("", "prometheus2", "prometheus3")
    ]
    assert counts == ["5", "5", "4"]
    wrong = await ask("/query", query="up", dialect="4")
    assert wrong["error"] == 'invalid parameter "dialect": "4" is unknown, want prometheus2 or prometheus3'


async def test_statistics_are_told_where_they_are_asked_for(ask: Ask) -> None:
    assert "stats" not in (await ask("/query", query="up"))["data"]
    plain = (await ask("/query", query="sum(count_over_time(up[1m]))", stats="true"))["data"]["stats"]
    assert set(plain["samples"]) == {"totalQueryableSamples", "peakSamples"}
    assert plain["samples"]["totalQueryableSamples"] == 15
    every = (await ask("/query_range", query="up", **RANGE, stats="all"))["data"]["stats"]["samples"]
    assert every["totalQueryableSamples"] == 15
    assert [n for _, n in every["totalQueryableSamplesPerStep"]] == [3] * 5
    assert every["totalQueryableSamplesPerStep"][0][0] == NOW / 1000 - 60


async def test_a_plan_is_explained_with_what_it_took(ask: Ask) -> None:
    answer = await ask("/query_explain", query="sum(rate(up[1m])) + sum(rate(up[1m]))", **RANGE)
    texts = [line["text"] for line in answer["data"]]
    assert texts[0].startswith("+ (one-to-one) at 5 steps")
    assert texts[3].startswith('fetch {__name__="up"}')
    assert texts[4].endswith("(the same as above)")
    assert [line["rows"] for line in answer["data"]] == [1, 1, 3, None, 1]
    assert answer["data"][3]["samples"] == 27
    once = await ask("/query_explain", query="up", time=RANGE["end"])
    assert once["data"][0]["values"] == 3


async def test_an_expression_is_told_as_a_tree(ask: Ask) -> None:
    answer = await ask("/parse_query", query="sum by (job) (rate(up{a!='b'}[5m] offset 1m)) > bool 5m")
    tree = answer["data"]
    assert (tree["type"], tree["op"], tree["bool"], tree["matching"]) == ("binaryExpr", ">", True, None)
    assert tree["rhs"] == {"type": "numberLiteral", "val": "300"}
    call = tree["lhs"]["expr"]
    assert call["func"] == {"name": "rate", "argTypes": ["matrix"], "variadic": 0, "returnType": "vector"}
    assert call["args"][0] == {
        "type": "matrixSelector",
        "range": 300_000,
        "name": "up",
        "matchers": [
            {"name": "a", "value": "b", "type": "!="},
            {"name": "__name__", "value": "up", "type": "="},
        ],
        "offset": 60_000,
        "timestamp": None,
        "startOrEnd": None,
    }
    wrong = await ask("/parse_query", query="up{")
    assert wrong["error"].startswith('invalid parameter "query": 1:4: parse error: ')


@pytest.mark.parametrize(
    "text",
    [
        "-a",
        "(a)",
        "'text'",
        "a @ end()",
        "a[5m:1m] @ 5",
        "topk(2, a)",
        "a and on (b) c",
        "a + on (b) group_left (d) c",
        "time()",
    ],
)
async def test_every_kind_of_node_is_told(ask: Ask, text: str) -> None:
    assert "type" in (await ask("/parse_query", query=text))["data"]


async def test_answers_are_compressed_as_the_client_asks(base: str) -> None:
    async with ClientSession(auto_decompress=False) as client:
        headers = {"Accept-Encoding": "gzip"}
        async with client.get(f"{base}/query", params={"query": "up"}, headers=headers) as response:
            assert response.headers["Content-Encoding"] == "gzip"
            assert count(json.loads(gzip.decompress(await response.read()))) == 3


async def test_exemplars_are_those_of_all_series_that_the_expression_selects(ask: Ask) -> None:
    one = {
        "seriesLabels": {"__name__": "up", "job": "b"},
        "exemplars": [{"labels": {"trace": "t"}, "value": "1e-07", "timestamp": NOW / 1000 - 0.5}],
    }
    assert (await ask("/query_exemplars", query="rate(up[5m]) / other"))["data"] == [one]
    assert (await ask("/query_exemplars", query='up{job="a"}'))["data"] == []
    assert (await ask("/query_exemplars", query="up", end=str(NOW / 1000 - 1)))["data"] == []
    assert (await ask("/query_exemplars", query="up{"))["errorType"] == "bad_data"


async def test_an_expression_that_selects_nothing_has_no_answer_about_exemplars(base: str) -> None:
    async with ClientSession() as client, client.post(f"{base}/query_exemplars", data={"query": "1 + 1"}) as response:
        assert (response.status, await response.read()) == (204, b"")
