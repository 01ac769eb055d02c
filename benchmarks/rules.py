"""One turn of a group of 1,000 alerting rules over 10,000 series, beside Prometheus.

Both scrape the same page and evaluate the same file; each tells in its own metrics how long the last turn of the group
took (`prometheus_rule_group_last_duration_seconds`). The fastest of the turns counts, since the machine is shared.
"""

from __future__ import annotations

import http.server
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.harness import ENGINE, Program, free_port, peer, report, running

RULES: Final = 1_000
INTERVAL: Final = 5
TURNS: Final = 6
_METRIC: Final = "prometheus_rule_group_last_duration_seconds{"


def shared() -> tuple[bytes, Sequence[str]]:
    """Ten metrics of 1,000 series each; every rule asks one of ten aggregated rates, against a threshold of its own."""
    rows = (f'm{m}_total{{path="p{p}"}} {p * 7 + m}' for m in range(10) for p in range(1_000))
    exprs = [f"sum by (job) (rate(m{i % 10}_total[1m])) > {1 + i}" for i in range(RULES)]
    return _page(rows), exprs


def different() -> tuple[bytes, Sequence[str]]:
    """1,000 metrics of ten series each; every rule has one for itself."""
    rows = (f'm{m}_total{{path="p{p}"}} {p * 7 + m}' for m in range(RULES) for p in range(10))
    return _page(rows), [f"rate(m{i}_total[1m]) > 1" for i in range(RULES)]


def main() -> None:
    """Both fleets, the engine and then Prometheus."""
    prometheus = peer("prometheus")
    for name, fleet in (("shared selectors", shared), ("all different", different)):
        page, exprs = fleet()
        ours = _measured(page, exprs, None)
        theirs = _measured(page, exprs, prometheus) if prometheus else None
        report(f"one turn of 1,000 rules, {name}", "s", ours, theirs, "Prometheus")


def _page(rows: Iterator[str]) -> bytes:
    return ("\n".join(rows) + "\n").encode()


def _measured(page: bytes, exprs: Sequence[str], prometheus: str | None) -> float:
    """Seconds of the fastest turn, once the ranges are full."""
    with tempfile.TemporaryDirectory() as name, _serving(page) as target:
        folder, port = Path(name), free_port()
        rules = "".join(f"  - {{alert: A{i}, expr: '{expr}', for: 5m}}\n" for i, expr in enumerate(exprs))
        (folder / "rules.yml").write_text(f"groups:\n- name: g\n  rules:\n{rules}")
        (folder / "prometheus.yml").write_text(
            f"global: {{scrape_interval: {INTERVAL}s, evaluation_interval: {INTERVAL}s}}\nrule_files: [rules.yml]\n"
            f"scrape_configs: [{{job_name: j, static_configs: [{{targets: ['127.0.0.1:{target}']}}]}}]\n"
        )
        data, listen = f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{port}"
        command = [prometheus] if prometheus else [*ENGINE, "run", "--listen=node=off", "--listen=alertmanager=off"]
        with running([*command, f"--config.file={folder / 'prometheus.yml'}", data, listen], folder / "log") as program:
            return _turns(program, f"http://127.0.0.1:{port}")


def _turns(program: Program, url: str) -> float:
    program.wait_for(f"{url}/-/ready")
    time.sleep(70)  # noqa: TID251 - a benchmark lives in real time
    seen = []
    for _ in range(TURNS):
        time.sleep(INTERVAL)  # noqa: TID251
        with urllib.request.urlopen(f"{url}/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        seen.append(min(float(line.split()[-1]) for line in lines if line.startswith(_METRIC)))
    return min(seen)


@contextmanager
def _serving(page: bytes) -> Iterator[int]:
    """The page at a port of this machine."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
