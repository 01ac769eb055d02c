"""Killing the whole engine while it scrapes and receives remote writes, again and again on one folder.

What a query had shown before the kill, and what remote write had answered with 204, must be there after it, value for
value. The moment of each kill is drawn by chance.

    python -m benchmarks kills        ROUNDS=10 for a short run
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import tempfile
import threading
import time
import urllib.parse
from collections import defaultdict
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Final

from benchmarks.harness import ENGINE, Program, running
from tests.end_to_end.processes import free_port
from tests.remote.client import labels, packed, series

ROUNDS: Final = int(os.environ.get("ROUNDS", "100"))
TARGETS: Final = 20
SERIES: Final = 50
WRITTEN: Final = 100
HEADERS: Final = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}
HOST: Final = "127.0.0.1"

Samples = dict[str, dict[str, str]]
"""By series, by time, as text."""


class Pages(BaseHTTPRequestHandler):
    """Every page has other values than the one before."""

    protocol_version = "HTTP/1.1"
    served = count()

    def do_GET(self) -> None:
        nth = next(self.served)
        body = "".join(f'load{{i="{i}"}} {nth / 3 + i if i % 3 else nth // 100}\n' for i in range(SERIES)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:  # type: ignore[override]
        """Nobody reads it."""


class Server(ThreadingHTTPServer):
    """Whoever asks may be killed meanwhile."""

    def handle_error(self, request: object, client_address: object) -> None:
        """That is no error here."""


def main() -> None:
    server = Server((HOST, 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "prometheus.yml")
        targets = ", ".join(f'"127.0.0.{1 + at}:{server.server_port}"' for at in range(TARGETS))
        config.write_text(
            "global: {scrape_interval: 300ms, scrape_timeout: 300ms}\n"
            f"scrape_configs:\n- job_name: load\n  static_configs:\n  - targets: [{targets}]\n"
        )
        _rounds(Path(folder), config)


def _rounds(folder: Path, config: Path) -> None:
    chance, port, begin = random.Random(5), free_port(), time.time()  # noqa: TID251 - stamps of real samples
    seen: dict[str, Samples] = {"load": defaultdict(dict), "written": defaultdict(dict)}
    lost = 0
    command = [*ENGINE, "run", "--config", str(config), "--listen", f"prometheus={HOST}:{port}"]
    command += ["--data-dir", str(folder / "data"), "--web.enable-remote-write-receiver"]
    for kills in range(ROUNDS + 1):
        with running(command, folder / "log") as program:
            program.wait_for(f"http://{HOST}:{port}/-/ready", seconds=120)
            try:
                for name, samples in seen.items():
                    lost += _missing(samples, _asked(port, name))
                _told(kills, begin, seen, lost)
                _until_killed(program, port, chance.uniform(0.2, 3.0), seen)
            except RuntimeError as error:
                error.add_note(program.log.read_text()[-3000:])
                raise


def _told(kills: int, begin: float, seen: dict[str, Samples], lost: int) -> None:
    if kills % 10 and kills != ROUNDS:
        return
    shown, written = (sum(map(len, samples.values())) for samples in seen.values())
    took = time.time() - begin  # noqa: TID251 - how long it took
    print(
        f"  {kills} kills in {took:.0f} s: {shown} scraped samples that a query had shown, "
        f"{written} written ones that were answered with 204; lost: {lost}",
        flush=True,
    )


def _until_killed(program: Program, port: int, seconds: float, seen: dict[str, Samples]) -> None:
    """Write without a pause, look at what is there, kill; what was seen and acknowledged is added."""
    writer = threading.Thread(target=_write, args=(port, seen["written"]))
    writer.start()
    time.sleep(seconds)  # noqa: TID251 - a benchmark lives in real time
    for name, found in _asked(port, "load").items():
        seen["load"][name].update(found)
    program.process.send_signal(signal.SIGKILL)
    program.process.wait()
    writer.join()


def _write(port: int, acknowledged: Samples) -> None:
    """Requests of one instant each, as fast as they are answered, until nobody answers."""
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    names = [labels([("__name__", "written"), ("i", str(i)), ("job", "writer")]) for i in range(WRITTEN)]
    with suppress(OSError, http.client.HTTPException):
        while True:
            at = int(time.time() * 1000)  # noqa: TID251 - stamps of real samples
            body = b"".join(series(name, (at, at / 7 + i)) for i, name in enumerate(names))
            connection.request("POST", "/api/v1/write", packed(body), HEADERS)
            answer = connection.getresponse()
            answer.read()
            if answer.status == 204:
                for i in range(WRITTEN):
                    acknowledged[str(i)][str(at)] = repr(at / 7 + i)
    connection.close()


def _asked(port: int, name: str) -> Samples:
    """All samples of these series."""
    query = urllib.parse.urlencode({"query": f"{name}[1h]"})
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    connection.request("GET", f"/api/v1/query?{query}")
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"the engine answered {answer.status}: {body.decode()}")
    result = json.loads(body)["data"]["result"]
    found: Samples = defaultdict(dict)
    for one in result:
        key = one["metric"]["i"] + (one["metric"].get("instance", "") if name == "load" else "")
        found[key].update((str(round(time * 1000)), value) for time, value in one["values"])
    return found


def _missing(wanted: Samples, found: Samples) -> int:
    return sum(
        float(found.get(name, {}).get(at, "nan")) != float(value)
        for name, samples in wanted.items()
        for at, value in samples.items()
    )
