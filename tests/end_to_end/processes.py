"""Real processes and servers on loopback, for tests from the outside."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseServer
from typing import Any, TypeVar

from engine.app.options import DEFAULT_PORTS

PATIENCE = 90.0
ENGINE = (sys.executable, "-m", "engine")
ANYWHERE = tuple(f"--listen={name}=127.0.0.1:0" for name in DEFAULT_PORTS)
"""Whatever runs: several engines run at once, and none may have the ports that users know."""

FIRST_PORT, PORTS, WORKERS = 16_000, 16_000, 16
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
TURNS = itertools.count(os.getpid())
T = TypeVar("T")


def free_port() -> int:
    """One that stays free until its program listens: it is below those that the system gives whoever names none.

    Each worker has every sixteenth of them, from a place on that is its own.
    """
    while True:
        port = FIRST_PORT + next(TURNS) * WORKERS % PORTS + WORKER
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue  # somebody's
            return port


def wait_for(what: str, look: Callable[[], T | None], seconds: float = PATIENCE) -> T:
    """Ask again until there is an answer that is true; a server that is not up yet gives none."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if found := look():
                return found
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")


def fetch(url: str, data: bytes | None = None, method: str | None = None, **params: str) -> bytes:
    query = f"?{urllib.parse.urlencode(params)}" if params else ""
    request = urllib.request.Request(url + query, data=data, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        body: bytes = response.read()
        return body


def fetch_json(url: str, **params: str) -> Any:
    return json.loads(fetch(url, **params))


@contextmanager
def running(command: Sequence[str], log: Path, cwd: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the test, by Ctrl-C if it still runs; its output is in `log`."""
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=cwd) as process,
    ):
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The `HOST:PORT` at which requests are handled so."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, in_background(server):
        yield f"127.0.0.1:{server.server_port}"


@contextmanager
def in_background(server: BaseServer) -> Iterator[None]:
    """The server serves until the end of the block."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


class Received:
    """The JSON bodies that were posted to a local server, by path."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, Any]] = []

    def at(self, path: str) -> list[Any]:
        return [body for where, body in self.posts if where == path]


@contextmanager
def webhook_server() -> Iterator[tuple[str, Received]]:
    """Its base URL, and what it received."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.posts.append((self.path, json.loads(body)))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    with serving(Handler) as address:
        yield f"http://{address}", received
