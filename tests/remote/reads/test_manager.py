"""Which servers are asked for a query, about what, and what becomes of their answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import cramjam
import numpy as np
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.config.prometheus import parse_prometheus
from engine.foundation.addresses import AddressBook
from engine.foundation.workers import InlineWorkers
from engine.query.engine import QueryEngine
from engine.remote.packing import packed
from engine.remote.reading import ReadRequest, decode_read, query_result
from engine.remote.reads.manager import MARGIN_MS, ReadParts, RemoteReads
from engine.testing.manual_clock import ManualClock
from engine.tsdb.batch import Batch
from engine.tsdb.store import Store
from promql.model.labels import Labels
from promql.model.results import Vector
from promql.plan.window import Window
from promql.syntax.parser import parse

NOW = 1_700_000_000_000
HOUR = 3_600_000


class Server:
    """Has one series of each name that is asked for; remembers who asked what."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.asked: list[ReadRequest] = []
        self.headers: list[dict[str, str]] = []

    async def read(self, request: web.Request) -> web.Response:
        asked = decode_read(bytes(cramjam.snappy.decompress_raw(await request.read())))
        self.asked.append(asked)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        if self.status != 200:
            return web.Response(status=self.status, text="no\n")
        (query,) = asked.queries
        labels = Labels.of({name: value for kind, name, value in query.matchers if kind == 0}, far="yes")
        return web.Response(body=packed(query_result([(labels, np.array([query.end]), np.array([7.0]))])))


@asynccontextmanager
async def reading(server: Server, clock: ManualClock, store: Store, *more: str) -> AsyncIterator[QueryEngine]:
    app = web.Application()
    app.router.add_post("/read", server.read)
    async with TestServer(app) as running:
        entries = ", ".join(f"{{url: {running.make_url('/read')}, {one}}}" for one in more)
        text = f"global: {{external_labels: {{zone: eu}}}}\nremote_read: [{entries}]"
        config = parse_prometheus(text.encode(), "p.yml").value
        queries = QueryEngine(store, InlineWorkers(), clock)
        reads = RemoteReads(
            ReadParts(
                addresses=AddressBook(clock, translate=False), clock=clock, workers=InlineWorkers(), base=Path,
                oldest=lambda: store.size.min_time, most_samples=1000,
            )
        )  # fmt: skip
        queries.besides = reads
        await reads.apply(config.remote_read, config.global_.external_labels)
        try:
            yield queries
        finally:
            await reads.close()


def kept(*times: int) -> Store:
    store = Store.open(None)
    source = store.source("s")
    columns = source.columns([Labels.of(__name__="m")])
    for time in times:
        store.append(source, [Batch(time, columns, np.array([1.0]))])
    return store


async def named(queries: QueryEngine, query: str, time: int = NOW) -> Sequence[str]:
    result = await queries.instant(query, time)
    assert isinstance(result, Vector)
    return sorted(map(str, result.labels))


async def test_external_labels_are_asked_for_and_taken_off_again(manual_clock: ManualClock) -> None:
    server = Server()
    async with reading(server, manual_clock, kept(NOW), "read_recent: true") as queries:
        assert await named(queries, "m") == ["m", 'm{far="yes"}']
        assert (0, "zone", "eu") in server.asked[-1].queries[0].matchers
        assert await named(queries, 'm{zone="us"}') == ['m{far="yes", zone="us"}']
        assert (0, "zone", "eu") not in server.asked[-1].queries[0].matchers


async def test_without_the_filter_they_are_no_matter(manual_clock: ManualClock) -> None:
    server = Server()
    more = "read_recent: true, filter_external_labels: false"
    async with reading(server, manual_clock, kept(NOW), more) as queries:
        await named(queries, "m")
        assert [name for _, name, _ in server.asked[-1].queries[0].matchers] == ["__name__"]


async def test_only_queries_with_all_required_matchers_ask(manual_clock: ManualClock) -> None:
    server = Server()
    more = "read_recent: true, required_matchers: {env: prod, team: a}"
    async with reading(server, manual_clock, kept(NOW), more) as queries:
        for query in ("m", 'm{env="prod"}', 'm{env="prod",team=~"a"}', 'm{env="prod",team="b"}'):
            await named(queries, query)
        assert server.asked == []
        await named(queries, 'm{env="prod",team="a",x!="y"}')
        assert len(server.asked) == 1


async def test_without_read_recent_only_what_is_older_than_our_samples_is_asked_for(manual_clock: ManualClock) -> None:
    server, first = Server(), NOW - 10 * HOUR
    async with reading(server, manual_clock, kept(first, NOW), "read_recent: false") as queries:
        await named(queries, "m", NOW)
        assert server.asked == []
        await named(queries, "m", first - HOUR)
        assert server.asked[-1].queries[0].end == first - HOUR
        await queries.answer("max_over_time(m[20h])", Window(NOW, NOW, 0))
        assert server.asked[-1].queries[0].end == first + MARGIN_MS


async def test_what_fails_is_a_warning_each_once_and_the_rest_is_answered(manual_clock: ManualClock) -> None:
    server = Server(status=503)
    async with reading(server, manual_clock, kept(NOW), "read_recent: true") as queries:
        answer = await queries.answer("m + m offset 1m or m", Window(NOW, NOW, 0))
        (warning,) = answer.warnings
        assert warning.startswith("remote_read: remote server http://127.0.0.1:")
        assert warning.endswith("/read returned HTTP status 503 Service Unavailable: no")
        assert isinstance(answer.result, Vector)
        assert len(answer.result.labels) == 1


async def test_rules_that_are_evaluated_together_see_both(manual_clock: ManualClock) -> None:
    async with reading(Server(), manual_clock, kept(NOW), "read_recent: true") as queries:
        found = await queries.together([parse("count(m)"), parse("count(n)")], NOW)
        assert [one.values.tolist() for one in found if isinstance(one, Vector)] == [[2.0], [1.0]]


async def test_headers_and_passwords_are_sent(manual_clock: ManualClock) -> None:
    server = Server()
    more = "read_recent: true, headers: {X-Scope-OrgID: team}, basic_auth: {username: a, password: b}"
    async with reading(server, manual_clock, kept(NOW), more) as queries:
        await named(queries, "m")
        assert server.headers[-1]["x-scope-orgid"] == "team"
        assert server.headers[-1]["authorization"].startswith("Basic ")
        assert server.headers[-1]["x-prometheus-remote-read-version"] == "0.1.0"


async def test_an_equal_configuration_keeps_its_client(manual_clock: ManualClock) -> None:
    async with reading(Server(), manual_clock, kept(NOW), "read_recent: true") as queries:
        reads = queries.besides
        assert isinstance(reads, RemoteReads)
        (client,) = reads.clients
        await reads.apply([client.config], {})
        assert reads.clients == [client]
        await reads.apply([], {})
        assert not reads.active


async def test_entries_with_one_url_are_told_apart_in_metrics(manual_clock: ManualClock) -> None:
    both = ("required_matchers: {env: a}", "required_matchers: {env: b}")
    async with reading(Server(), manual_clock, kept(NOW), *both) as queries:
        reads = queries.besides
        assert isinstance(reads, RemoteReads)
        first, second = (client.name for client in reads.clients)
        assert second == f"{first}-2"
