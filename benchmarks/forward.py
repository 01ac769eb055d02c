"""Forwarding: scraping 100 targets of 1,000 series each 5 s and sending all of it on by remote write.

`python -m benchmarks forward`: the engine and Prometheus, at the same time, send to a server that takes all and keeps
nothing, whose CPU is not counted. SECONDS (120) says how long. Both keep the samples too, as ever.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from benchmarks.harness import free_port
from benchmarks.ingest import measured, tell
from benchmarks.load import Spec

SECONDS: Final = int(os.environ.get("SECONDS", "120"))
TARGETS, SERIES, INTERVAL = 100, 1000, 5.0


def main() -> None:
    spec = Spec(TARGETS, SERIES, int((SECONDS + 60) / INTERVAL) + 6, free_port(), True, INTERVAL)
    print(f"{TARGETS} x {SERIES} series each {INTERVAL:g} s, for {SECONDS} s, sent on", flush=True)
    with sink() as port:
        tell(measured(spec, SECONDS, f"remote_write:\n- url: http://127.0.0.1:{port}/write\n"))


@contextmanager
def sink() -> Iterator[int]:
    """The port of a server that takes all."""
    port = free_port()
    with subprocess.Popen([sys.executable, "-m", "benchmarks.forward", str(port)]) as process:
        try:
            yield port
        finally:
            process.kill()


class _Taking(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _Taking).serve_forever()
