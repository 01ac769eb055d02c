"""What the guide's own snippets tell, and what stands in for them here, are named alike."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from exporters.browser.beacons import ENDPOINTS
from tests.conftest import PROJECT

SCRIPT = """
import asyncio, json, os, sys, time
from fastapi import FastAPI
from tests.exporters.app.asking import ask

app = FastAPI()
app.get("/hello")(lambda: "hello")
snippet = sys.argv[1]
if snippet == "ours":
    from exporters.app.asgi import MetricsMiddleware
    from exporters.app.options import AppOptions
    sys.path.insert(0, "examples/demo")
    import backend.maintenance
    from exporters.app.users import active_users
    from prometheus_client import REGISTRY
    active_users(REGISTRY)
    options = AppOptions(info={"version": "1.0.0", "environment": "development"})
    app.add_middleware(MetricsMiddleware, options=options)
    business = vars(backend.maintenance)
else:
    names = {"time": time, "os": os}  # which the snippet uses and does not import
    exec(open(snippet + "/app_metrics.py").read(), names)
    names["setup_metrics"](app)
    business = {}
    exec(open(snippet + "/business_metrics.py").read(), business)
for name in ("maintenance_records_created", "maintenance_completion_time", "pending_maintenance_tasks"):
    business[name].labels(type="repair", priority="high")

async def main():
    await ask(app, "GET", "/hello")
    first = await ask(app, "GET", "/metrics")
    page = first if first.status == 200 else await ask(app, "GET", "/metrics/")
    print(json.dumps({"status": first.status, "page": page.body.decode()}))

asyncio.run(main())
"""
LABEL = re.compile(r'(\w+)="([^"]*)"')


def told(which: str) -> Any:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT, which]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def series(page: str) -> set[tuple[str, ...]]:
    """Name, names of labels, and the bucket's bound where it is one."""
    found = set()
    for line in page.splitlines():
        if not line.startswith(("#", "python_", "process_")):
            name, labels = line.partition("{")[0].split()[0], dict(LABEL.findall(line))
            found.add((name, *sorted(labels), labels.get("le", "")))
    return {one for one in found if not one[0].endswith("_created")}


def test_the_applications_metrics_are_those_of_the_guide_and_the_page_comes_without_a_redirect(guide: Path) -> None:
    theirs, ours = told(str(guide / "snippets")), told("ours")
    assert (theirs["status"], ours["status"]) == (307, 200)
    assert series(theirs["page"]) - series(ours["page"]) == set()
    more = {one[0] for one in series(ours["page"]) - series(theirs["page"])}
    assert more == {"http_request_exceptions_total", "login_attempts_total"}


def test_browsers_post_what_the_guides_code_sends(guide: Path) -> None:
    script = (guide / "snippets" / "frontend_metrics.js").read_text()
    posts = re.findall(r"axios\.post\('/api/metrics/([\w-]+)', \{([^}]*)\}", script)
    assert {path for path, _ in posts} == {"page-load", "user-interaction", "component-render"}
    for path, body in posts:
        keys = {part.split(":")[0].strip() for part in body.split(",")}
        assert keys == {field.encode_name for field in msgspec.structs.fields(ENDPOINTS[path].type)}
