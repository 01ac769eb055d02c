"""What taking in log lines costs: CPU of the engine per MB of pushed JSON, and bytes on disk.

`python -m benchmarks logs`: 1,000-line batches of logfmt lines by JSON push over HTTP, MB (64) of line text in all.
CPU is that of the process from the first push to the end of sealing, per MB of lines. The figure of Loki 2.7.4 is 48 ms
per MB, measured once and not in this run. Disk is compared with what gzip -6 makes of blocks of 256 kB of the same
lines, each with its time and length before it, as Loki's chunks have them: an imitation, not Loki's own files.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
import urllib.request
import zlib
from pathlib import Path
from typing import Final

import msgspec
import psutil

from benchmarks.harness import ENGINE, free_port
from engine.foundation.protobuf import encoded

MB: Final = int(os.environ.get("MB", "64"))
LOKI_MS: Final = 48.0
_BATCH: Final = 1000
_BLOCK: Final = 256 << 10


def lines(count: int) -> list[str]:
    chance = random.Random(1)
    return [
        f"level={chance.choice(['info', 'info', 'warn', 'error'])} caller=http.go:{chance.randrange(400)}"
        f' msg="request done" method={chance.choice(["GET", "POST"])} path=/api/v1/items/{chance.randrange(10_000)}'
        f" status={chance.choice([200, 200, 200, 404, 500])} duration={chance.random():.4f}s"
        f" id={chance.randrange(10**8)}"
        for _ in range(count)
    ]


def gzipped(batches: list[list[tuple[int, str]]]) -> int:
    """Bytes of blocks as Loki would write them."""
    size, block = 0, bytearray()
    for batch in batches:
        for when, line in batch:
            block += encoded(when) + encoded(len(line)) + line.encode()
            if len(block) >= _BLOCK:
                size += len(zlib.compress(bytes(block), 6))
                block.clear()
    return size + len(zlib.compress(bytes(block), 6))


def push(port: int, path: str, body: bytes) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data=body, headers={"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 204


def batches() -> list[list[tuple[int, str]]]:
    found, now = lines(_BATCH * 20), time.time_ns()
    size = sum(map(len, found))
    rounds = max(MB * 1_000_000 // size, 1)
    return [
        [(now - 10**9 + at * 1_000_000 + row * 997, line) for row, line in enumerate(found[low : low + _BATCH])]
        for at, low in enumerate(low for _ in range(rounds) for low in range(0, len(found), _BATCH))
    ]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        config, port, first = Path(folder) / "loki.yaml", free_port(), free_port()
        limits = "ingestion_rate_mb: 1000, ingestion_burst_size_mb: 1000, per_stream_rate_limit: 1GB"
        config.write_text(f"auth_enabled: false\nlimits_config: {{{limits}, per_stream_rate_limit_burst: 1GB}}\n")
        data = Path(folder) / "data"
        flags = [
            "--listen",
            f"loki=127.0.0.1:{port}",
            "--listen",
            f"prometheus=127.0.0.1:{first}",
            "--data-dir",
            str(data),
        ]
        process = psutil.Popen([*ENGINE, "run", "--loki-config", str(config), *flags])
        try:
            measure(process, port, data)
        finally:
            process.terminate()
            process.wait()


def measure(process: psutil.Popen, port: int, data: Path) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/ready")
            break
        except OSError:
            time.sleep(0.1)  # noqa: TID251 - a benchmark waits
    found = batches()
    size = sum(len(line) for batch in found for _, line in batch)
    bodies = [
        msgspec.json.encode(
            {"streams": [{"stream": {"job": "bench"}, "values": [(str(t), line) for t, line in batch]}]}
        )
        for batch in found
    ]
    before = process.cpu_times()
    for body in bodies:
        push(port, "/loki/api/v1/push", body)
    push(port, "/flush", b"")
    after = process.cpu_times()
    cpu = after.user + after.system - before.user - before.system
    per_mb = cpu * 1000 / (size / 1e6)
    disk, packed = sum(path.stat().st_size for path in (data / "loki").iterdir()), gzipped(found)
    print(f"{size / 1e6:.0f} MB: {per_mb:.1f} ms CPU per MB, {per_mb / LOKI_MS:.2f} of Loki 2.7.4's 48 (target 0.33)")
    print(f"disk {disk / 1e6:.2f} MB, gzip-ed blocks {packed / 1e6:.2f} MB: {disk / packed:.2f} (target 0.8)")


if __name__ == "__main__":
    main()
