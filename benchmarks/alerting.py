"""Alertmanager under load, beside the original: 10,000 active alerts in 1,000 groups, told anew 100 posts a second.

Each post renews 64 alerts, as Prometheus sends them; a webhook on loopback takes the notifications. Measured are the
CPU seconds of the process tree over half a minute, once all groups were told, and the memory at its end. The rest of
the engine runs too, as it does whenever the engine runs, and scrapes nothing.
"""

from __future__ import annotations

import http.client
import http.server
import json
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.harness import ENGINE, Program, free_port, peer, report, running

GROUPS: Final = 1_000
ALERTS: Final = 10_000
BATCH: Final = 64
POSTS: Final = 100
SECONDS: Final = 30
SETTLING: Final = 20
CONFIG: Final = """
route: {{receiver: hook, group_by: [alertname], group_wait: 5s, group_interval: 10s, repeat_interval: 1h}}
inhibit_rules: [{{source_matchers: [severity=page], target_matchers: [severity=warn], equal: [alertname, instance]}}]
receivers: [{{name: hook, webhook_configs: [{{url: 'http://127.0.0.1:{port}/'}}]}}]
"""


def main() -> None:
    """The engine, then Alertmanager."""
    alertmanager = peer("prometheus-alertmanager")
    ours = _measured(None)
    theirs = _measured(alertmanager) if alertmanager else None
    for at, (name, unit) in enumerate((("CPU", "s"), ("memory", "MB"))):
        report(f"10,000 alerts in 1,000 groups, {name}", unit, ours[at], theirs[at] if theirs else None, "Alertmanager")


def _bodies() -> Sequence[bytes]:
    """All alerts, in posts of some each."""
    alerts = [
        {
            "labels": {
                "alertname": f"Alert{number % GROUPS}", "instance": f"10.0.0.{number // GROUPS}:9100", "job": "node",
                "severity": "page" if number % 7 else "warn",
            },
            "annotations": {"summary": f"alert {number} is firing", "runbook": "https://example.com/runbook"},
            "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2035-01-01T00:00:00Z",
            "generatorURL": "http://127.0.0.1:9090/graph?g0.expr=up",
        }
        for number in range(ALERTS)
    ]  # fmt: skip
    return [json.dumps(alerts[at : at + BATCH]).encode() for at in range(0, ALERTS, BATCH)]


def _measured(alertmanager: str | None) -> tuple[float, float]:
    """CPU seconds, and MB."""
    with tempfile.TemporaryDirectory() as name, _hook() as hook:
        folder, port = Path(name), free_port()
        config = folder / "alertmanager.yml"
        config.write_text(CONFIG.format(port=hook))
        (folder / "prometheus.yml").write_text("global: {scrape_interval: 1h}\n")
        command = (
            [
                alertmanager, f"--config.file={config}", f"--storage.path={folder / 'data'}",
                "--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{port}",
            ]
            if alertmanager
            else [
                *ENGINE, "run", f"--config={folder / 'prometheus.yml'}", f"--alertmanager-config={config}",
                f"--data-dir={folder / 'data'}", "--listen=node=off", f"--web.listen-address=127.0.0.1:{free_port()}",
                f"--listen=alertmanager=127.0.0.1:{port}",
            ]
        )  # fmt: skip
        with running(command, folder / "log") as program:
            program.wait_for(f"http://127.0.0.1:{port}/-/ready")
            return _loaded(program, port)


def _loaded(program: Program, port: int) -> tuple[float, float]:
    client, bodies, sent = http.client.HTTPConnection("127.0.0.1", port), _bodies(), 0
    began, before = time.perf_counter(), 0.0
    while (now := time.perf_counter() - began) < SETTLING + SECONDS:
        if now >= SETTLING and not before:
            before = program.usage().cpu_seconds
        client.request("POST", "/api/v2/alerts", bodies[sent % len(bodies)], {"Content-Type": "application/json"})
        answer = client.getresponse()
        answer.read()
        assert answer.status == 200
        sent += 1
        time.sleep(max(sent / POSTS - (time.perf_counter() - began), 0))  # noqa: TID251 - a benchmark lives in real time
    usage = program.usage()
    return usage.cpu_seconds - before, usage.resident_bytes / 1e6


@contextmanager
def _hook() -> Iterator[int]:
    """Takes every notification."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
