"""Probes of what is odd: servers that say too much or what can't be read, names and headers beyond ASCII."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import trustme

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import SystemClock
from exporters.blackbox.config.document import parse_blackbox
from exporters.blackbox.exporter import Blackbox
from tests.exporters.blackbox.servers import Talk, answer

MODULES = """
modules:
  http: {prober: http, http: {preferred_ip_protocol: ip4}}
  named: {prober: http, http: {headers: {X-Name: Müller}}}
  method: {prober: http, http: {method: GÉT}}
  unverified: {prober: http, http: {tls_config: {insecure_skip_verify: true}}}
  te: {prober: http, http: {headers: {TE: gzip}, tls_config: {insecure_skip_verify: true}}}
  talk: {prober: tcp, tcp: {query_response: [{expect: "^done$"}]}}
"""


@asynccontextmanager
async def listening(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    async def talking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async with await asyncio.start_server(talking, "127.0.0.1", 0, ssl=tls) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


def blackbox() -> Blackbox:
    async def unknown(_: str) -> bool:
        return False

    clock = SystemClock()
    return Blackbox(
        parse_blackbox(MODULES.encode()).value, Path(), clock=clock, addresses=AddressBook(clock, resolves=unknown)
    )


async def debugged(exporter: Blackbox, module: str, target: str) -> str:
    found = await exporter.probe({"module": module, "target": target, "debug": "true"})
    assert found.status == 200
    return found.body.decode()


def heads(asked: list[bytes]) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer(b"fine"))
        await writer.drain()

    return talk


async def test_what_a_server_says_line_by_line_is_kept_up_to_a_limit() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * 60_000 + b"\n")
        writer.write(b"words\r\n" * 5_000 + b"done\n")
        await writer.drain()

    exporter = blackbox()
    async with listening(talk) as place:
        told = await debugged(exporter, "talk", place)
    assert "\nprobe_success 1\n" in told
    assert 'msg="Regexp matched"' in told
    assert "(4902 more lines of level debug were left out)" in told
    (kept,) = exporter.history
    assert sum(map(len, kept.told.lines())) < 100_000


async def test_a_part_of_a_line_is_kept_though_it_is_the_same_as_the_line_before() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"d\nd")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(b"one\n")

    async with listening(talk) as target:
        found = await blackbox().probe({"module": "talk", "target": target})
    assert "probe_success 1" in found.body.decode()


async def test_the_last_line_counts_without_its_end() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\r\nnot yet\ndone")
        await writer.drain()

    async with listening(talk) as place:
        assert "\nprobe_success 1\n" in await debugged(blackbox(), "talk", place)


async def test_what_is_remembered_of_a_failure_keeps_nothing_of_it_alive() -> None:
    exporter = blackbox()
    await exporter.probe({"module": "http", "target": "127.0.0.1:1"})
    (kept,) = exporter.history
    facts = [fact for line in kept.told._lines for _, fact in line.facts]
    assert {type(fact) for fact in facts} <= {str, int, float, bool}


async def test_headers_beyond_ascii_are_sent_and_methods_beyond_it_are_told() -> None:
    asked: list[bytes] = []
    async with listening(heads(asked)) as place:
        assert "\nprobe_success 1\n" in await debugged(blackbox(), "named", place)
        told = await debugged(blackbox(), "method", place)
    assert "X-Name: Müller".encode() in asked[0]
    assert 'msg="Error for HTTP request" err="net/http: ' in told


async def test_a_host_beyond_ascii_is_asked_for_by_the_name_that_servers_know() -> None:
    asked: list[bytes] = []
    async with listening(heads(asked)) as place:
        port = place.rpartition(":")[2]
        assert "\nprobe_success 1\n" in await debugged(blackbox(), "http", f"http://bücher:{port}/ä")
    assert asked[0].startswith(b"GET /%C3%A4 HTTP/1.1\r\nHost: xn--bcher-kva:" + port.encode())


async def test_answers_over_http_2_may_hold_any_bytes_and_requests_that_it_forbids_are_told() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        state.initiate_connection()
        while data := await reader.read(65536):
            for event in state.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    head = [(b":status", b"200"), (b"x-name", b"M\xfcller")]
                    state.send_headers(event.stream_id, head, end_stream=True)
            writer.write(state.data_to_send())
            await writer.drain()

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    tls.set_alpn_protocols(["h2"])
    async with listening(talk, tls) as place:
        told = await debugged(blackbox(), "unverified", f"https://{place}")
        refused = await debugged(blackbox(), "te", f"https://{place}")
    assert "\nprobe_success 1\n" in told
    assert "\nprobe_http_version 2\n" in told
    assert 'msg="Error for HTTP request" err="http2: ' in refused


async def test_a_certificate_that_can_not_be_read_fails_the_probe_and_is_told(tmp_path: Path) -> None:
    issued = trustme.CA().issue_cert("127.0.0.1")
    der = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())
    _, until = re.finditer(rb"[\x17\x18].\d{12,14}Z", der)
    odd = ssl.DER_cert_to_PEM_cert(der[: until.end() - 1] + b"Q" + der[until.end() :])
    file = tmp_path / "odd.pem"
    file.write_text(odd + issued.private_key_pem.bytes().decode())
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    async with listening(heads([]), tls) as place:
        told = await debugged(blackbox(), "unverified", f"https://{place}")
    assert "\nprobe_success 0\n" in told
    assert "Certificates that can't be read" in told
    assert "Internal error" not in told


async def test_a_timeout_that_is_no_number_is_refused() -> None:
    for header in ("soon", "nan"):
        found = await blackbox().probe({"module": "http", "target": "127.0.0.1:1"}, header)
        assert (found.status, b"Failed to parse timeout" in found.body) == (500, True)
