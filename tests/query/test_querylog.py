"""What is written of queries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.foundation.origin import asked_by
from engine.foundation.workers import InlineWorkers
from engine.query.engine import QueryEngine, QueryLimits
from engine.query.querylog import QueryLog
from engine.testing.manual_clock import ManualClock
from promql.errors import ParseError, QueryTimeoutError, TooManySamplesError
from promql.syntax.parser import parse
from tests.query.test_engine import NOW, Shelf


def logging_engine(clock: ManualClock, file: Path, **limits: int) -> QueryEngine:
    return QueryEngine(Shelf(), InlineWorkers(), clock, QueryLimits(**limits), log=QueryLog(file, clock))


def written(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


async def test_each_query_is_a_line_that_says_who_asked_and_what_it_took(
    manual_clock: ManualClock, tmp_path: Path
) -> None:
    queries = logging_engine(manual_clock, tmp_path / "q.log")
    with asked_by(httpRequest={"clientIP": "::1", "method": "GET", "path": "/api/v1/query"}):
        await queries.range("sum_over_time(up[1m])", NOW - 60_000, NOW, 15_000)
    await queries.instant("up", NOW)
    asked, plain = written(tmp_path / "q.log")
    assert asked["httpRequest"]["clientIP"] == "::1"
    assert asked["params"] == {
        "start": "2023-11-14T22:12:20.000Z", "end": "2023-11-14T22:13:20.000Z", "step": 15,
        "query": "sum_over_time(up[1m])",
    }  # fmt: skip
    assert asked["stats"]["samples"]["totalQueryableSamples"] == 5 * 5
    assert list(plain) == ["params", "spanID", "stats", "ts"]


async def test_rules_that_are_evaluated_together_are_told_one_by_one(manual_clock: ManualClock, tmp_path: Path) -> None:
    queries = logging_engine(manual_clock, tmp_path / "q.log")
    with asked_by(ruleGroup={"file": "r.yml", "name": "g"}):
        await queries.together([parse("up"), parse("sum(up)")], NOW)
    assert [(line["params"]["query"], line["ruleGroup"]["name"]) for line in written(tmp_path / "q.log")] == [
        ("up", "g"), ("sum(up)", "g"),
    ]  # fmt: skip


async def test_what_fails_is_told_with_its_error_and_what_is_no_query_is_not(
    manual_clock: ManualClock, tmp_path: Path
) -> None:
    queries = logging_engine(manual_clock, tmp_path / "q.log", max_samples=3)
    with pytest.raises(TooManySamplesError):
        await queries.range("up", NOW - 60_000, NOW, 1_000)
    with pytest.raises(ParseError):
        await queries.instant("sum(", NOW)
    (line,) = written(tmp_path / "q.log")
    assert line["error"] == "query processing would load too many samples into memory in query execution"


async def test_of_rules_that_take_too_long_together_those_are_told_that_are_asked_by_themselves(
    manual_clock: ManualClock, tmp_path: Path
) -> None:
    queries = logging_engine(manual_clock, tmp_path / "q.log", timeout_seconds=0)
    with pytest.raises(QueryTimeoutError):
        await queries.together([parse("sum(up)"), parse("up")], NOW)
    assert not (tmp_path / "q.log").exists()
    with pytest.raises(QueryTimeoutError):
        await queries.instant("up", NOW)
    assert [line["params"]["query"] for line in written(tmp_path / "q.log")] == ["up"]
