"""Receiving: a client forwards 1,000 targets of 500 series by remote write, to the engine and to Prometheus.

`python -m benchmarks remote_write`; TARGETS and ROUNDS for other sizes. Stamps are 15 s apart, targets are spread over
them; a request has 500 to 2,000 samples, wherever that cuts a target. The client's own CPU is not counted.
"""

from __future__ import annotations

import http.client
import os
import random
import struct
import tempfile
from collections.abc import Iterator, Sequence
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Final

from benchmarks.harness import ENGINE, Usage, peer, report, running
from tests.end_to_end.processes import free_port
from tests.remote.client import labels, packed, varint

TARGETS: Final = int(os.environ.get("TARGETS", "1000"))
ROUNDS: Final = int(os.environ.get("ROUNDS", "12"))
SERIES: Final = 500
INTERVAL: Final = 15_000
BEGIN: Final = 1_700_000_000_000
HEADERS: Final = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "prometheus.yml")
        config.write_text("")
        port = free_port()
        mine = measured(_engine(config, port), port, Path(folder, "engine.log"))
        theirs = _prometheus(config, port)
        other = measured(theirs, port, Path(folder, "prometheus.log")) if theirs else None
    samples = TARGETS * SERIES * ROUNDS
    for name, at in (("first round", 0), ("rounds after it", 1)):
        count = samples // ROUNDS if at == 0 else samples - samples // ROUNDS
        per = [None if one is None else one[at].cpu_seconds / count * 1e6 for one in (mine, other)]
        report(f"CPU a sample, {name}", "us", per[0] or 0.0, per[1], "Prometheus")
    total = [None if one is None else one[0].cpu_seconds + one[1].cpu_seconds for one in (mine, other)]
    report("CPU in all", "s", total[0] or 0.0, total[1], "Prometheus")
    report("peak memory", "MB", mine[1].resident_bytes / 1e6, other and other[1].resident_bytes / 1e6, "Prometheus")


def measured(command: Sequence[str], port: int, log: Path) -> tuple[Usage, Usage]:
    """What the first round cost, and what the others did; resident bytes are the most that were seen."""
    with running(command, log) as program:
        program.wait_for(f"http://127.0.0.1:{port}/-/ready")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        generator = random.Random(1)
        names = [_labels(target) for target in range(TARGETS)]
        used, most = [program.usage()], 0
        for at in range(ROUNDS):
            for body in _requests(names, at, generator):
                connection.request("POST", "/api/v1/write", body, HEADERS)
                answer = connection.getresponse()
                if answer.status != 204:
                    raise RuntimeError(answer.read().decode())
                answer.read()
            most = max(most, program.peak_bytes())
            if at in (0, ROUNDS - 1):
                used.append(program.usage())
        connection.close()
    first, rest = (after.cpu_seconds - before.cpu_seconds for before, after in pairwise(used))
    return Usage(first, most), Usage(rest, most)


def _requests(names: Sequence[Sequence[bytes]], at: int, generator: random.Random) -> Iterator[bytes]:
    samples = chain.from_iterable(_page(named, target, at) for target, named in enumerate(names))
    while some := list(islice(samples, generator.randint(500, 2000))):
        yield packed(b"".join(some))


def _page(named: Sequence[bytes], target: int, at: int) -> Iterator[bytes]:
    """One scrape of a target: a quarter constant, a quarter zero, counters and gauges."""
    stamp = b"\x10" + varint(BEGIN + at * INTERVAL + target * INTERVAL // TARGETS)
    zero = bytes((0x12, len(stamp))) + stamp
    for i, one in enumerate(named):
        if i % 4 == 0:
            tail = zero
        else:
            value = float((5, 1000 + at * (i % 40 + 1), (i * 7919 + at * 104729) % 10_000 / 100)[i % 4 - 1])
            tail = b"\x12\x10\x09" + struct.pack("<d", value) + stamp
        yield b"\x0a" + varint(len(one) + len(tail)) + one + tail


def _labels(target: int) -> list[bytes]:
    """Eight labels a series, as a node exporter's with a few external ones."""
    return [
        labels(
            {
                "__name__": f"node_something_{i // 10}_total",
                "cluster": "production-1",
                "device": f"device-{i % 10}",
                "environment": "production",
                "instance": f"host-{target:04}.example.com:9100",
                "job": "node",
                "mode": ("idle", "user", "system", "iowait")[i % 4],
                "zone": "eu-west-1",
            }
        )
        for i in range(SERIES)
    ]


def _engine(config: Path, port: int) -> list[str]:
    return [
        *ENGINE, "run", f"--config={config}", f"--data-dir={config.parent / 'engine'}",
        f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver",
    ]  # fmt: skip


def _prometheus(config: Path, port: int) -> list[str] | None:
    program = peer("prometheus")
    if program is None:
        return None
    return [
        program, f"--config.file={config}", f"--storage.tsdb.path={config.parent / 'prometheus'}",
        f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver",
    ]  # fmt: skip
