"""`engine query`: asked of a folder and over HTTP, told as tables and as JSON."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from multidict import MultiDict

from engine.cli.moments import Moment, MomentType
from engine.cli.querying.query import query
from engine.cli.querying.source import asked, opened
from engine.foundation.clock import SystemClock
from engine.foundation.errors import ConfigError, EngineError, RemoteError
from engine.foundation.workers import InlineWorkers
from engine.query.engine import QueryEngine
from engine.tsdb.batch import Batch
from engine.tsdb.store import Store
from engine.web.api import query as query_api
from engine.web.api import series as series_api
from engine.web.prefix import below
from promql.model.labels import Labels
from tests.web.serving import serving

NEWEST = 1_700_000_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a counter of two jobs, every 15 s for an hour."""
    store = Store.open(tmp_path / "metrics")
    source = store.source("test")
    columns = source.columns([Labels.of(__name__="hits", job=job) for job in ("api", "web")])
    for i in range(241):
        time = NEWEST - (240 - i) * 15_000
        store.append(source, [Batch(time, columns, np.array([15.0 * i, 30.0 * i]))])
    store.close()
    return tmp_path


def said(*words: str) -> list[str]:
    """The lines of a command that succeeds."""
    done = CliRunner().invoke(query, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


def test_an_instant_vector_is_a_line_a_series(folder: Path) -> None:
    lines = said("instant", "rate(hits[5m])", "--data-dir", str(folder))
    assert lines == ['{job="api"}  1', '{job="web"}  2']


def test_time_is_that_of_the_newest_sample_unless_it_is_given(folder: Path) -> None:
    at = ["--data-dir", str(folder / "metrics"), "hits{job='api'}"]
    assert said("instant", *at) == ['hits{job="api"}  3600']
    assert said("instant", *at, "--time=-30m") == ['hits{job="api"}  1800']
    assert said("instant", *at, "--time", str(NEWEST / 1000 - 900)) == ['hits{job="api"}  2700']
    assert said("instant", *at, "--time", "now") == ['hits{job="api"}  3600']
    assert said("instant", *at, "--time", "2020-01-01T00:00:00Z") == ["(nothing)"]


def test_scalars_texts_and_ranges_have_their_own_forms(folder: Path) -> None:
    where = ("--data-dir", str(folder))
    assert said("instant", "1 + 1", *where) == ["2"]
    assert said("instant", "'a'", *where) == ["a"]
    assert said("range", "hits{job='api'}", "--start=-30s", "--step", "15s", *where) == [
        'hits{job="api"}',
        "  2023-11-14T22:12:50Z  3570",
        "  2023-11-14T22:13:05Z  3585",
        "  2023-11-14T22:13:20Z  3600",
    ]


def test_the_steps_of_a_range_are_a_60th_of_it_unless_they_are_given(folder: Path) -> None:
    lines = said("range", "hits{job='api'}", "--start=-10m", "--data-dir", str(folder))
    assert len(lines) == 1 + 61


def test_series_and_labels_are_listed(folder: Path) -> None:
    where = ("--data-dir", str(folder))
    assert said("series", "hits", "{job='nope'}", *where) == ['hits{job="api"}', 'hits{job="web"}']
    assert said("series", "hits", "--limit", "1", *where)[1:] == ["warning: results truncated due to limit"]
    assert said("labels", *where) == ["__name__", "job"]
    assert said("labels", "job", "--match", "hits{job!='web'}", *where) == ["api"]
    assert said("series", "hits", "--end", "2020-01-01T00:00:00Z", *where) == ["(nothing)"]


def test_a_plan_is_told_with_rows_values_samples_and_time(folder: Path) -> None:
    lines = said("explain", "sum(rate(hits[5m]))", "--start=-10m", "--step", "1m", "--data-dir", str(folder))
    assert lines[0].split() == ["rows", "values", "samples", "ms", "plan"]
    assert lines[1].split()[:2] == ["1", "11"]
    assert "rate over 5m" in lines[2]
    assert lines[2].split()[:2] == ["2", "22"]
    assert 'fetch {__name__="hits"}' in lines[3]
    assert lines[3].split()[0] == "122"
    assert "at 2023-11-14T22:13:20Z" in said("explain", "hits", "--data-dir", str(folder))[1]


def test_json_is_the_answer_of_the_api(folder: Path) -> None:
    (line,) = said("instant", "hits{job='api'}", "--json", "--data-dir", str(folder))
    answer = json.loads(line)
    assert answer["data"]["result"] == [{"metric": {"__name__": "hits", "job": "api"}, "value": [1700000000, "3600"]}]


def test_a_query_may_have_wishes(folder: Path) -> None:
    where = ("--data-dir", str(folder))
    assert said("instant", "count_over_time(hits{job='api'}[30s])", "--dialect", "prometheus3", *where)[0].endswith("2")
    assert len(said("instant", "hits", "--limit", "1", *where)) == 2
    assert said("instant", "hits", "--time=-7s", "--lookback-delta", "5s", *where) == ["(nothing)"]


@pytest.mark.parametrize(
    "words", [("instant", "hits{"), ("series", "{}"), ("labels", "a-b"), ("range", "hits", "--step=0")]
)
def test_mistakes_are_told_in_a_line(words: tuple[str, ...], folder: Path) -> None:
    done = CliRunner().invoke(query, (*words, "--data-dir", str(folder)))
    assert isinstance(done.exception, EngineError)
    assert "\n" not in str(done.exception)


def test_a_folder_without_samples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no store here"):
        CliRunner().invoke(query, ("instant", "1", "--data-dir", str(tmp_path)), catch_exceptions=False)


def test_where_no_engine_runs_is_told_what_to_do() -> None:
    with pytest.raises(RemoteError, match="is an engine running there"):
        CliRunner().invoke(query, ("instant", "1", "--url", "http://127.0.0.1:1"), catch_exceptions=False)
    with pytest.raises(ConfigError, match="want http://HOST:PORT"):
        CliRunner().invoke(query, ("instant", "1", "--url", "nonsense"), catch_exceptions=False)


def test_a_time_that_is_none_is_bad_usage(folder: Path) -> None:
    done = CliRunner().invoke(query, ("instant", "1", "--time", "yesterday", "--data-dir", str(folder)))
    assert done.exit_code == 2
    assert "'yesterday' is no time" in done.output


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", Moment()),
        ("-1h30m", Moment(before=5_400_000)),
        ("0", Moment(0)),
        ("-5", Moment(-5_000)),
        ("1.5", Moment(1_500)),
        ("1970-01-01T00:01:00Z", Moment(60_000)),
    ],
)
def test_moments_are_read(text: str, moment: Moment) -> None:
    assert MomentType().convert(text, None, None) == moment


@pytest.fixture
def served(folder: Path) -> Iterator[str]:
    """The folder's samples behind a port, in a thread of its own."""
    ready, done, urls = threading.Event(), threading.Event(), list[str]()

    async def serve() -> None:
        store, clock = Store.open(folder / "metrics"), SystemClock()
        routes = [*query_api.routes(QueryEngine(store, InlineWorkers(), clock), clock), *series_api.routes(store)]
        async with serving(below("/api/v1", routes)) as port:
            urls.append(f"http://127.0.0.1:{port}")
            ready.set()
            await asyncio.to_thread(done.wait)
        store.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(10)
    try:
        yield urls[0]
    finally:
        done.set()
        thread.join()


def test_an_engine_answers_like_its_folder(served: str) -> None:
    at = ("--time", str(NEWEST / 1000))
    assert said("instant", "hits", "--url", served + "/", *at) == ['hits{job="api"}  3600', 'hits{job="web"}  7200']
    assert said("labels", "job", "--url", served) == ["api", "web"]
    with pytest.raises(RemoteError, match="parse error: unexpected end of input inside braces"):
        CliRunner().invoke(query, ("instant", "hits{", "--url", served), catch_exceptions=False)


async def test_parameters_may_be_given_more_than_once(folder: Path) -> None:
    class Echo:
        now = 0

        async def ask(self, path: str, params: MultiDict[str]) -> bytes:
            return f"{path} {params.getall('match[]')}".encode()

    assert await asked(Echo(), "/series", {"match[]": ["a", "b"]}) == b"/series ['a', 'b']"
    with opened("http://x", folder, SystemClock()) as source:
        assert source.now == NEWEST
