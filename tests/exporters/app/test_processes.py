"""Several processes of one application show one page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

WORKER = """
import asyncio, sys
from exporters.app.asgi import MetricsMiddleware
from exporters.app.options import AppOptions
from tests.exporters.app.asking import ask

async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body"})

async def main():
    app = MetricsMiddleware(application, options=AppOptions(browser=True, info={"version": "1"}))
    await ask(app, "GET", "/hello")
    await ask(app, "POST", "/api/metrics/page-load", b'{"page": "/", "loadTime": 500}')
    sys.stdout.write((await ask(app, "GET", "/metrics")).body.decode())

asyncio.run(main())
"""


def worker(folder: Path) -> list[str]:
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(folder), "PYTHONPATH": "."}
    done = subprocess.run([sys.executable, "-c", WORKER], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_what_one_worker_shows_is_the_work_of_all(tmp_path: Path) -> None:
    worker(tmp_path)
    page = worker(tmp_path)
    assert 'http_requests_total{endpoint="/hello",method="GET",status="200"} 2.0' in page
    assert 'page_load_time_sum{page="/"} 1.0' in page
    assert 'app_info_info{version="1"} 1.0' in page
