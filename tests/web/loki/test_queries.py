"""Log queries over HTTP: shapes, parameters, and the words of what is refused."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from engine.query.logs.limits import LogQueryLimits
from engine.testing.manual_clock import ManualClock
from tests.logql import recorded
from tests.logql.recorded import Case
from tests.web.loki.lines import NOW, SECOND, served, stored

Ask = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
async def ask(manual_clock: ManualClock) -> AsyncIterator[Ask]:
    async with served(stored(), manual_clock) as base, ClientSession(base) as client:

        async def asked(path: str, **params: str) -> tuple[int, str]:
            async with client.get(path, params=params) as response:
                return response.status, await response.text()

        yield asked


async def _data(ask: Ask, path: str, **params: str) -> Any:
    status, body = await ask(path, **params)
    assert status == 200, body
    return json.loads(body)["data"]


async def test_lines_come_by_stream_the_newest_first(ask: Ask) -> None:
    data = await _data(ask, "/loki/api/v1/query_range", query='{job=~"app|web"} |= "5"', limit="3")
    assert data["resultType"] == "streams"
    (one, other) = sorted(data["result"], key=lambda row: row["stream"]["job"])
    assert one["stream"] == {"job": "app"}
    assert [int(time) for time, _ in one["values"]] == [NOW - SECOND, NOW - 2 * SECOND]
    assert [line for _, line in other["values"]] == ["status=201 path=/p/59"]


async def test_statistics_are_what_was_read(ask: Ask) -> None:
    data = await _data(ask, "/loki/api/v1/query_range", query='{job="app"}', limit="100", direction="FORWARD")
    summary = data["stats"]["summary"]
    assert (summary["totalLinesProcessed"], summary["totalEntriesReturned"]) == (60, 60)
    assert summary["totalBytesProcessed"] == data["stats"]["querier"]["store"]["chunk"]["decompressedBytes"] > 2000


async def test_values_of_parsed_labels_over_a_range(ask: Ask) -> None:
    query = 'sum by (level) (count_over_time({job="app"} | json [30s]))'
    data = await _data(ask, "/loki/api/v1/query_range", query=query, start=str(NOW // SECOND - 25), step="20")
    assert data["resultType"] == "matrix"
    assert {row["metric"]["level"] for row in data["result"]} == {"info", "warn", "error"}
    assert [time for time, _ in data["result"][0]["values"]] == [1_699_999_960, 1_699_999_980, 1_700_000_000]


async def test_the_end_of_a_metric_query_is_rounded_up_to_a_step(ask: Ask) -> None:
    data = await _data(
        ask, "/loki/api/v1/query_range", query="vector(1)", start="1699999961", end="1699999999", step="30s"
    )
    assert [time for time, _ in data["result"][0]["values"]] == [1_699_999_950, 1_699_999_980, 1_700_000_010]


async def test_an_interval_thins_lines_out(ask: Ask) -> None:
    data = await _data(ask, "/loki/api/v1/query_range", query='{job="app"}', interval="20s")
    assert len(data["result"][0]["values"]) == 3


async def test_an_instant_query_for_lines_looks_back_a_little(ask: Ask) -> None:
    data = await _data(ask, "/loki/api/v1/query", query='{job="web"}')
    assert len(data["result"][0]["values"]) == 30


async def test_the_older_path_tells_lines_in_its_own_shape(ask: Ask) -> None:
    status, body = await ask("/api/prom/query", query='{job="web"}', regexp="path=/p/7$")
    (stream,) = json.loads(body)["streams"]
    assert status == 200
    assert stream == {
        "labels": '{job="web", kind="logfmt"}',
        "entries": [{"ts": "2023-11-14T22:12:27Z", "line": "status=201 path=/p/7"}],
    }


async def test_a_query_is_formatted(ask: Ask) -> None:
    status, body = await ask("/loki/api/v1/format_query", query='{a="b"}|="x"|json')
    assert (status, json.loads(body)) == (200, {"status": "success", "data": '{a="b"} |= "x" | json'})


@pytest.mark.parametrize(
    ("params", "status", "text"),
    [
        ({"query": "{"}, 400, "parse error at line 1, col 2: syntax error: unexpected $end, expecting IDENTIFIER"),
        ({"query": '{job="app"} |~ "["'}, 400, "stage '|~ \"[\"' : error parsing regexp: missing closing ]"),
        ({"query": '{job="app"}', "limit": "6000"}, 400, "limit > max_entries_limit (6000 > 5000)"),
        ({"query": '{job="app"}', "limit": "0"}, 400, "limit must be a positive value"),
        ({"query": '{job="app"}', "limit": "x"}, 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ({"query": '{job="app"}', "direction": "up"}, 400, "invalid direction 'up'"),
        ({"query": '{job="app"}', "start": "yesterday"}, 400, 'strconv.ParseInt: parsing "yesterday": invalid syntax'),
        ({"query": '{job="app"}', "start": "20", "end": "10"}, 400, "end timestamp must not be before or equal to start"),
        ({"query": "vector(1)", "step": "0"}, 400, "zero or negative query resolution step widths are not accepted"),
        ({"query": "vector(1)", "step": "1ms"}, 400, "exceeded maximum resolution of 11,000 points per timeseries"),
        ({"query": '{job="app"}', "start": "1"}, 400, "the query time range exceeds the limit (query length: 472222h13m19s, limit: 721h0m0s)"),
        ({"query": 'count_over_time({job="web"} | json [1m])'}, 400, "pipeline error: 'JSONParserErr' for series: '{"),
    ],
)  # fmt: skip
async def test_what_is_refused_is_told_in_a_line_of_text(
    ask: Ask, params: dict[str, str], status: int, text: str
) -> None:
    found = await ask("/loki/api/v1/query_range", **params)
    assert found[0] == status
    assert text in found[1]


async def test_too_many_series_are_refused(manual_clock: ManualClock) -> None:
    limits = LogQueryLimits(max_series=10)
    async with served(stored(), manual_clock, limits) as base, ClientSession(base) as client:
        query = 'count_over_time({job="app"} | json [5m])'
        async with client.get("/loki/api/v1/query", params={"query": query}) as response:
            assert (response.status, await response.text()) == (
                400,
                "maximum of series (10) reached for a single query",
            )


async def test_a_limit_of_bytes_ends_a_query(manual_clock: ManualClock) -> None:
    status, body = await _asked(manual_clock, LogQueryLimits(max_bytes=100), 'rate({job="app"}[1m])')
    assert status == 400
    assert "the query would read too many bytes" in body


async def test_lines_before_the_lookback_are_not_there(manual_clock: ManualClock) -> None:
    _, body = await _asked(manual_clock, LogQueryLimits(max_lookback=10 * SECOND), '{job="app"}')
    assert len(json.loads(body)["data"]["result"][0]["values"]) == 10


async def _asked(clock: ManualClock, limits: LogQueryLimits, query: str) -> tuple[int, str]:
    async with served(stored(), clock, limits) as base, ClientSession(base) as client:
        response = await client.get("/loki/api/v1/query_range", params={"query": query})
        return response.status, await response.text()


async def test_recorded_requests_are_answered_alike(conformance: Path, manual_clock: ManualClock) -> None:
    """The errors and the first answer of each kind; values are compared below HTTP."""
    cases = recorded.cases(conformance)
    errors = [case for case in cases if case.answer["status"] == "error" and recorded.LATER not in case.query]
    kinds = {case.answer["data"]["resultType"]: case for case in cases if case.answer["status"] == "success"}
    async with served(recorded.source(conformance), manual_clock) as base, ClientSession(base) as client:
        differing = [case.query for case in (*errors, *kinds.values()) if not await _alike(case, client)]
    assert len(errors) == 11
    assert differing == []


async def _alike(case: Case, client: ClientSession) -> bool:
    params = {name: str(value) for name, value in case.params.items()}
    async with client.get(case.path, params=params) as response:
        body = await response.text()
        if case.answer["status"] == "error":
            return (response.status, body) == (case.answer["code"], case.answer["text"])
    mine, theirs = json.loads(body)["data"], case.answer["data"]

    def key(row: Any) -> str:
        return json.dumps(row.get("stream", row.get("metric")), sort_keys=True)

    return mine["resultType"] == theirs["resultType"] and [key(row) for row in sorted(mine["result"], key=key)] == [
        key(row) for row in sorted(theirs["result"], key=key)
    ]
