"""A million samples sent on by remote write, while both sides are killed again and again: what arrives, and how often.

    python -m benchmarks outages        SAMPLES=100000 for a short run

The engine takes samples at its own receiver and sends them to a real Prometheus, then to a VictoriaMetrics. Every few
seconds one side is ended at a moment drawn by chance: the engine and Prometheus by SIGKILL, VictoriaMetrics by SIGTERM,
since by its own words it loses the last seconds of what it has acknowledged when it is killed. What was sent and not
yet noted as sent goes out again after a kill: Prometheus passes over what it has, VictoriaMetrics with
-dedup.minScrapeInterval=1ms, as here. At the end all samples of the other server are read, each time and value.
"""
# ruff: noqa: TID251 - a benchmark lives in real time

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.harness import ENGINE, peer
from tests.end_to_end.processes import free_port
from tests.remote.client import labels, packed, series

SAMPLES: Final = int(os.environ.get("SAMPLES", "1000000"))
SERIES: Final = 500
STEP_MS: Final = 1000
KILLS: Final = 6
HEADERS: Final = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}
HOST: Final = "127.0.0.1"
PATIENCE_SECONDS: Final = 300.0
CONFIG: Final = """
remote_write:
  - url: http://{host}:{port}/api/v1/write
    metadata_config: {{send: false}}
    queue_config: {{batch_send_deadline: 200ms, max_samples_per_send: 5000, max_backoff: 500ms}}
"""


@dataclass
class Side:
    """A server that is ended and started again."""

    command: Sequence[str]
    port: int
    log: Path
    ending: signal.Signals
    process: subprocess.Popen[bytes] | None = field(default=None)
    ends: int = 0

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)

    def end(self, how: signal.Signals | None = None) -> None:
        assert self.process is not None
        self.process.send_signal(how or self.ending)
        self.process.wait()
        self.ends += 1


def main() -> None:
    rows = SAMPLES // SERIES
    for name, ending in (("prometheus", signal.SIGKILL), ("victoria-metrics", signal.SIGTERM)):
        program = peer(name)
        if program is None:
            print(f"{name}: not installed")
            continue
        with tempfile.TemporaryDirectory() as folder:
            told(name, *sent_over(Path(folder), str(program), ending, rows), rows)


def sent_over(folder: Path, program: str, ending: signal.Signals, rows: int) -> tuple[Side, Side, int, float]:
    """Both sides as they ended, when the first sample was (ms), and the seconds that it took."""
    begin, started = (int(time.time()) - rows) * 1000, time.monotonic()
    there = Side(_there(program, folder, port := free_port()), port, folder / "there.log", ending)
    (folder / "ours.yml").write_text(CONFIG.format(host=HOST, port=port))
    port = free_port()
    ours = Side(
        (
            *ENGINE,
            "run",
            f"--config={folder / 'ours.yml'}",
            f"--data-dir={folder / 'ours'}",
            f"--web.listen-address={HOST}:{port}",
            "--web.enable-remote-write-receiver",
            "--listen=node=off",
        ),
        port,
        folder / "ours.log",
        signal.SIGKILL,
    )
    there.start()
    ours.start()
    chance = random.Random(4)
    at_rows = {rows * (n + 1) // (2 * KILLS + 2): (ours if n % 2 else there) for n in range(2 * KILLS)}
    try:
        for row in range(rows):
            _write(ours.port, _request(row, begin))
            if (side := at_rows.get(row)) is not None:
                time.sleep(chance.random())
                side.end()
                if side is ours or chance.random() < 0.5:
                    side.start()
                else:  # away for longer
                    _write(ours.port, _request(row, begin))
                    time.sleep(2)
                    side.start()
        _arrived(there.port, rows)
        seconds = time.monotonic() - started
        if ending is signal.SIGTERM:
            there.end()
            there.start()
        found = _read(there.port, begin, rows, vm=ending is signal.SIGTERM)
    finally:
        for side in (ours, there):
            if side.process is not None:
                side.process.kill()
                side.process.wait()
    _judge(found, begin, rows)
    return ours, there, begin, seconds


def told(name: str, ours: Side, there: Side, _begin: int, seconds: float, rows: int) -> None:
    print(
        f"{name}: {rows * SERIES:,} samples in {seconds:.0f} s, over {ours.ends} kills of the engine"
        f" and {there.ends} ends of the other side: none lost, none twice, none with another value",
        flush=True,
    )


def _there(program: str, folder: Path, port: int) -> Sequence[str]:
    if program.endswith("prometheus"):
        (folder / "there.yml").write_text("")
        data = (f"--config.file={folder / 'there.yml'}", f"--storage.tsdb.path={folder / 'there'}")
        return (program, *data, f"--web.listen-address={HOST}:{port}", "--web.enable-remote-write-receiver")
    data = (f"-storageDataPath={folder / 'there'}", "-dedup.minScrapeInterval=1ms")
    return (program, *data, f"-httpListenAddr={HOST}:{port}", "-search.latencyOffset=0s")


def _value(number: int, row: int) -> float:
    return row * 0.5 + number


def _request(row: int, begin: int) -> bytes:
    return packed(
        b"".join(
            series(labels({"__name__": "load", "job": "j", "n": str(n)}), (begin + row * STEP_MS, _value(n, row)))
            for n in range(SERIES)
        )
    )


def _write(port: int, body: bytes) -> None:
    """Until it is taken, as a client of remote write does."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        try:
            connection = http.client.HTTPConnection(HOST, port, timeout=30)
            connection.request("POST", "/api/v1/write", body, HEADERS)
            if connection.getresponse().status // 100 == 2:
                return
        except OSError:
            pass
        except http.client.HTTPException:
            pass
        time.sleep(0.1)
    raise TimeoutError("the engine takes no samples")


def _arrived(port: int, rows: int) -> None:
    """Wait for the last row, of all series."""
    end = time.monotonic() + PATIENCE_SECONDS
    query = urllib.parse.urlencode({"query": f"count(load >= {_value(0, rows - 1)})"})
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/api/v1/query?{query}", timeout=30) as answer:
                found = json.load(answer)["data"]["result"]
            if found and int(found[0]["value"][1]) == SERIES:
                return
        except OSError:
            pass
        time.sleep(0.5)
    raise TimeoutError("the last samples did not arrive")


def _read(port: int, begin: int, rows: int, *, vm: bool) -> dict[int, list[tuple[int, float]]]:
    """All samples by series, those that are there twice twice."""
    found: dict[int, list[tuple[int, float]]] = {}
    if vm:
        query = urllib.parse.urlencode({"match[]": "load", "start": begin // 1000 - 1})
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"http://{HOST}:{port}/api/v1/export?{query}", timeout=120) as answer:
                    for line in answer:
                        one = json.loads(line)
                        pairs = zip(one["timestamps"], map(float, one["values"]), strict=True)
                        found.setdefault(int(one["metric"]["n"]), []).extend(pairs)
                    return found
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)
    for n in range(SERIES):
        asked = {"query": f'load{{n="{n}"}}[{rows + 60}s]', "time": begin // 1000 + rows}
        url = f"http://{HOST}:{port}/api/v1/query?{urllib.parse.urlencode(asked)}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            (one,) = json.load(answer)["data"]["result"]
        found[n] = [(round(at * 1000), float(value)) for at, value in one["values"]]
    return found


def _judge(found: dict[int, list[tuple[int, float]]], begin: int, rows: int) -> None:
    assert sorted(found) == list(range(SERIES)), "series are missing"
    lost = doubled = other = 0
    for n, samples in found.items():
        wanted = {begin + row * STEP_MS: _value(n, row) for row in range(rows)}
        known = dict(samples)
        doubled += len(samples) - len(known)
        lost += len(wanted.keys() - known.keys())
        other += sum(known[at] != wanted.get(at) for at in known)
    assert (lost, doubled, other) == (0, 0, 0), f"{lost} lost, {doubled} twice, {other} with another value"
