"""Servers for probes, good and broken, on free ports of loopback.

They run in a loop of their own, in a thread, so that they answer also programs that a test waits for.
"""

from __future__ import annotations

import asyncio
import gzip
import ssl
import struct
import threading
import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rrset
import h2.config
import h2.connection
import h2.events
from cramjam import brotli

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
TEXT = b"the quick brown fox\n" * 50
ZONE = {
    ("example.com.", "A"): ["127.0.0.1", "127.0.0.2"],
    ("example.com.", "MX"): ["10 mail.example.com."],
    ("example.com.", "TXT"): ['"v=spf1 -all" "and more"'],
    ("example.com.", "SOA"): ["ns.example.com. admin.example.com. 2026112601 3600 600 86400 300"],
    ("example.com.", "AAAA"): ["2001:db8::1"],
    ("_sip._tcp.example.com.", "SRV"): ["1 2 5060 sip.example.com."],
    ("www.example.com.", "CNAME"): ["example.com."],
}


@dataclass
class Servers:
    """`HOST:PORT` of each, by name; `asked` are the heads of the HTTP requests that came."""

    loop: asyncio.AbstractEventLoop
    places: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    open: list[Any] = field(default_factory=list)

    def listen(self, name: str, talk: Talk, tls: ssl.SSLContext | None = None) -> str:
        """Talk so to everybody who calls."""
        made: asyncio.Server = self.run(asyncio.start_server(_lenient(talk), "127.0.0.1", 0, ssl=tls))
        self.open.append(made)
        host, port = made.sockets[0].getsockname()
        self.places[name] = f"{host}:{port}"
        return self.places[name]

    def run(self, what: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(20)


@contextmanager
def in_a_thread() -> Iterator[Servers]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    servers = Servers(loop)
    try:
        yield servers
    finally:
        servers.run(_end(servers))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(servers: Servers) -> None:
    for one in servers.open:
        one.close()
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _lenient(talk: Talk) -> Talk:
    async def talking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    return talking


# --- HTTP


def http(servers: Servers) -> Talk:
    """Answers by path; see `PAGES`."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        servers.asked.append(head.decode())
        method, path, _ = head.decode().split(" ", 2)
        length = next(
            (int(line[15:]) for line in head.decode().lower().split("\r\n") if line.startswith("content-length:")), 0
        )
        body = await reader.readexactly(length)
        if path == "/slow":
            await asyncio.sleep(60)
        if path == "/slow-body":
            writer.write(answer(TEXT)[:-100])
            await asyncio.sleep(60)
        writer.write(_page(method, path, head.decode(), body))
        await writer.drain()

    return talk


def answer(body: bytes, status: str = "200 OK", version: str = "1.1", **headers: str) -> bytes:
    """With the length of the body, unless headers say another one, or none."""
    sent = {"Content-Length": str(len(body)), "Content-Type": "text/plain"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items() if value)
    return f"HTTP/{version} {status}\r\n{lines}\r\n".encode() + body


def _page(method: str, path: str, head: str, body: bytes) -> bytes:
    if path.startswith("/redirect/"):
        left = int(path.rpartition("/")[2])
        return answer(b"moved", "302 Found", Location=f"/redirect/{left - 1}" if left > 1 else "/ok", Set_Cookie="a=b")
    if path.startswith("/status/"):
        return answer(b"so it is", f"{path[8:]} Told So")
    if path == "/echo":
        return answer(f"{method}\n{head}\n{body.decode()}".encode())
    if method == "HEAD":
        return answer(b"", Content_Length="1000")
    return PAGES[path]


def _chunked(body: bytes, size: int) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces) + b"0\r\n\r\n"


_GZIPPED = gzip.compress(TEXT)
_DEFLATE = zlib.compressobj(wbits=-15)
_DEFLATED = _DEFLATE.compress(TEXT) + _DEFLATE.flush()
PAGES = {
    "/": answer(b"root"),
    "/ok": answer(TEXT),
    "/empty": answer(b""),
    "/no-content": answer(b"", "204 No Content", Content_Length=""),
    "/http10": answer(TEXT, version="1.0", Content_Length=""),
    "/unknown-length": answer(TEXT, Content_Length=""),
    "/chunked": answer(_chunked(TEXT, 77), Content_Length="", Transfer_Encoding="chunked"),
    "/cut-chunks": answer(_chunked(TEXT, 77)[:-60], Content_Length="", Transfer_Encoding="chunked"),
    "/cut": answer(TEXT[:100], Content_Length=str(len(TEXT))),
    "/nonsense": b"this is no HTTP\r\n\r\n",
    "/nothing": b"",
    "/gzip": answer(_GZIPPED, Content_Encoding="gzip"),
    "/two-gzips": answer(_GZIPPED + _GZIPPED),
    "/cut-gzip": answer(_GZIPPED[:-12]),
    "/bad-gzip": answer(_GZIPPED[:30] + b"\xff" * 20 + _GZIPPED[50:]),
    "/deflate": answer(_DEFLATED),
    "/br": answer(bytes(brotli.compress(TEXT))),
    "/headers": answer(b"x", X_Two="one\r\nX-Two: two", Vary="Accept"),
    "/modified": answer(b"x", Last_Modified="Wed, 21 Oct 2015 07:28:00 GMT"),
    "/badly-modified": answer(b"x", Last_Modified="yesterday"),
    "/no-location": answer(b"x", "302 Found"),
    "/to-ftp": answer(b"x", "302 Found", Location="ftp://127.0.0.1/"),
    "/bytes": answer(b"a\xff\xfeb"),
    "/early": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + answer(TEXT),
}


# --- HTTP/2 and gRPC


def http2(servers: Servers, serving: dict[str, int] | None = None) -> Talk:
    """Pages as above; of services their health (`serving`, by name: 0 unknown, 1 serving, 2 not)."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        state.initiate_connection()
        writer.write(state.data_to_send())
        asked: dict[int, dict[str, str]] = {}
        bodies: dict[int, bytes] = {}
        while data := await reader.read(65536):
            for event in state.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    asked[event.stream_id] = {str(name): str(value) for name, value in event.headers}
                elif isinstance(event, h2.events.DataReceived):
                    bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
                elif isinstance(event, h2.events.StreamEnded):
                    headers = asked[event.stream_id]
                    servers.asked.append(str(headers))
                    if headers[":path"].startswith("/grpc.health") and serving is not None:
                        _health(state, event.stream_id, bodies.get(event.stream_id, b""), serving)
                    else:
                        _h2_page(state, event.stream_id, headers)
            writer.write(state.data_to_send())
            await writer.drain()

    return talk


def _h2_page(state: h2.connection.H2Connection, stream: int, headers: dict[str, str]) -> None:
    path = headers[":path"]
    if path == "/redirect/1":
        state.send_headers(stream, [(":status", "302"), ("location", "/ok")], end_stream=True)
        return
    if path not in ("/", "/ok"):
        state.send_headers(stream, [(":status", "404"), ("content-type", "text/plain")], end_stream=True)
        return
    state.send_headers(stream, [(":status", "200"), ("content-length", str(len(TEXT)))])
    state.send_data(stream, TEXT, end_stream=True)


def _health(state: h2.connection.H2Connection, stream: int, body: bytes, serving: dict[str, int]) -> None:
    message = body[5:]
    service = message[2:].decode() if message else ""
    head = [(":status", "200"), ("content-type", "application/grpc")]
    if service not in serving:
        state.send_headers(stream, [*head, ("grpc-status", "5"), ("grpc-message", "unknown service")], end_stream=True)
        return
    status = serving[service]
    reply = bytes([8, status]) if status else b""
    state.send_headers(stream, head)
    state.send_data(stream, struct.pack("!BI", 0, len(reply)) + reply)
    state.send_headers(stream, [("grpc-status", "0")], end_stream=True)


# --- TCP


def lines(*script: str | ssl.SSLContext) -> Talk:
    """What is said in turn: `>` and a line that is sent, `<` and how a line that is awaited begins, or TLS."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for step in script:
            if isinstance(step, ssl.SSLContext):
                await writer.start_tls(step)
            elif step.startswith(">"):
                writer.write(step[1:].encode())
                await writer.drain()
            elif not (await reader.readline()).decode().startswith(step[1:]):
                return
        await asyncio.sleep(0)

    return talk


async def silence(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


# --- DNS


def dns_answer(data: bytes) -> bytes:
    """Out of `ZONE`; NXDOMAIN for other names, REFUSED for classes other than IN, nothing for `silent.`."""
    asked = dns.message.from_wire(data)
    question = asked.question[0]
    reply = dns.message.make_response(asked, recursion_available=True)
    name = str(question.name)
    if name == "silent.":
        return b""
    if name == "garbage.":
        return data[:2] + b"\xff" * 7
    if question.rdclass != 1:
        reply.set_rcode(dns.rcode.REFUSED)
    elif not any(known == name for known, _ in ZONE):
        reply.set_rcode(dns.rcode.NXDOMAIN)
        reply.authority.append(dns.rrset.from_text("example.com.", 300, "IN", "SOA", *ZONE["example.com.", "SOA"]))
    else:
        wanted = [
            (known, kind)
            for known, kind in ZONE
            if known == name and kind in (dns.rdatatype.to_text(question.rdtype), "CNAME")
        ]
        if question.rdtype == 255:
            wanted = [(known, kind) for known, kind in ZONE if known == name]
        reply.answer = [dns.rrset.from_text(known, 60, "IN", kind, *ZONE[known, kind]) for known, kind in wanted]
        reply.additional = [dns.rrset.from_text("ns.example.com.", 60, "IN", "A", "127.0.0.3")]
    return reply.to_wire()


class _Datagrams(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if reply := dns_answer(data):
            self.transport.sendto(b"\0\0" + reply[2:], addr)  # an answer to an earlier question comes first
            self.transport.sendto(reply, addr)


def dns_over_udp(servers: Servers) -> str:
    async def listen() -> Any:
        return await servers.loop.create_datagram_endpoint(_Datagrams, local_addr=("127.0.0.1", 0))

    transport, _ = servers.run(listen())
    servers.open.append(transport)
    host, port = transport.get_extra_info("sockname")
    servers.places["dns"] = f"{host}:{port}"
    return servers.places["dns"]


async def dns_over_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    (size,) = struct.unpack("!H", await reader.readexactly(2))
    reply = dns_answer(await reader.readexactly(size))
    if not reply:
        await asyncio.sleep(60)
    writer.write(struct.pack("!H", len(reply)) + reply)
    await writer.drain()
