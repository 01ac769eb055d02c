"""What is sent to another server, and what becomes of its answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import cramjam
import msgspec
import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.config.prometheus import parse_prometheus
from engine.foundation.addresses import AddressBook
from engine.foundation.clock import SystemClock
from engine.foundation.delivery import DeliveryPolicy
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import InlineWorkers
from engine.remote.wire import decode
from engine.remote.writing.manager import Parts, RemoteWrites
from engine.remote.writing.series import OutgoingSeries
from engine.tsdb.batch import Batch
from engine.tsdb.store import Store
from promql.model.labels import Labels

START = 1_700_000_000_000
Answer = Callable[[int, list[tuple[str, int, float]]], int]
"""From the number of the request and what it has to the status."""


class Server:
    """Keeps the samples that it took, as text of labels, time and value."""

    def __init__(self, answer: Answer) -> None:
        self.taken: list[tuple[str, int, float]] = []
        self.requests = 0
        self._answer = answer

    async def write(self, request: web.Request) -> web.Response:
        assert request.headers["X-Prometheus-Remote-Write-Version"] == "0.1.0"
        found = decode(bytes(cramjam.snappy.decompress_raw(await request.read())), lambda _: None)
        strangers = list(found.strangers.values())
        rows = [
            (str(strangers[-1 - series]), time, value)
            for series, time, value in zip(
                found.series.tolist(), found.times.tolist(), found.values.tolist(), strict=True
            )
        ]
        self.requests += 1
        status = self._answer(self.requests, rows)
        if status == 204:
            self.taken += rows
        return web.Response(status=status, text="no" if status != 204 else None)


@asynccontextmanager
async def sending(
    store: Store,
    answer: Answer,
    more: str = "",
    *,
    policy: DeliveryPolicy | None = None,
    limits: str = "",
    server: Callable[[Answer], Server] | None = None,
) -> AsyncIterator[tuple[Server, RemoteWrites]]:
    server = (server or Server)(answer)
    app = web.Application()
    app.router.add_post("/write", server.write)
    async with TestServer(app) as running:
        text = (
            f"remote_write: [{{url: {running.make_url('/write')}, metadata_config: {{send: false}}, {more} "
            f"queue_config: {{{limits}batch_send_deadline: 10ms, min_backoff: 1ms, max_backoff: 5ms, max_samples_per_send: 4}}}}]"
        )
        clock = SystemClock()
        supervisor = Supervisor(clock)
        writes = RemoteWrites(
            Parts(
                store=store, addresses=AddressBook(clock, translate=False), clock=clock, workers=InlineWorkers(),
                supervisor=supervisor, policy=policy or DeliveryPolicy(), metadata=list, folder=None, base=Path,
            )
        )  # fmt: skip
        await writes.apply(parse_prometheus(text.encode(), "p.yml").value.remote_write, Labels.of(site="lab", n="x"))
        try:
            yield server, writes
        finally:
            await writes.stop()


def append(store: Store, rows: int, series: int = 3) -> None:
    source = store.source("s")
    columns = source.columns([Labels.of(__name__="m", n=str(n)) for n in range(series)])
    for row in range(rows):
        store.append(source, [Batch(START + row, columns, np.arange(series) + row * 0.5)])


async def until(there: Callable[[], bool]) -> None:
    clock = SystemClock()
    for _ in range(2000):
        if there():
            return
        await clock.sleep(0.005)
    raise AssertionError("waited in vain")


def always(status: int) -> Answer:
    return lambda _, __: status


async def test_all_that_is_committed_is_sent_with_external_labels_in_requests_of_the_size_that_is_asked_for() -> None:
    store = Store.open(None)
    async with sending(store, always(204)) as (server, writes):
        append(store, rows=5)
        await until(lambda: len(server.taken) == 15)
        assert server.requests >= 4
        assert min(server.taken) == ('m{n="0", site="lab"}', START, 0.0)
        for n in range(3):
            own = [time for labels, time, _ in server.taken if f'n="{n}"' in labels]
            assert own == [START + row for row in range(5)]
        await until(lambda: writes.queues[0].counts.samples.total == 15)


async def test_what_relabelling_drops_stays_here() -> None:
    store = Store.open(None)
    rules = 'write_relabel_configs: [{source_labels: [n], regex: "1", action: drop}],'
    async with sending(store, always(204), rules) as (server, writes):
        append(store, rows=2)
        await until(lambda: len(server.taken) == 4)
        assert not [labels for labels, *_ in server.taken if 'n="1"' in labels]
        await until(lambda: writes.queues[0].counts.samples.dropped == 2)


@pytest.mark.parametrize("status", [500, 503])
async def test_what_may_mend_itself_is_sent_again_until_it_is_taken(status: int) -> None:
    store = Store.open(None)
    async with sending(store, lambda number, _: status if number < 4 else 204) as (server, writes):
        append(store, rows=3)
        await until(lambda: len(server.taken) == 9)
        assert writes.queues[0].counts.samples.failed == 0
        assert writes.queues[0].counts.samples.retried > 0


async def test_too_many_requests_are_a_refusal_unless_they_are_to_be_waited_for() -> None:
    store = Store.open(None)
    async with sending(store, always(429)) as (server, writes):
        append(store, rows=1)
        await until(lambda: writes.queues[0].counts.samples.failed == 3)
    waiting = "retry_on_http_429: true, "
    async with sending(store, lambda number, _: 429 if number < 4 else 204, limits=waiting) as (server, writes):
        append(store, rows=2)  # the first row is there already
        await until(lambda: len(server.taken) == 3)
        assert writes.queues[0].counts.samples.failed == 0


async def test_a_refused_request_costs_only_what_is_refused_by_itself() -> None:
    store = Store.open(None)
    bad = START + 1
    async with sending(store, lambda _, rows: 400 if any(time == bad for _, time, _ in rows) else 204) as (
        server,
        writes,
    ):
        append(store, rows=4)
        await until(lambda: writes.queues[0].counts.samples.total == 12)
        assert sorted({time for _, time, _ in server.taken}) == [START, START + 2, START + 3]
        assert len(server.taken) == 9
        assert writes.queues[0].counts.samples.failed == 3


@pytest.mark.parametrize("status", [401, 403, 404, 429])
async def test_who_may_not_write_at_all_does_not_ask_again_for_each_instant(status: int) -> None:
    store = Store.open(None)
    async with sending(store, always(status)) as (server, writes):
        append(store, rows=8, series=1)
        await until(lambda: writes.queues[0].counts.samples.failed == 8)
        assert server.requests == 2  # of four samples each


async def test_samples_whose_series_nobody_knows_any_more_are_not_sent_under_another_name() -> None:
    forgotten = OutgoingSeries(lambda refs: [Labels() for _ in refs], (), Labels.of(site="lab"))
    assert forgotten.of(np.array([1, 2])) == [None, None]


async def test_nothing_leaves_this_machine_unless_that_is_asked_for() -> None:
    store = Store.open(None)
    async with sending(store, always(204), policy=DeliveryPolicy(here=False)) as (server, writes):
        append(store, rows=1)
        assert writes.queues == []
        assert len(writes.withheld) == 1
        assert server.requests == 0


async def test_tenants_behind_one_url_get_everything_each_under_a_name_of_its_own() -> None:
    store = Store.open(None)
    async with sending(store, always(204)) as (server, writes):
        (queue,) = writes.queues
        other = msgspec.structs.replace(queue.config, headers={"X-Scope-OrgID": "b"})
        await writes.apply([queue.config, other], Labels.of(site="lab", n="x"))
        append(store, rows=2)
        await until(lambda: len(server.taken) == 12)
        assert writes.queues[0] is queue
        assert [one.name for one in writes.queues] == [queue.name, f"{queue.name}-2"]


async def test_an_end_waits_for_the_round_that_is_under_way_unless_the_server_takes_nothing() -> None:
    store = Store.open(None)
    arrived, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Server):
        async def write(self, request: web.Request) -> web.Response:
            arrived.set()
            await go_on.wait()
            return await super().write(request)

    async with sending(store, always(204), server=Slow) as (server, writes):
        append(store, rows=1)
        await arrived.wait()
        async with asyncio.TaskGroup() as group:
            group.create_task(writes.stop())
            go_on.set()
        assert len(server.taken) == 3
    async with sending(store, always(503)) as (_, writes):
        append(store, rows=2)
        await until(lambda: bool(writes.queues[0].problem))
        (queue,) = writes.queues
        await writes.stop()
        assert queue.feed.pending


async def test_an_equal_configuration_keeps_its_queue_and_another_one_goes_on_from_there() -> None:
    store = Store.open(None)
    async with sending(store, always(204)) as (server, writes):
        append(store, rows=1)
        await until(lambda: len(server.taken) == 3)
        (queue,) = writes.queues
        await writes.apply([queue.config], Labels.of(site="lab", n="x"))
        assert writes.queues == [queue]
        await writes.apply([queue.config], Labels.of(site="other"))
        assert writes.queues != [queue]
        await writes.apply([], Labels())
        assert writes.queues == []
