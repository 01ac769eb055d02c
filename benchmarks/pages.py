"""Pages of the real node exporter, recorded once while the machine works, and kept for later runs."""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Final

from benchmarks.harness import peer, running

SCRAPES: Final = int(os.environ.get("SCRAPES", "480"))
PACE: Final = float(os.environ.get("PACE", "1"))
"""Seconds between two recorded scrapes. 15 is how they are stamped, and takes two hours."""
RECORDING: Final = Path(
    os.environ.get("RECORDING", Path(tempfile.gettempdir()) / f"node-pages-{SCRAPES}-every-{PACE:g}s.gz")
)
_PORT: Final = 19_177
_END: Final = b"# EOP\n"


def recorded() -> list[bytes] | None:
    """As many pages as are wanted, from the recording or newly recorded; None without the exporter."""
    if not RECORDING.exists():
        exporter = peer("prometheus-node-exporter")
        if exporter is None:
            return None
        print(f"  recording {SCRAPES} pages, {SCRAPES * PACE / 60:.0f} minutes, to {RECORDING}", flush=True)
        _record(exporter)
    return gzip.decompress(RECORDING.read_bytes()).split(_END)[:-1][:SCRAPES]


def _record(exporter: str) -> None:
    beside = RECORDING.with_suffix(".part")
    log = RECORDING.with_suffix(".log")
    address = f"127.0.0.1:{_PORT}"
    with running([exporter, f"--web.listen-address={address}"], log) as program, gzip.open(beside, "wb", 3) as out:
        url = f"http://{address}/metrics"
        program.wait_for(url)
        start = time.monotonic()  # noqa: TID251 - a benchmark lives in real time
        for nth in range(SCRAPES):
            with urllib.request.urlopen(url, timeout=30) as answer:
                out.write(answer.read() + _END)
            _work_until(start + (nth + 1) * PACE, nth)
    log.unlink()
    beside.rename(RECORDING)


def _work_until(due: float, nth: int) -> None:
    """Keep processor and disk busy for a changing part of the time."""
    rest = due - time.monotonic()  # noqa: TID251 - a benchmark lives in real time
    busy = due - rest * (nth * 7 % 10) / 10
    with tempfile.TemporaryFile() as file:
        while time.monotonic() < busy:  # noqa: TID251 - a benchmark lives in real time
            file.write(hashlib.sha256(os.urandom(1 << 20)).digest() * 1000)
    time.sleep(max(0.0, due - time.monotonic()))  # noqa: TID251 - a benchmark lives in real time
