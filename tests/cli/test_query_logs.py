"""`engine query logs`: lines as JSON elsewhere than on a terminal, in colours there."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from engine.cli.querying.log_lines import Line, as_json, for_people, lines
from engine.cli.querying.log_source import LokiServer
from engine.cli.querying.query import query
from engine.foundation.clock import SystemClock
from engine.foundation.errors import ConfigError, EngineError, RemoteError
from engine.logql.lines import StreamLines
from promql.model.labels import Labels
from tests.logql.memory_source import MemorySource
from tests.web.loki.lines import served

SECOND = 10**9


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Three lines of the last minute, served from a thread of its own."""
    now = SystemClock().now_ns()
    times = [now - 3 * SECOND, now - 2 * SECOND, now - SECOND]
    source = MemorySource(
        [StreamLines(Labels.of(job="app"), times, [b"level=info a", b"level=error b", b"level=info c"])]
    )
    ready: list[str] = []
    started = threading.Event()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        async with served(source, SystemClock()) as base:
            end = asyncio.Event()
            loops.append((asyncio.get_running_loop(), end))
            ready.append(base)
            started.set()
            await end.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert started.wait(20)
    yield ready[0]
    loop, end = loops[0]
    loop.call_soon_threadsafe(end.set)
    thread.join(20)


def _said(url: str, *words: str) -> list[str]:
    done = CliRunner().invoke(query, ["logs", *words, "--url", url], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def test_lines_are_told_in_order_of_time_as_json(url: str) -> None:
    told = [json.loads(line) for line in _said(url, '{job="app"} | logfmt | level="info"')]
    assert [one["line"] for one in told] == ["level=info a", "level=info c"]
    assert told[0]["labels"]["level"] == "info"
    assert told[0]["time"].endswith("Z")


def test_a_limit_keeps_the_newest_or_the_oldest(url: str) -> None:
    assert [json.loads(line)["line"] for line in _said(url, '{job="app"}', "--limit", "1")] == ["level=info c"]
    oldest = _said(url, '{job="app"}', "--limit", "1", "--oldest", "--since", "5m")
    assert [json.loads(line)["line"] for line in oldest] == ["level=info a"]


def test_values_are_told_as_a_table(url: str) -> None:
    told = _said(url, 'sum(count_over_time({job="app"}[1m]))', "--since", "30s", "--step", "30s")
    assert told[0] == "{}"
    assert any(line.strip().endswith("3") for line in told[1:])


def test_how_a_query_is_answered_is_told_without_asking() -> None:
    assert _said("http://127.0.0.1:1", '{job="app"} |= "x"', "--explain") == [
        'blocks of {job="app"}',
        'search the text: |= "x"',
    ]


def test_a_query_that_is_none_is_told_in_lokis_words(url: str) -> None:
    with pytest.raises(RemoteError, match="parse error at line 1, col 2"):
        _said(url, "{")


async def test_a_tail_begins_with_what_there_is(url: str) -> None:
    messages = LokiServer(url).follow({"query": '{job="app"}', "limit": "2"})
    assert [line.text for line in lines((await anext(messages))["streams"])] == ["level=error b", "level=info c"]
    await messages.aclose()


def test_a_tail_that_is_refused_says_why(url: str) -> None:
    with pytest.raises(RemoteError, match="only log selector is supported"):
        _said(url, 'rate({job="app"}[1m])', "--tail")


def test_where_nobody_answers_that_is_said() -> None:
    with pytest.raises(RemoteError, match="is an engine running there"):
        _said("http://127.0.0.1:1", "{}")
    with pytest.raises(EngineError):
        _said("http://127.0.0.1:1", "{}", "--tail")


def test_two_beginnings_are_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="--since and --start"):
        _said(url, "{}", "--since", "1h", "--start", "-2h")


def test_on_a_terminal_a_line_has_colours_and_can_do_no_harm() -> None:
    (text,) = for_people([Line(1_700_000_000_123_000_000, {"level": "ERROR"}, "bad \x1b[2J\n  more")])
    assert text == (
        '\x1b[2m2023-11-14 22:13:20.123\x1b[0m \x1b[36m{level="ERROR"}\x1b[0m \x1b[31mbad \\x1b[2J\n  more\x1b[0m'
    )
    (line,) = as_json([Line(1, {}, "\x1b")])
    assert json.loads(line) == {"time": "1970-01-01T00:00:00.000000001Z", "labels": {}, "line": "\x1b"}
