"""What following a thousand files costs: CPU of the whole engine, with its store of lines, while they are written.

`python -m benchmarks tailing`: FILES (1000) files, LINES (10,000) lines a second in all for RUN_SECONDS (20), each file
a line at a time. The engine scrapes nothing; what it costs idle with these files is measured before. At the end every
line must be in the store.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.harness import ENGINE, Program, free_port, running

FILES: Final = int(os.environ.get("FILES", "1000"))
LINES: Final = int(os.environ.get("LINES", "10000"))
SECONDS: Final = int(os.environ.get("RUN_SECONDS", "20"))
LIMIT: Final = 0.20
_PATIENCE: Final = 30
_LINE: Final = 'level=info caller=http.go:{0} msg="request done" path=/api/v1/items/{0} status=200 duration=0.0123s\n'


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="tailing-") as folder:
        home, logs = Path(folder), Path(folder) / "logs"
        logs.mkdir()
        ports = {name: free_port() for name in ("prometheus", "loki", "promtail")}
        _configure(home, logs)
        listen = [word for name, port in ports.items() for word in ("--listen", f"{name}=127.0.0.1:{port}")]
        with running([*ENGINE, "run", "--config", "prometheus.yml", *listen], home / "log", cwd=home) as engine:
            engine.wait_for(f"http://127.0.0.1:{ports['loki']}/ready")
            paths = [logs / f"{number}.log" for number in range(FILES)]
            for path in paths:
                path.touch()
            time.sleep(5)  # noqa: TID251 - a benchmark lives in real time
            idle = _share(engine, partial(time.sleep, 5))  # noqa: TID251 - a benchmark lives in real time
            count = 0

            def write() -> None:
                nonlocal count
                count = _write(paths)

            busy = _share(engine, write)
            kept = _kept(ports["loki"], count)
            memory = engine.usage().resident_bytes
        print(f"{FILES} files, {count / SECONDS:.0f} lines a second: {busy:.1%} of a core (limit {LIMIT:.0%})")
        print(f"nothing written: {idle:.1%} of a core")
        print(f"{kept} of {count} lines in the store, {memory / 2**20:.0f} MB resident")


def _configure(home: Path, logs: Path) -> None:
    (home / "prometheus.yml").write_text("")
    for name in ("loki", "promtail"):
        (home / name).mkdir()
    limits = "{ingestion_rate_mb: 1000, ingestion_burst_size_mb: 1000, max_global_streams_per_user: 0}"
    (home / "loki" / "local-config.yaml").write_text(f"auth_enabled: false\nlimits_config: {limits}\n")
    (home / "promtail" / "config.yml").write_text(
        "clients: [{url: 'http://loki:3100/loki/api/v1/push'}]\nscrape_configs:\n- job_name: app\n"
        f"  static_configs: [{{targets: [localhost], labels: {{job: app, __path__: '{logs}/*.log'}}}}]\n"
    )


def _write(paths: list[Path]) -> int:
    """To all files in turn, evenly over time."""
    files = [path.open("ab", buffering=0) for path in paths]
    count, begun, turns = 0, time.perf_counter(), LINES * SECONDS // FILES
    for turn in range(turns):
        line = _LINE.format(turn).encode()
        for file in files:
            file.write(line)
        count += len(files)
        time.sleep(max(0.0, begun + (turn + 1) * SECONDS / turns - time.perf_counter()))  # noqa: TID251 - a benchmark lives in real time
    for file in files:
        file.close()
    return count


def _share(engine: Program, work: Callable[[], object]) -> float:
    """CPU seconds per second while it lasts."""
    before, begun = engine.usage().cpu_seconds, time.perf_counter()
    work()
    return (engine.usage().cpu_seconds - before) / (time.perf_counter() - begun)


def _kept(port: int, wanted: int) -> int:
    query = urllib.parse.urlencode({"query": 'sum(count_over_time({job="app"}[1h]))'})
    url, kept = f"http://127.0.0.1:{port}/loki/api/v1/query?{query}", 0
    end = time.perf_counter() + _PATIENCE
    while kept < wanted and time.perf_counter() < end:
        time.sleep(0.5)  # noqa: TID251 - a benchmark lives in real time
        with urllib.request.urlopen(url) as answer:
            result = json.load(answer)["data"]["result"]
        kept = int(float(result[0]["value"][1])) if result else 0
    return kept
