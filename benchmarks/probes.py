"""Twenty probes a second over HTTP, HTTPS and TCP: CPU of the blackbox exporter and of ours.

Both serve the same module file and are asked over HTTP, as a Prometheus asks them; within the engine that is a function
call, which is measured too. The servers that they probe run in a thread of this process, whose work counts for neither.
"""

from __future__ import annotations

import asyncio
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Final
from urllib.parse import quote

import trustme

from benchmarks.harness import ENGINE, free_port, peer, report, running
from engine.foundation.addresses import AddressBook
from engine.foundation.clock import SystemClock
from exporters.blackbox.config.document import parse_blackbox
from exporters.blackbox.exporter import Blackbox

PROBES: Final = 200
PER_SECOND: Final = 20
PAGE: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\nConnection: close\r\n\r\n" + b"x" * 2000
MODULES: Final = """
modules:
  http_2xx: {{prober: http}}
  https: {{prober: http, http: {{tls_config: {{ca_file: {ca}}}}}}}
  tcp_connect: {{prober: tcp}}
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, _servers(Path(folder)) as (plain, encrypted):
        base = Path(folder)
        file = base / "blackbox.yml"
        file.write_text(MODULES.format(ca=base / "ca.pem"))
        original = peer("prometheus-blackbox-exporter")
        for name, targets in (
            ("http", [("http_2xx", plain)]),
            ("https", [("https", f"https://{encrypted}")]),
            ("tcp", [("tcp_connect", plain)]),
        ):
            ours = _cost([*ENGINE, "exporter", "blackbox", f"--config={file}"], "--listen=", base, targets)
            theirs = (
                None
                if original is None
                else _cost([original, f"--config.file={file}"], "--web.listen-address=", base, targets)
            )
            inside = asyncio.run(_within(file.read_bytes(), base, targets))
            report(f"{PER_SECOND} {name} probes a second, alone, CPU each", "ms", ours, theirs, "blackbox exporter")
            report(f"the same {name} probes within the engine, CPU each", "ms", inside, theirs, "blackbox exporter")


def _cost(command: list[str], flag: str, folder: Path, targets: list[tuple[str, str]]) -> float:
    """Milliseconds of CPU for a probe, when all that is loaded once is loaded."""
    place = f"127.0.0.1:{free_port()}"
    with running([*command, f"{flag}{place}"], folder / "log") as program:
        program.wait_for(f"http://{place}/-/healthy")
        paths = [f"/probe?module={module}&target={quote(target, safe='')}" for module, target in targets]
        kept = HTTPConnection(place)
        _probe(kept, paths, 40)
        before = program.usage().cpu_seconds
        _probe(kept, paths, PROBES)
        kept.close()
        return (program.usage().cpu_seconds - before) / PROBES * 1000


async def _within(text: bytes, base: Path, targets: list[tuple[str, str]]) -> float:
    """Milliseconds of CPU for a probe by a function call."""
    clock = SystemClock()
    exporter = Blackbox(parse_blackbox(text).value, base, clock=clock, addresses=AddressBook(clock))
    spent = 0.0
    for number in range(40 + PROBES):
        module, target = targets[number % len(targets)]
        before = time.thread_time()
        answer = await exporter.probe({"module": module, "target": target})
        spent += time.thread_time() - before if number >= 40 else 0.0
        assert b"probe_success 1" in answer.body
    return spent / PROBES * 1000


def _probe(kept: HTTPConnection, paths: list[str], count: int) -> None:
    """Over one connection, as a Prometheus does."""
    started = time.perf_counter()
    for number in range(count):
        kept.request("GET", paths[number % len(paths)])
        answer = kept.getresponse()
        assert (answer.status, b"probe_success 1" in answer.read()) == (200, True), paths
        wait = started + (number + 1) / PER_SECOND - time.perf_counter()
        time.sleep(max(wait, 0))  # noqa: TID251 - a benchmark lives in real time


@contextmanager
def _servers(folder: Path) -> Iterator[tuple[str, str]]:
    """The places of a plain server and of one with TLS; the authority's certificate is `ca.pem`."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(PAGE)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def listen() -> list[str]:
        made = [await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls) for tls in (None, context)]
        return ["{}:{}".format(*one.sockets[0].getsockname()) for one in made]

    plain, encrypted = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    yield plain, encrypted
    asyncio.run_coroutine_threadsafe(_end(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def _end() -> None:
    talks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in talks:
        task.cancel()
    await asyncio.gather(*talks, return_exceptions=True)
