"""Prometheus's side of an Alertmanager."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from engine.alerting.alert import Alert
from engine.foundation.addresses import AddressBook
from engine.foundation.delivery import Delivery, DeliveryPolicy
from engine.foundation.errors import RemoteError
from engine.foundation.http_client import HttpClient
from engine.foundation.http_config import HTTPClientConfig
from engine.foundation.supervise import Supervisor
from engine.rules.alertmanagers import USER_AGENT, InProcess, Remote
from engine.rules.notifier import BATCH, Notifier
from engine.rules.wire import push_url
from engine.testing.manual_clock import ManualClock
from promql.model.labels import Labels


def alert(name: str, **labels: str) -> Alert:
    return Alert(
        labels=Labels.of(labels, alertname=name),
        annotations=(("note", "<b>"), ("void", "")),
        starts_at=1_700_000_000_123_456_789,
        ends_at=1_700_000_240_000_000_000,
        updated_at=0,
        generator_url="http://here/graph?g0.expr=x&g0.tab=1",
    )


@dataclass
class Recorder:
    """Keeps the batches that it takes; `error` is raised instead."""

    url: str = "http://am/api/v2/alerts"
    batches: list[list[Alert]] = field(default_factory=list)
    error: RemoteError | None = None

    async def post(self, alerts: Sequence[Alert]) -> bool:
        if self.error is not None:
            raise self.error
        self.batches.append(list(alerts))
        return True

    @property
    def names(self) -> list[str]:
        return [one.name for batch in self.batches for one in batch]


@pytest.fixture
def notifier(manual_clock: ManualClock) -> Notifier:
    return Notifier(manual_clock, capacity=100)


async def test_alerts_go_out_in_batches_to_everybody(notifier: Notifier) -> None:
    one, two = Recorder(), Recorder("http://other/api/v2/alerts")
    notifier.discovered([one, two])
    notifier.send([alert(str(number)) for number in range(70)])
    await notifier.drain()
    assert [len(batch) for batch in one.batches] == [BATCH, 70 - BATCH]
    assert one.batches == two.batches
    assert {url: counts.sent for url, counts in notifier.counts.peers.items()} == {one.url: 70, two.url: 70}


async def test_external_labels_are_added_where_there_are_none(notifier: Notifier) -> None:
    recorder = Recorder()
    notifier.discovered([recorder])
    notifier.apply({"region": "eu", "team": "a"}, lambda labels: labels)
    notifier.send([alert("Down", team="b")])
    await notifier.drain()
    assert recorder.batches[0][0].labels.as_dict() == {"alertname": "Down", "region": "eu", "team": "b"}


async def test_relabelling_sees_external_labels_and_may_drop(notifier: Notifier) -> None:
    recorder = Recorder()
    notifier.discovered([recorder])
    notifier.apply({"region": "eu"}, lambda labels: None if labels.get("drop") else labels.set("region", "x"))
    notifier.send([alert("Down"), alert("Gone", drop="yes")])
    await notifier.drain()
    assert recorder.names == ["Down"]
    assert recorder.batches[0][0].labels.get("region") == "x"
    assert notifier.counts.dropped == 0


async def test_a_full_queue_loses_its_oldest(notifier: Notifier) -> None:
    recorder = Recorder()
    notifier.discovered([recorder])
    notifier.send([alert(str(number)) for number in range(90)])
    notifier.send([alert(str(number)) for number in range(90, 130)])
    assert (notifier.queue_length, notifier.counts.dropped) == (100, 30)
    await notifier.drain()
    assert recorder.names == [str(number) for number in range(30, 130)]


async def test_what_one_of_two_took_is_not_lost(notifier: Notifier) -> None:
    well, ill = Recorder(), Recorder("http://ill", error=RemoteError("refused"))
    notifier.discovered([well, ill])
    notifier.send([alert("Down")])
    await notifier.drain()
    assert {url: counts.errors for url, counts in notifier.counts.peers.items()} == {well.url: 0, ill.url: 1}
    assert notifier.counts.peers[ill.url].sent == 1
    assert notifier.counts.dropped == 0


async def test_what_nobody_took_is_lost_and_counted(notifier: Notifier) -> None:
    notifier.discovered([Recorder(error=RemoteError("refused"))])
    notifier.send([alert("Down"), alert("Up")])
    await notifier.drain()
    assert (notifier.counts.dropped, notifier.queue_length) == (2, 0)


async def test_the_loop_sends_as_alerts_come(notifier: Notifier, manual_clock: ManualClock) -> None:
    recorder = Recorder()
    supervisor = Supervisor(manual_clock)
    notifier.discovered([recorder])
    notifier.start(supervisor)
    for name in ("Down", "Up"):
        notifier.send([alert(name)])
        await manual_clock.settle()
    await supervisor.stop_all()
    assert [len(batch) for batch in recorder.batches] == [1, 1]


async def test_a_peer_that_breaks_in_an_unforeseen_way_costs_only_its_batch(
    notifier: Notifier, manual_clock: ManualClock
) -> None:
    taken: list[str] = []

    def take(alerts: list[Alert]) -> None:
        if not taken:
            taken.append("broke")
            raise ZeroDivisionError
        taken.extend(one.name for one in alerts)

    supervisor = Supervisor(manual_clock)
    notifier.discovered([InProcess("http://localhost:9093", take)])
    notifier.start(supervisor)
    notifier.send([alert(str(number)) for number in range(BATCH + 1)])
    await manual_clock.advance(5000)
    await supervisor.stop_all()
    assert supervisor.crashes == {"notifier": 1}
    assert taken == ["broke", str(BATCH)]


async def test_one_in_this_process_takes_alerts_as_they_are(notifier: Notifier) -> None:
    taken: list[Alert] = []
    notifier.discovered([InProcess("http://localhost:9093/api/v2/alerts", taken.extend)])
    notifier.send([alert("Down")])
    await notifier.drain()
    assert taken == [alert("Down")]


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("", "http://am:9093/api/v2/alerts"),
        ("/", "http://am:9093/api/v2/alerts"),
        ("/alertmanager/", "http://am:9093/alertmanager/api/v2/alerts"),
        ("deep//path", "http://am:9093/deep/path/api/v2/alerts"),
    ],
)
def test_a_path_prefix_stands_before_the_api(prefix: str, expected: str) -> None:
    assert push_url("http", "am:9093", prefix) == expected


def remote(url: str, client: HttpClient, clock: ManualClock, delivery: Delivery | None = None) -> Remote:
    here = delivery is None
    return Remote(url, client, clock=clock, delivery=delivery or Delivery(), on_this_machine=here)


@dataclass
class Server:
    url: str = ""
    status: int = 200
    requests: list[tuple[str, str, list[dict[str, object]]]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        agent, kind = request.headers["User-Agent"], request.headers["Content-Type"]
        self.requests.append((agent, kind, json.loads(await request.read())))
        return web.Response(status=self.status)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application()
    app.router.add_post("/api/v2/alerts", server.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = push_url("http", f"127.0.0.1:{runner.addresses[0][1]}")
    yield server
    await runner.cleanup()


@pytest.fixture
async def client(manual_clock: ManualClock) -> AsyncIterator[HttpClient]:
    async with HttpClient(HTTPClientConfig(), AddressBook(manual_clock)) as client:
        yield client


async def test_the_request_is_what_prometheus_sends(
    server: Server, client: HttpClient, manual_clock: ManualClock
) -> None:
    assert await remote(server.url, client, manual_clock).post([alert("Down", job="a")])
    [(agent, kind, body)] = server.requests
    assert (agent, kind) == (USER_AGENT, "application/json")
    assert body == [
        {
            "annotations": {"note": "<b>", "void": ""},
            "endsAt": "2023-11-14T22:17:20.000Z",
            "startsAt": "2023-11-14T22:13:20.123Z",
            "generatorURL": "http://here/graph?g0.expr=x&g0.tab=1",
            "labels": {"alertname": "Down", "job": "a"},
        }
    ]


async def test_any_answer_in_the_two_hundreds_is_fine_and_others_are_errors(
    server: Server, client: HttpClient, manual_clock: ManualClock
) -> None:
    there = remote(server.url, client, manual_clock)
    server.status = 204
    assert await there.post([alert("Down")])
    server.status = 503
    with pytest.raises(RemoteError, match="bad response status 503"):
        await there.post([alert("Down")])


async def test_one_that_is_not_there_is_an_error_that_names_it(client: HttpClient, manual_clock: ManualClock) -> None:
    with pytest.raises(RemoteError, match="connection refused"):
        await remote("http://127.0.0.1:9/api", client, manual_clock).post([alert("Down")])


async def test_nothing_leaves_the_machine_against_the_policy(
    server: Server, client: HttpClient, notifier: Notifier, manual_clock: ManualClock
) -> None:
    delivery = Delivery()
    notifier.discovered([remote(server.url, client, manual_clock, delivery)])
    notifier.send([alert("Down")])
    await notifier.drain()
    assert server.requests == []
    counts = notifier.counts.peers[server.url]
    assert (counts.withheld, counts.sent, notifier.counts.dropped) == (1, 0, 0)
    [withheld] = delivery.outbox.all()
    assert (withheld.receiver, withheld.address) == ("alertmanager", server.url)
    assert json.loads(withheld.payload)[0]["labels"] == {"alertname": "Down"}


async def test_it_leaves_once_it_is_allowed(server: Server, client: HttpClient, manual_clock: ManualClock) -> None:
    allowed = Delivery(DeliveryPolicy(frozenset({"alertmanager"})))
    assert await remote(server.url, client, manual_clock, allowed).post([alert("Down")])
    assert len(server.requests) == 1
