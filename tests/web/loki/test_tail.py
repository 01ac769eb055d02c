"""New lines over a websocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from aiohttp import ClientSession, WSMsgType

from engine.logql.lines import StreamLines
from engine.query.logs import tail
from engine.query.logs.limits import AskedTooMuchError, LogQueryLimits
from engine.query.logs.tail import Frame, Tails, TailWanted
from engine.testing.manual_clock import ManualClock
from promql.model.labels import Labels
from tests.logql.memory_source import MemorySource
from tests.web.loki.lines import NOW, SECOND, engine, served, stored

APP = Labels.of(job="app")


async def test_first_the_newest_lines_come_and_then_new_ones(manual_clock: ManualClock) -> None:
    source = stored()
    async with served(source, manual_clock) as base, ClientSession(base) as client:
        params = {"query": '{job="app"} | json | line_format "{{.id}}"', "limit": "2"}
        async with client.ws_connect("/loki/api/v1/tail", params=params) as socket:
            first = await socket.receive_json()
            assert [one["values"][0][1] for one in first["streams"]] == ["58", "59"]
            source.push(StreamLines(APP, [NOW + SECOND // 10], [b'{"id": 60}']))
            async with asyncio.TaskGroup() as group:
                receiving = group.create_task(socket.receive_json())
                while not receiving.done():
                    await manual_clock.advance(500)
                    await asyncio.sleep(0)
            (stream,) = receiving.result()["streams"]
            assert stream == {"stream": {"job": "app", "id": "60"}, "values": [[str(NOW + SECOND // 10), "60"]]}


async def test_errors_close_the_connection_with_their_text(manual_clock: ManualClock) -> None:
    async with served(stored(), manual_clock) as base, ClientSession(base) as client:
        for query, reason in (
            ('rate({a="b"}[1m])', "parse error : only log selector is supported"),
            ("{", "parse error at"),
        ):
            async with client.ws_connect("/loki/api/v1/tail", params={"query": query}) as socket:
                message = await socket.receive()
                assert (message.type, message.data) == (WSMsgType.CLOSE, 1011)
                assert str(message.extra).startswith(reason)


async def test_without_an_upgrade_or_with_a_long_delay_it_is_refused(manual_clock: ManualClock) -> None:
    async with served(stored(), manual_clock) as base, ClientSession(base) as client:
        async with client.get("/loki/api/v1/tail", params={"query": '{a="b"}'}) as response:
            assert (response.status, await response.text()) == (400, "Bad Request")
        async with client.get("/loki/api/v1/tail", params={"query": '{a="b"}', "delay_for": "6"}) as response:
            assert (response.status, await response.text()) == (400, "delay_for can't be greater than 5")


async def _frames(tails: Tails, clock: ManualClock, wanted: TailWanted, count: int) -> list[Frame]:
    found = []
    async for frame in tails.follow("fake", wanted):
        found.append(frame)
        if len(found) == count:
            break
    return found


async def test_only_so_many_tails_may_run(manual_clock: ManualClock) -> None:
    source = stored()
    tails = Tails(engine(source, manual_clock, LogQueryLimits(max_tails=1)), source.arrivals)
    wanted = TailWanted('{job="app"}', NOW - 60 * SECOND, 10)
    running = tails.follow("fake", wanted)
    await anext(running)
    with pytest.raises(Exception, match=r"max concurrent tail requests limit exceeded, count > limit \(2 > 1\)"):
        await anext(tails.follow("fake", wanted))
    await anext(tails.follow("another", wanted))
    await running.aclose()
    assert await anext(tails.follow("fake", wanted))


async def test_late_lines_are_told_once_and_no_line_of_before(manual_clock: ManualClock) -> None:
    source = MemorySource([StreamLines(APP, [NOW - 5 * SECOND, NOW - SECOND], [b"a", b"b"])])
    tails = Tails(engine(source, manual_clock), source.arrivals)
    running = tails.follow("fake", TailWanted('{job="app"}', NOW - 60 * SECOND, 1))
    assert [entry.line for entry in (await anext(running)).entries] == ["b"]
    source.push(StreamLines(APP, [NOW - 3 * SECOND], [b"late"]))
    told = [entry.line for frame in await _next(running, manual_clock, 3) for entry in frame.entries]
    assert told == ["late"]
    source.push(StreamLines(APP, [NOW - 50 * SECOND, NOW + 50 * SECOND], [b"very late", b"early"]))
    told = [entry.line for frame in await _next(running, manual_clock, 3) for entry in frame.entries]
    assert told == ["very late", "early"]


async def test_more_lines_of_before_than_a_query_may_have_are_refused(manual_clock: ManualClock) -> None:
    source = stored()
    tails = Tails(engine(source, manual_clock, LogQueryLimits(max_entries=10)), source.arrivals)
    with pytest.raises(AskedTooMuchError, match="max entries limit per query exceeded"):
        await anext(tails.follow("fake", TailWanted('{job="app"}', NOW, 11)))


async def test_lines_of_before_are_those_that_a_query_may_look_back_for(manual_clock: ManualClock) -> None:
    source = stored()
    tails = Tails(engine(source, manual_clock, LogQueryLimits(max_lookback=5 * SECOND)), source.arrivals)
    first = await anext(tails.follow("fake", TailWanted('{job="app"}', NOW - 60 * SECOND, 100)))
    assert len(first.entries) == 5


async def test_with_a_delay_lines_wait_for_those_that_come_after_them(manual_clock: ManualClock) -> None:
    source = MemorySource()
    running = Tails(engine(source, manual_clock), source.arrivals).follow(
        "fake", TailWanted('{job="app"}', NOW, 1, 1.0)
    )
    await anext(running)
    source.push(StreamLines(APP, [NOW + 2], [b"second"]))
    (frame,) = await _next(running, manual_clock, 1)
    assert not frame.entries
    source.push(StreamLines(APP, [NOW + 1], [b"first"]))
    told = [entry.line for frame in await _next(running, manual_clock, 3) for entry in frame.entries]
    assert told == ["first", "second"]


async def _next(running: AsyncGenerator[Frame], clock: ManualClock, count: int) -> list[Frame]:
    found = []
    for _ in range(count):
        async with asyncio.TaskGroup() as group:
            task = group.create_task(anext(running))
            await clock.advance(500)
        found.append(task.result())
    return found


async def test_too_many_new_lines_are_dropped_and_told(manual_clock: ManualClock) -> None:
    source = MemorySource([StreamLines(APP, [NOW - SECOND], [b"a"])], block=1000)
    tails = Tails(engine(source, manual_clock), source.arrivals)
    running = tails.follow("fake", TailWanted('{job="app"}', NOW - 60 * SECOND, 1))
    await anext(running)
    many = tail._KEPT + 5
    source.push(StreamLines(APP, [NOW + n for n in range(many)], [b"%d" % n for n in range(many)]))
    (frame,) = await _next(running, manual_clock, 1)
    assert [entry.line for entry in frame.dropped] == ["0", "1", "2", "3", "4"]
    assert len(frame.entries) == 100
