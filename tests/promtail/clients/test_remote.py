"""Pushes to another Loki: a server of the test's own on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import cramjam
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import SystemClock
from engine.foundation.delivery import Delivery, DeliveryPolicy
from engine.foundation.protobuf import CHUNK, VARINT, Message, fields
from engine.foundation.supervise import Supervisor
from engine.logql.lines import StreamLines
from engine.promtail.batch import Batch
from engine.promtail.clients.pending import Acknowledged
from engine.promtail.clients.remote import RemoteClient, RemoteParts
from engine.promtail.clients.wire import push_request
from promql.model.labels import Labels
from tests.promtail.fakes import parsed

PUSH = Message.of("Push", streams=(1, CHUNK))
STREAM = Message.of("Stream", labels=(1, CHUNK), entries=(2, CHUNK))
ENTRY = Message.of("Entry", time=(1, CHUNK), line=(2, CHUNK), metadata=(3, CHUNK))
TIME = Message.of("Time", seconds=(1, VARINT), nanos=(2, VARINT))
FAST = "batchwait: 10ms, backoff_config: {min_period: 1ms, max_period: 2ms, max_retries: 3}"


def decoded(data: bytes) -> Iterator[tuple[str, int, bytes]]:
    """(labels, time, line) of a push."""
    for _, start, stop in fields(PUSH, data, 0, len(data)):
        labels = ""
        for number, at, end in fields(STREAM, data, start, stop):
            if number == 1:
                labels = data[at:end].decode()
                continue
            time, line = 0, b""
            for part, first, last in fields(ENTRY, data, at, end):
                if part == 2:
                    line = data[first:last]
                elif part == 1:
                    time = sum(n * (10**9 if kind == 1 else 1) for kind, n, _ in fields(TIME, data, first, last))
            yield labels, time, line


class Loki:
    """Answers with `statuses` first, then 204. `requests` are headers and lines."""

    def __init__(self, *statuses: int) -> None:
        self.requests: list[tuple[dict[str, str], list[tuple[str, int, bytes]]]] = []
        self.tries = 0
        self.got = asyncio.Event()
        self._statuses = list(statuses)

    async def push(self, request: web.Request) -> web.Response:
        self.tries += 1
        if self._statuses:
            return web.Response(status=self._statuses.pop(0), text="not now")
        body = bytes(cramjam.snappy.decompress_raw(await request.read()))
        self.requests.append((dict(request.headers), list(decoded(body))))
        self.got.set()
        return web.Response(status=204)

    @property
    def lines(self) -> list[bytes]:
        return [line for _, lines in self.requests for _, _, line in lines]


@asynccontextmanager
async def client(
    loki: Loki, options: str = FAST, deliver: str = "", url: str = ""
) -> AsyncIterator[tuple[RemoteClient, dict[str, str], Delivery]]:
    app = web.Application()
    app.add_routes([web.post("/loki/api/v1/push", loki.push)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    config = parsed(f"clients: [{{url: '{url or f'http://{host}:{port}'}/loki/api/v1/push', {options}}}]").clients[0]
    clock, kept = SystemClock(), dict[str, str]()
    delivery = Delivery(DeliveryPolicy(frozenset({deliver} - {""})))
    supervisor = Supervisor(clock)
    parts = RemoteParts(
        clock=clock,
        supervisor=supervisor,
        addresses=AddressBook(clock),
        delivery=delivery,
        base=Path(),
        keep=kept.update,
    )
    made = RemoteClient(config, parts)
    try:
        yield made, kept, delivery
        await made.close()
    finally:
        await supervisor.stop_all()
        await runner.cleanup()


def batch(*lines: str, tenant: str = "", position: str = "", **labels: str) -> Batch:
    stream = StreamLines(Labels.of(labels, job="t"), range(1, 1 + len(lines)), [line.encode() for line in lines])
    return Batch([(tenant, stream)], {"p": position} if position else {})


async def test_lines_of_several_batches_are_one_request_with_labels_of_the_client() -> None:
    loki = Loki()
    async with client(loki, FAST + ", external_labels: {env: dev, job: no}, tenant_id: us") as (made, kept, _):
        await made.send(batch("one", "two", position="1"))
        await made.send(batch("three", a="b", position="2"))
    assert len(loki.requests) == 1
    headers, lines = loki.requests[0]
    assert headers["X-Scope-OrgID"] == "us"
    assert headers["Content-Type"] == "application/x-protobuf"
    assert lines == [
        ('{env="dev", job="t"}', 1, b"one"), ('{env="dev", job="t"}', 2, b"two"),
        ('{a="b", env="dev", job="t"}', 1, b"three"),
    ]  # fmt: skip
    assert kept == {"p": "2"}


async def test_tenants_have_requests_of_their_own_and_batches_a_size() -> None:
    loki = Loki()
    async with client(loki, FAST + ", batchsize: 10") as (made, _, _):
        await made.send(batch("aaaaaa", "bbbbbb", "cc", tenant="x"))
        await made.send(batch("d", tenant="y"))
    assert [(head.get("X-Scope-OrgID"), [line for _, _, line in lines]) for head, lines in loki.requests] == [
        ("x", [b"aaaaaa"]), ("x", [b"bbbbbb", b"cc"]), ("y", [b"d"]),
    ]  # fmt: skip


async def test_what_is_not_taken_is_sent_again_on_429_and_5xx_and_then_given_up() -> None:
    loki = Loki(429, 503)
    async with client(loki) as (made, kept, _):
        await made.send(batch("one", position="1"))
        await loki.got.wait()
        assert made.counts.retries == 2
    assert (loki.lines, kept) == ([b"one"], {"p": "1"})
    loki = Loki(500, 500, 500)
    async with client(loki) as (made, kept, _):
        await made.send(batch("one", position="1"))
    assert (loki.tries, loki.lines, made.counts.dropped_entries["ingester_error"], kept) == (3, [], 1, {"p": "1"})


async def test_a_refusal_is_final_and_so_is_a_rate_limit_when_asked() -> None:
    loki = Loki(400)
    async with client(loki) as (made, _, _):
        await made.send(batch("one"))
    assert (loki.tries, made.counts.dropped_entries["ingester_error"]) == (1, 1)
    loki = Loki(429)
    async with client(loki, FAST + ", drop_rate_limited_batches: true") as (made, _, _):
        await made.send(batch("one"))
    assert (loki.tries, made.counts.dropped_entries["rate_limited"]) == (1, 1)


async def test_what_leads_beyond_this_machine_is_shown_and_not_sent() -> None:
    loki = Loki()
    async with client(loki, FAST + ", basic_auth: {username: u, password: hush}", url="http://loki.example.com") as (
        made, kept, delivery,
    ):  # fmt: skip
        await made.send(batch("one", "two", position="1"))
    (withheld,) = delivery.outbox.all()
    assert "2 lines of 1 streams" in withheld.payload
    assert "hush" not in withheld.payload + withheld.address
    assert (made.counts.withheld_entries, made.counts.sent_entries, kept) == (2, 0, {"p": "1"})


async def test_a_loki_that_takes_nothing_holds_sources_up_and_yet_not_those_that_end() -> None:
    loki = Loki(*[503] * 1000)
    slow = "batchwait: 10ms, backoff_config: {min_period: 1m, max_period: 2m}"
    async with client(loki, slow) as (made, kept, _):
        for _ in range(17):
            await made.send(batch("x" * (1 << 20)))
        waiting = asyncio.ensure_future(made.send(batch("y", position="1")))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        made.hurry(on=True)
        await waiting
        assert kept == {}
        made._pending.clear()
        made._ready.clear()
        made._size = 0


async def test_positions_hold_once_everything_before_them_is_sent() -> None:
    acknowledged = Acknowledged()
    one, two = acknowledged.begin({"p": "1"}), acknowledged.begin({"p": "2"})
    acknowledged.bear(one)
    assert acknowledged.done(two) == {}
    assert acknowledged.done(one) == {}
    assert acknowledged.done(one) == {"p": "2"}


@given(st.lists(st.tuples(st.integers(0, 2**62), st.binary(max_size=20)), max_size=5), st.text(max_size=8))
def test_a_push_is_read_back(lines: list[tuple[int, bytes]], value: str) -> None:
    stream = StreamLines(Labels.of(a=value), [time for time, _ in lines], [line for _, line in lines])
    data = push_request([stream])
    assert [(time, line) for _, time, line in decoded(data)] == lines
