"""A Docker daemon that knows what it is told: lists as JSON over TCP or a Unix socket, with versions and filters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.end_to_end.processes import in_background

OLDEST = 1.24


class Daemon:
    """`lists` are by path, without the version: `/containers/json`. `asked` is every request so far."""

    def __init__(self, lists: dict[str, list[Any]] | None = None, version: str = "1.40") -> None:
        self.lists = lists or {}
        self.version = version
        self.complaint = ""
        self.asked: list[str] = []

    def answer(self, url: str) -> tuple[int, bytes]:
        self.asked.append(url)
        parts = urlsplit(url)
        if parts.path == "/_ping":
            return 200, b"OK"
        found = re.fullmatch(r"/v([0-9.]+)(/.*)", parts.path)
        if found is None or not OLDEST <= float(found[1]) <= float(self.version):
            return 400, json.dumps({"message": f"client version of {parts.path} is of no use"}).encode()
        if self.complaint or found[2] not in self.lists:
            return 500, json.dumps({"message": self.complaint or "page not found"}).encode()
        wanted = json.loads(parse_qs(parts.query).get("filters", ["{}"])[0])
        return 200, json.dumps([one for one in self.lists[found[2]] if _fits(one, wanted)]).encode()


def _fits(one: dict[str, Any], filters: dict[str, Any]) -> bool:
    """Only filters by label are known."""
    labels = one.get("Labels") or one.get("Spec", {}).get("Labels") or {}
    return all(f"{name}={value}" in filters["label"] for name, value in labels.items()) if filters else True


def _handler(daemon: Daemon) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = daemon.answer(self.path)
            self.send_response(status)
            self.send_header("Api-Version", daemon.version)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def address_string(self) -> str:
            return "somebody"  # on a Unix socket nobody has an address

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    return Handler


class _OnSocket(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True


@contextmanager
def serving(daemon: Daemon, socket: Path | None = None) -> Iterator[str]:
    """Gives the daemon's address as a configuration names it."""
    handler = _handler(daemon)
    made = ThreadingHTTPServer(("127.0.0.1", 0), handler) if socket is None else _OnSocket(str(socket), handler)
    with made as server, in_background(server):
        yield f"unix://{socket}" if socket else f"tcp://127.0.0.1:{made.server_address[1]}"
