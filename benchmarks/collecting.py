"""What taking in lines from files costs: CPU per MB of lines, from the file through stages to sealed blobs.

`python -m benchmarks collecting`: one file of MB (16) of lines a pipeline, read by a Promtail of this process into a
store of this process until every line is there and sealed; CPU of this process meanwhile. What files are read as is
in `PIPELINES`: as they stand, as Docker and container runtimes write them, and with stages that read every line. MB
are of the lines that the program wrote, without what Docker writes around them. Loki 2.7.4 alone takes 48 ms per MB to
take lines in over HTTP, measured once and not in this run; what Promtail takes beside it comes on top.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.log_queries import lines
from benchmarks.logs import LOKI_MS
from engine.foundation.addresses import AddressBook, LocalResponse
from engine.foundation.clock import SystemClock
from engine.foundation.delivery import Delivery
from engine.foundation.memory import tame_heap
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import ThreadWorkers
from engine.logs.config.limits import Limits
from engine.logs.config.sizes import ByteSize
from engine.logs.intake import Intake
from engine.logs.store.store import LogStore
from engine.promtail.config import parse_promtail
from engine.promtail.manager import Promtail, PromtailParts
from promql.model.durations import Duration

MB: Final = int(os.environ.get("MB", "16"))
_LINES_A_MB: Final = 5000
_MANY: Final = ByteSize(1 << 40)
_START: Final = 1_795_000_000


def as_written(found: Sequence[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in found)


def as_docker(found: Sequence[bytes]) -> bytes:
    return b"".join(
        msgspec.json.encode({"log": line.decode() + "\n", "stream": "stdout", "time": _rfc3339(at)}) + b"\n"
        for at, line in enumerate(found)
    )


def as_cri(found: Sequence[bytes]) -> bytes:
    return b"".join(b"%b stdout F %b\n" % (_rfc3339(at).encode(), line) for at, line in enumerate(found))


def as_text(found: Sequence[bytes]) -> bytes:
    """Lines as `logging` writes them by default, about as long."""
    written = (msgspec.json.decode(line) for line in found)
    return b"".join(
        f"{one['timestamp']} {one['level']} {one['logger']} {one['message']}, status={one['status']},"
        f" path={one['context']['path']} pid={one['context']['pid']}\n".encode()
        for one in written
    )


def _rfc3339(at: int) -> str:
    moment = datetime.fromtimestamp(_START + at // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}456789Z"


class Case(msgspec.Struct, frozen=True):
    """How lines are written, and by which stages they are read."""

    write: Callable[[Sequence[bytes]], bytes]
    stages: str = "[]"


_JSON: Final = "{json: {expressions: {level: level, timestamp: timestamp}}}"
_REGEX: Final = r"{regex: {expression: '^(?P<time>\S+ \S+) (?P<level>\w+) (?P<logger>\S+) '}}"
_TIME: Final = "{timestamp: {source: %s, format: '2006-01-02 15:04:05,000'}}"
PIPELINES: Final[Mapping[str, Case]] = {
    "no stages": Case(as_written),
    "docker": Case(as_docker, "[{docker: {}}]"),
    "cri": Case(as_cri, "[{cri: {}}]"),
    "json, labels": Case(as_written, f"[{_JSON}, {{labels: {{level: }}}}]"),
    "json, labels, timestamp": Case(as_written, f"[{_JSON}, {{labels: {{level: }}}}, {_TIME % 'timestamp'}]"),
    "docker, json, labels, timestamp": Case(
        as_docker, f"[{{docker: {{}}}}, {_JSON}, {{labels: {{level: }}}}, {_TIME % 'timestamp'}]"
    ),
    "regex, labels, timestamp": Case(as_text, f"[{_REGEX}, {{labels: {{level: }}}}, {_TIME % 'time'}]"),
    "multiline": Case(as_text, r"[{multiline: {firstline: '^\d{4}-\d\d-\d\d '}}]"),
}


async def taken(folder: Path, case: Case, written: bytes, count: int) -> float:
    """CPU seconds until all lines are sealed."""
    path = folder / "app.log"
    path.write_bytes(written)
    store, clock = LogStore(folder / "store"), SystemClock()
    addresses, supervisor = AddressBook(clock), Supervisor(clock)
    addresses.serves("loki", "/metrics", _nothing)
    limits = Limits(
        ingestion_rate_mb=1000.0, ingestion_burst_size_mb=1000.0, per_stream_rate_limit=_MANY,
        per_stream_rate_limit_burst=_MANY, reject_old_samples=False, creation_grace_period=Duration(10**12),
    )  # fmt: skip
    intake = Intake(store, clock, lambda _: limits, lambda: 10**18)
    parts = PromtailParts(
        clock=clock, workers=ThreadWorkers(), supervisor=supervisor, addresses=addresses, delivery=Delivery(),
        sink=intake, data_dir=None, base=folder,
    )  # fmt: skip
    promtail = Promtail(parts)
    config = parse_promtail(
        f"positions: {{filename: {folder}/positions.yaml}}\nclients: [{{url: 'http://loki:3100/loki/api/v1/push'}}]\n"
        f"scrape_configs: [{{job_name: app, pipeline_stages: {case.stages},"
        f" static_configs: [{{labels: {{job: app, __path__: '{path}'}}}}]}}]".encode()
    ).value
    begun = time.process_time()
    await promtail.apply(config)
    while intake.counts.lines["fake"] < count:
        await clock.sleep(0.1)
    store.seal()
    spent = time.process_time() - begun
    await promtail.stop()
    await supervisor.stop_all()
    store.close()
    return spent


async def _nothing(*_: object) -> LocalResponse:
    return LocalResponse(200, {}, b"")


def main() -> None:
    tame_heap()
    found = list(itertools.islice(lines(), _LINES_A_MB * MB))
    for name, case in PIPELINES.items():
        written = case.write(found)
        size = (len(written) if case.write is as_text else len(as_written(found))) / 1e6
        with tempfile.TemporaryDirectory() as folder:
            spent = asyncio.run(taken(Path(folder), case, written, len(found)))
        print(f"{spent * 1000 / size:6.1f} ms per MB, {spent * 1000 / size / LOKI_MS:.2f} of Loki's 48 ms  {name}")


if __name__ == "__main__":
    main()
