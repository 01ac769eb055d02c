"""Sources of lines that are no files, with the real sockets and programs where that is possible."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import cramjam
import pytest
from aiohttp import web

from engine.foundation.addresses import AddressBook, LocalResponse
from engine.foundation.clock import SystemClock
from engine.foundation.delivery import Delivery
from engine.foundation.errors import ConfigError
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import InlineWorkers
from engine.logql.lines import StreamLines
from engine.promtail.clients.wire import push_request
from engine.promtail.manager import Promtail, PromtailParts
from engine.promtail.targets.journal import PROGRAM, Journal
from promql.model.labels import Labels
from tests.end_to_end.processes import free_port
from tests.promtail.fakes import OWN, FakeSink, parsed

WAIT_SECONDS = 20.0


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not true():  # noqa: ASYNC110 - what is awaited is another program's doing
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(config: str, sink: FakeSink) -> AsyncIterator[Promtail]:
    clock = SystemClock()
    addresses = AddressBook(clock)

    async def nothing(*_: object) -> LocalResponse:
        return LocalResponse(200, {}, b"")

    addresses.serves("loki", "/metrics", nothing)
    supervisor = Supervisor(clock)
    parts = PromtailParts(
        clock=clock, workers=InlineWorkers(), supervisor=supervisor, addresses=addresses, delivery=Delivery(), sink=sink,
        data_dir=None, base=Path(),
    )  # fmt: skip
    promtail = Promtail(parts)
    try:
        await promtail.apply(parsed(config if "clients:" in config else OWN + config))
        yield promtail
    finally:
        await promtail.stop()
        await supervisor.stop_all()


def address_of(promtail: Promtail) -> tuple[str, int]:
    address = next(one.details["address"] for one in promtail.status() if one.kind == "Syslog")
    host, _, port = address.rpartition(":")
    return host, int(port)


SYSLOG = """scrape_configs:
- job_name: sys
  syslog: {listen_address: '127.0.0.1:0', label_structured_data: true, use_incoming_timestamp: true, labels: {job: sys}%s}
  relabel_configs:
  - {source_labels: [__syslog_message_app_name], target_label: app}
  - {source_labels: [__syslog_message_sd_x_y], target_label: y}
"""


async def test_syslog_comes_over_tcp_by_length_and_by_line() -> None:
    sink = FakeSink()
    async with running(SYSLOG % "", sink) as promtail:
        _, writer = await asyncio.open_connection(*address_of(promtail))
        message = b'<14>1 2026-01-02T03:04:05Z h app - - [x y="z"] one'
        writer.write(b"%d %s" % (len(message), message) + b"<14>1 - h app2 - - - two\n")
        await writer.drain()
        await until(lambda: len(sink.lines) == 2)
        writer.close()
        (first, time, text), (second, _, _) = sink.lines
        assert (text, time, first.as_dict()) == ("one", 1767323045 * 10**9, {"job": "sys", "app": "app", "y": "z"})
        assert second.as_dict() == {"job": "sys", "app": "app2"}


async def test_syslog_comes_over_udp_and_what_is_none_is_counted() -> None:
    sink = FakeSink()
    config = SYSLOG % ", listen_protocol: udp, syslog_format: rfc3164"
    async with running(config, sink) as promtail:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"rubbish", address_of(promtail))
            sender.sendto(b"<34>Jan  2 22:14:15 host su: words", address_of(promtail))
        await until(lambda: sink.lines)
        assert sink.texts == ["words"]
        assert promtail.counts.syslog_errors == 1


async def test_a_port_that_is_taken_refuses_the_configuration_and_changes_nothing() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config = SYSLOG.replace("127.0.0.1:0", f"127.0.0.1:{taken.getsockname()[1]}") % ""
        with pytest.raises(ConfigError, match="can't listen on"):
            async with running(config, FakeSink()):
                pass


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def daemon(place: Path, logs: Handler) -> AsyncIterator[str]:
    """A Docker daemon with one container."""

    async def containers(_: web.Request) -> web.Response:
        networks = {"Networks": {name: {"NetworkID": "n", "IPAddress": "10.0.0.1"} for name in ("a", "b")}}
        return web.json_response(
            [{"Id": "c" * 64, "Names": ["/web"], "Labels": {"team": "x"}, "Ports": [], "NetworkSettings": networks}]
        )

    async def nothing(_: web.Request) -> web.Response:
        return web.json_response([])

    async def inspect(_: web.Request) -> web.Response:
        return web.json_response({"Config": {"Tty": False}})

    app = web.Application()
    app.add_routes([
        web.get("/_ping", nothing), web.get("/v1.24/containers/json", containers), web.get("/v1.24/networks", nothing),
        web.get("/v1.24/containers/{id}/json", inspect), web.get("/v1.24/containers/{id}/logs", logs),
    ])  # fmt: skip
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    await web.UnixSite(runner, str(place)).start()
    try:
        yield f"unix://{place}"
    finally:
        await runner.cleanup()


DOCKER = """scrape_configs:
- job_name: containers
  docker_sd_configs: [{host: '%s', refresh_interval: 5s}]
  relabel_configs:
  - {source_labels: [__meta_docker_container_name], regex: '/(.*)', target_label: container}
  - {source_labels: [__meta_docker_container_log_stream], target_label: stream}
"""


async def test_containers_are_read_once_from_where_reading_stopped(tmp_path_factory: pytest.TempPathFactory) -> None:
    asked: list[str] = []
    stamps = [f"2026-01-02T03:04:05.00000000{digit}Z" for digit in (1, 1, 2)]

    async def logs(request: web.Request) -> web.StreamResponse:
        asked.append(request.query["since"])
        response = web.StreamResponse()
        await response.prepare(request)
        for number, stamp in enumerate(stamps):
            line = f"{stamp} line {number}\n".encode()
            await response.write(bytes([1 + number % 2, 0, 0, 0]) + len(line).to_bytes(4) + line)
        await asyncio.sleep(3600)
        return response

    sink = FakeSink()
    place = tmp_path_factory.mktemp("d") / "s"
    async with daemon(place, logs) as host:
        async with running(DOCKER % host, sink):
            await until(lambda: len(sink.lines) == 3)
        assert {labels.get("container") for labels, _, _ in sink.lines} == {"web"}
        assert [labels.get("stream") for labels, _, _ in sink.lines] == ["stdout", "stdout", "stderr"]
        assert sorted(time % 10 for _, time, _ in sink.lines) == [1, 1, 2]
        stamps.append("2026-01-02T03:04:05.000000002Z")
        stamps.append("2026-01-02T03:04:06Z")
        async with running(DOCKER % host, sink):
            await until(lambda: len(sink.lines) == 5)
        assert asked == ["0.000000000", "1767323045.000000002"]


@pytest.mark.skipif(shutil.which(PROGRAM) is None, reason="there is no journalctl here")
async def test_the_journal_is_read_where_there_is_one(tmp_path: Path) -> None:
    """The program is real, its journal an empty folder: what is tested is that it runs, and ends."""
    config = f"scrape_configs:\n- {{job_name: j, journal: {{path: {tmp_path}, labels: {{job: j}}}}}}\n"
    async with running(config, FakeSink()) as promtail:
        assert [one.kind for one in promtail.status()] == ["Journal"]


async def test_an_entry_of_the_journal_is_kept_with_its_cursor() -> None:
    sink = FakeSink()
    config = "scrape_configs:\n- {job_name: j, journal: {labels: {job: j}}}\n"
    async with running("", sink) as promtail:
        job = parsed(OWN + config).scrape_configs[0]
        assert job.journal is not None
        journal = Journal(job, job.journal, promtail._target_parts(promtail.config, {}))
        await journal.take({"__CURSOR": "c1", "MESSAGE": "words", "__REALTIME_TIMESTAMP": "1767323045000001"})
        await journal.take({"__CURSOR": "c2"})
        assert [one[1:] for one in sink.lines] == [(1767323045000001000, "words")]
        assert sink.kept == {"journal/j": "c2"}
        assert journal.command()[-1] == "--after-cursor=c2"


PUSH = """scrape_configs:
- job_name: push
  loki_push_api: {server: {http_listen_port: %d}, labels: {job: push}, use_incoming_timestamp: true}
  relabel_configs: [{regex: secret, action: labeldrop}]
  pipeline_stages: [{drop: {expression: 'no.*'}}]
"""


async def test_others_push_lines_as_to_loki_and_bare() -> None:
    sink, port = FakeSink(), free_port()
    stream = StreamLines(Labels.of(a="b", secret="x"), [5, 6], [b"one", b"no"], {0: Labels.of(id="7")})
    async with running(PUSH % port, sink), aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        body = bytes(cramjam.snappy.compress_raw(push_request([stream])))
        for path, data, head in (
            ("/loki/api/v1/push", body, {"Content-Type": "application/x-protobuf", "X-Scope-OrgID": "us"}),
            (
                "/loki/api/v1/push",
                b'{"streams":[{"stream":{"c":"d"},"values":[["9","two"]]}]}',
                {"Content-Type": "application/json"},
            ),
            ("/promtail/api/v1/raw", b"three\n\nfour", {}),
        ):
            async with session.post(path, data=data, headers=head) as answer:
                assert answer.status == 204
        async with session.post("/loki/api/v1/push", data=b"no push") as answer:
            assert answer.status == 400
    assert sink.texts == ["one", "two", "three", "four"]
    assert [labels.as_dict() for labels, _, _ in sink.lines][:3] == [
        {"job": "push", "a": "b"}, {"job": "push", "c": "d"}, {"job": "push"},
    ]  # fmt: skip
    assert [time for _, time, _ in sink.lines][:2] == [5, 9]
    assert sink.tenants[:2] == ["us", "fake"]
    assert sink.metadata == [Labels.of(id="7")]
