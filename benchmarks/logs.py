"""What taking in log lines costs: CPU of the engine per MB of pushed JSON, and bytes on disk.

`python -m benchmarks logs`: 1,000-line batches of logfmt lines pushed over HTTP, MB (64) of line text in all, each way
of `WAYS` with an engine of its own: in JSON and as Promtail does, over a connection that is kept as all shippers of
lines keep theirs, and in JSON over a new one each time.
CPU is that of the process from the first push to the end of sealing, per MB of lines. The figure of Loki 2.7.4 is 48 ms
per MB, measured once and not in this run. Disk is compared with what gzip -6 makes of blocks of 256 kB of the same
lines, each with its time and length before it, as Loki's chunks have them: an imitation, not Loki's own files.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
import zlib
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Final, TypeAlias

import cramjam
import msgspec

from benchmarks.harness import ENGINE, Program, free_port, running
from engine.foundation.protobuf import counted, encoded, framed

MB: Final = int(os.environ.get("MB", "64"))
LOKI_MS: Final = 48.0
_BATCH: Final = 1000
_BLOCK: Final = 256 << 10
Batch: TypeAlias = list[tuple[int, str]]


def lines(count: int) -> list[str]:
    chance = random.Random(1)
    return [
        f"level={chance.choice(['info', 'info', 'warn', 'error'])} caller=http.go:{chance.randrange(400)}"
        f' msg="request done" method={chance.choice(["GET", "POST"])} path=/api/v1/items/{chance.randrange(10_000)}'
        f" status={chance.choice([200, 200, 200, 404, 500])} duration={chance.random():.4f}s"
        f" id={chance.randrange(10**8)}"
        for _ in range(count)
    ]


def gzipped(batches: list[Batch]) -> int:
    """Bytes of blocks as Loki would write them."""
    size, block = 0, bytearray()
    for batch in batches:
        for when, line in batch:
            block += encoded(when) + encoded(len(line)) + line.encode()
            if len(block) >= _BLOCK:
                size += len(zlib.compress(bytes(block), 6))
                block.clear()
    return size + len(zlib.compress(bytes(block), 6))


class Way(msgspec.Struct, frozen=True):
    """How lines are pushed."""

    name: str
    kind: str
    body: Callable[[Batch], bytes]
    keeps_connection: bool


def as_json(batch: Batch) -> bytes:
    values = [(str(when), line) for when, line in batch]
    return msgspec.json.encode({"streams": [{"stream": {"job": "bench"}, "values": values}]})


def as_protobuf(batch: Batch) -> bytes:
    entries = (
        framed(2, framed(1, counted(1, when // 10**9) + counted(2, when % 10**9)) + framed(2, line.encode()))
        for when, line in batch
    )
    return bytes(cramjam.snappy.compress_raw(framed(1, framed(1, b'{job="bench"}') + b"".join(entries))))


WAYS: Final = (
    Way("JSON, one connection", "application/json", as_json, keeps_connection=True),
    Way("protobuf, one connection", "application/x-protobuf", as_protobuf, keeps_connection=True),
    Way("JSON, a connection a push", "application/json", as_json, keeps_connection=False),
)


def push(connection: HTTPConnection, path: str, way: Way, body: bytes) -> None:
    connection.request("POST", path, body, {"Content-Type": way.kind})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 204
    if not way.keeps_connection:
        connection.close()


def batches() -> list[Batch]:
    found, now = lines(_BATCH * 20), time.time_ns()
    size = sum(map(len, found))
    rounds = max(MB * 1_000_000 // size, 1)
    return [
        [(now - 10**9 + at * 1_000_000 + row * 997, line) for row, line in enumerate(found[low : low + _BATCH])]
        for at, low in enumerate(low for _ in range(rounds) for low in range(0, len(found), _BATCH))
    ]


def main() -> None:
    for way in WAYS:
        with tempfile.TemporaryDirectory() as folder:
            config, port, first = Path(folder) / "loki.yaml", free_port(), free_port()
            limits = "ingestion_rate_mb: 1000, ingestion_burst_size_mb: 1000, per_stream_rate_limit: 1GB"
            config.write_text(f"auth_enabled: false\nlimits_config: {{{limits}, per_stream_rate_limit_burst: 1GB}}\n")
            listen = {"loki": port, "prometheus": first}
            flags = [word for name, at in listen.items() for word in ("--listen", f"{name}=127.0.0.1:{at}")]
            command = [*ENGINE, "run", "--loki-config", str(config), *flags, "--data-dir", f"{folder}/data"]
            with running(command, Path(folder) / "output") as engine:
                engine.wait_for(f"http://127.0.0.1:{port}/ready")
                measure(engine, port, Path(folder) / "data" / "loki", way)


def measure(engine: Program, port: int, data: Path, way: Way) -> None:
    found = batches()
    size = sum(len(line) for batch in found for _, line in batch)
    bodies = [way.body(batch) for batch in found]
    connection = HTTPConnection("127.0.0.1", port)
    before = engine.usage().cpu_seconds
    for body in bodies:
        push(connection, "/loki/api/v1/push", way, body)
    push(connection, "/flush", way, b"")
    per_mb = (engine.usage().cpu_seconds - before) * 1000 / (size / 1e6)
    connection.close()
    disk, packed = sum(path.stat().st_size for path in data.iterdir()), gzipped(found)
    told = f"{per_mb:.1f} ms CPU per MB, {per_mb / LOKI_MS:.2f} of Loki 2.7.4's 48 (target 0.33)"
    print(f"{way.name}: {size / 1e6:.0f} MB: {told}")
    print(f"  disk {disk / 1e6:.2f} MB, gzip-ed blocks {packed / 1e6:.2f} MB: {disk / packed:.2f} (target 0.8)")


if __name__ == "__main__":
    main()
