"""Remote write 2.0 towards servers that know it, that refuse it, and that only seem to take it; exemplars; signatures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import cramjam
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
from engine.remote.receiver import Receiver
from engine.remote.writing.encode2 import samples2
from engine.remote.writing.manager import Parts, RemoteWrites
from engine.tsdb.exemplars import Exemplar
from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from engine.web.api.write import routes
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp
from promql.model.panel import Kind
from tests.foundation.test_sts import ROLE, serving
from tests.remote.writing.test_queue import START, append, until

V2 = "protobuf_message: io.prometheus.write.v2.Request, "
EXEMPLARS = StoreOptions(max_exemplars=100)


class Receiving:
    """An engine's own page behind a gate that may know 1.0 alone, or take a part; `headers` are those of all requests."""

    def __init__(self, knows: str) -> None:
        self.store = Store.open(None, EXEMPLARS)
        self.headers: list[dict[str, str]] = []
        self.knows = knows
        (route,) = routes(Receiver(self.store, InlineWorkers(), SystemClock()))
        assert isinstance(route, web.RouteDef)
        self._page = route.handler

    async def write(self, request: web.Request) -> web.StreamResponse:
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        assert cramjam.snappy.decompress_raw(await request.read())
        if "v2" in request.headers["Content-Type"]:
            if self.knows == "refuses":
                return web.Response(status=415)
            if self.knows == "only seems to":
                return web.Response(status=204)
            if self.knows.startswith("a part"):
                status = 400 if self.knows.endswith("refused") else 204
                return web.Response(status=status, headers={"X-Prometheus-Remote-Write-Samples-Written": "1"})
        answer = await self._page(request)  # type: ignore[misc,operator,arg-type]
        assert isinstance(answer, web.Response)
        return answer

    def samples(self) -> int:
        found = self.store.find([Matcher("__name__", MatchOp.EQUAL, "m")], START, START + 1000)
        read = self.store.read(found, START, START + 1000, Kind.RANGE)
        return sum(len(times) for one in read for _, _, times, _ in one.series())


@asynccontextmanager
async def sending(store: Store, more: str, knows: str = "knows") -> AsyncIterator[tuple[Receiving, RemoteWrites]]:
    receiving, app, clock = Receiving(knows), web.Application(), SystemClock()
    app.router.add_post("/write", receiving.write)
    async with TestServer(app) as running:
        text = (
            f"remote_write: [{{url: {running.make_url('/write')}, metadata_config: {{send: false}}, {more}"
            "queue_config: {batch_send_deadline: 10ms, min_backoff: 1ms, max_backoff: 5ms, max_samples_per_send: 4}}]"
        )
        writes = RemoteWrites(
            Parts(
                store=store, addresses=AddressBook(clock, translate=False), clock=clock, workers=InlineWorkers(),
                supervisor=Supervisor(clock), policy=DeliveryPolicy(), metadata=list, folder=None, base=Path,
            )
        )  # fmt: skip
        await writes.apply(parse_prometheus(text.encode(), "p.yml").value.remote_write, Labels.of(site="lab"))
        try:
            yield receiving, writes
        finally:
            await writes.stop()


@pytest.mark.parametrize("knows", ["knows", "refuses", "only seems to"])
async def test_everything_arrives_whether_or_not_the_server_knows_the_new_protocol(knows: str) -> None:
    store = Store.open(None)
    async with sending(store, V2, knows) as (receiving, writes):
        append(store, rows=5)
        await until(lambda: receiving.samples() == 15)
        await until(lambda: writes.queues[0].counts.samples.total == 15)
        assert writes.queues[0].counts.samples.failed == 0
        kinds = ["v2" in headers["content-type"] for headers in receiving.headers]
        assert kinds[0]
        assert all(kinds) is (knows == "knows")
        versions = [headers["x-prometheus-remote-write-version"] for headers in receiving.headers]
        assert versions == ["2.0.0" if second else "0.1.0" for second in kinds]


@pytest.mark.parametrize("knows", ["a part", "a part, the rest is refused"])
async def test_of_a_request_that_was_written_in_part_only_the_rest_is_lost_and_nothing_goes_out_again(
    knows: str,
) -> None:
    store = Store.open(None)
    async with sending(store, V2, knows) as (receiving, writes):
        append(store, rows=1)
        await until(lambda: writes.queues[0].counts.samples.total == 3)
        assert writes.queues[0].counts.samples.failed == 2
        assert len(receiving.headers) == 1


@pytest.mark.parametrize("message", ["", V2])
async def test_exemplars_are_sent_too_where_that_is_asked_for(message: str) -> None:
    store = Store.open(None, EXEMPLARS)
    async with sending(store, message + "send_exemplars: true, ") as (receiving, writes):
        append(store, rows=1)
        await until(lambda: receiving.samples() == 3)
        ones = [Exemplar(Labels.of(trace_id=str(at)), at + 0.5, START + at) for at in range(6)]
        store.append_exemplars(store.source("s"), [(1, one) for one in ones])
        await until(lambda: len(receiving.store.exemplars) == 6)
        ((labels, found),) = receiving.store.exemplars.select(
            [[Matcher("__name__", MatchOp.EQUAL, "m")]], START, START + 10
        )
        assert labels == Labels.of(__name__="m", n="1", site="lab")
        assert [(one.labels, one.value, one.time) for one in found] == [
            (one.labels, one.value, one.time) for one in ones
        ]
        await until(lambda: writes.queues[0].counts.exemplars.total == 6)


def test_of_a_ring_that_ran_over_only_what_is_left_is_sent() -> None:
    store = Store.open(None, StoreOptions(max_exemplars=3))
    source = store.source("s")
    source.columns([Labels.of(__name__="m", n=str(n)) for n in range(2)])
    for at in range(8):
        store.append_exemplars(source, [(at % 2, Exemplar(Labels.of(t=str(at)), 1.0, START + at))])
    assert [one.time - START for _, one in store.exemplars.since(0)] == [5, 6, 7]
    assert [one.time - START for _, one in store.exemplars.since(7)] == [7]
    assert store.exemplars.since(8) == []


async def test_requests_are_signed_for_amazon() -> None:
    store = Store.open(None)
    keys = "sigv4: {region: eu-west-1, access_key: AKID, secret_key: secret}, "
    async with sending(store, keys) as (receiving, _):
        append(store, rows=1)
        await until(lambda: receiving.samples() == 3)
        headers = receiving.headers[0]
        assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKID/")
        assert "/eu-west-1/aps/aws4_request, SignedHeaders=host;x-amz-date, " in headers["authorization"]


async def test_requests_are_signed_with_the_keys_of_a_role(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.open(None)
    keys = f"sigv4: {{region: eu-west-1, access_key: AKID, secret_key: secret, role_arn: '{ROLE}'}}, "
    async with serving(SystemClock(), monkeypatch) as service, sending(store, keys) as (receiving, _):
        append(store, rows=1)
        await until(lambda: receiving.samples() == 3)
        headers = receiving.headers[0]
        assert "Credential=LENT1/" in headers["authorization"]
        assert headers["x-amz-security-token"] == "token"
        assert service.asked[0]["RoleArn"] == ROLE


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"Content-Encoding": "zstd"}, "only snappy is acceptable"),
        ({"Content-Type": "application/x-protobuf;proto=io.prometheus.write.v3.Request"}, "this server takes"),
    ],
)
async def test_what_nobody_here_can_read_is_415(headers: dict[str, str], told: str) -> None:
    app = web.Application()
    app.add_routes(routes(Receiver(Store.open(None), InlineWorkers(), SystemClock())))
    async with (
        TestServer(app) as server,
        aiohttp.ClientSession() as client,
        client.post(server.make_url("/write"), data=b"x", headers=headers) as answer,
    ):
        assert answer.status == 415
        assert told in await answer.text()


async def test_a_request_of_the_new_protocol_is_told_that_nothing_of_it_was_written() -> None:
    app = web.Application()
    app.add_routes(routes(Receiver(Store.open(None), InlineWorkers(), SystemClock())))
    headers = {"Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}
    async with (
        TestServer(app) as server,
        aiohttp.ClientSession() as client,
        client.post(server.make_url("/write"), data=b"x", headers=headers) as answer,
    ):
        assert (answer.status, answer.headers["X-Prometheus-Remote-Write-Samples-Written"]) == (400, "0")


def test_a_series_of_one_value_has_its_metadata_beside_it() -> None:
    about = {"m": ("m", "histogram", "how long it took", "s")}
    body = samples2([Labels.of(__name__="m_bucket", le="1")], np.array([1], np.int64), np.array([1.0]), about)
    whole = bytes(cramjam.snappy.decompress_raw(body))
    assert b"how long it took" in whole
    assert b"\x2a\x06\x08\x03" in whole  # metadata: a histogram
