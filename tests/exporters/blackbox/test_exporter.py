"""Probes by function calls: what is kept, translated, forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import SystemClock
from exporters.blackbox.config.document import parse_blackbox
from exporters.blackbox.config.modules import BUILT_IN
from exporters.blackbox.exporter import Blackbox
from exporters.blackbox.history import History
from exporters.blackbox.resolving import fnv32a
from tests.foundation.serving import serving


@asynccontextmanager
async def pages() -> AsyncIterator[str]:
    async def hello(request: web.Request) -> web.Response:
        return web.Response(text=f"hello {request.host}")

    app = web.Application()
    app.add_routes([web.get("/", hello)])
    async with serving(app) as url:
        yield url.removeprefix("http://")


def blackbox(text: bytes = BUILT_IN, *, addresses: AddressBook | None = None, limit: int = 100) -> Blackbox:
    clock = SystemClock()
    found = parse_blackbox(text)
    assert not found.fatal, found.findings
    book = addresses or AddressBook(clock, translate=False)
    return Blackbox(found.value, Path(), clock=clock, addresses=book, history_limit=limit)


async def test_the_first_module_of_the_guide_works_without_a_file() -> None:
    async with pages() as place:
        answer = await blackbox().probe({"target": place, "module": "http_2xx"})
    assert answer.status == 200
    assert b"\nprobe_success 1\n" in answer.body


async def test_a_component_of_this_process_is_probed_where_it_listens() -> None:
    async with pages() as place:
        host, _, port = place.rpartition(":")
        book = AddressBook(SystemClock())
        book.listens("prometheus", host, int(port))
        answer = await blackbox(addresses=book).probe({"target": "http://prometheus:9090/", "debug": "true"})
    assert b"\nprobe_success 1\n" in answer.body
    assert b"host=prometheus:9090" in answer.body


async def test_a_name_of_a_container_network_leads_to_this_machine() -> None:
    async def unknown(_: str) -> bool:
        return False

    async with pages() as place:
        book = AddressBook(SystemClock(), resolves=unknown)
        answer = await blackbox(addresses=book).probe({"target": f"backend-api:{place.rpartition(':')[2]}"})
    assert b"\nprobe_success 1\n" in answer.body


async def test_a_failed_probe_is_an_answer_and_an_unknown_module_is_none() -> None:
    exporter = blackbox()
    failed = await exporter.probe({"target": "127.0.0.1:1", "module": "tcp_connect"})
    assert (failed.status, b"\nprobe_success 0\n" in failed.body) == (200, True)
    assert (await exporter.probe({"target": "x", "module": "nix"})).body == b'Unknown module "nix"\n'
    unknown = next(family for family in exporter.families() if family.name == "blackbox_module_unknown_total")
    assert unknown.samples[0].value == 1


async def test_secrets_are_not_shown_in_logs_of_probes() -> None:
    text = b"modules: {a: {prober: http, http: {basic_auth: {username: u, password: hidden}}}}"
    answer = await blackbox(text).probe({"target": "127.0.0.1:1", "module": "a", "debug": "true"})
    assert b"hidden" not in answer.body
    assert b"password: <secret>" in answer.body


async def test_equal_modules_keep_what_they_have_over_a_reload() -> None:
    exporter = blackbox(b"modules: {a: {prober: tcp}, b: {prober: tcp}}")
    kept = dict(exporter._kept)
    exporter.apply(parse_blackbox(b"modules: {a: {prober: tcp}, b: {prober: tcp, timeout: 1s}}").value, Path())
    assert exporter._kept["a"] is kept["a"]
    assert exporter._kept["b"] is not kept["b"]


async def test_failures_are_kept_longer_than_successes() -> None:
    exporter = blackbox(limit=2)
    await exporter.probe({"target": "127.0.0.1:1", "module": "tcp_connect"})
    async with pages() as place:
        for _ in range(4):
            await exporter.probe({"target": place})
    assert [result.number for result in exporter.history] == [0, 3, 4]
    assert exporter.history.get(1) is None


def test_an_empty_history_has_nothing() -> None:
    assert list(History()) == []


def test_the_hash_of_an_address_is_fnv() -> None:
    assert fnv32a(b"") == 0x811C9DC5
    assert fnv32a(bytes([127, 0, 0, 1])) == 3668918509
