"""Paths that are served, asked of an engine that is made and not started."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from docs.tables.markdown import code, originals, section, table
from engine.alerting.config.document import AlertmanagerConfig
from engine.alerting.routing.config import RouteConfig
from engine.app.application import Application
from engine.app.around import Around
from engine.app.options import DEFAULT_PORTS, OFF, RunOptions
from engine.app.routes import routes
from engine.config.load import Loaded
from engine.config.prometheus import PrometheusConfig, resolve
from engine.foundation.clock import SystemClock
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import InlineWorkers
from engine.logs.config.document import LokiConfig
from engine.logs.config.settings import LogSettings
from engine.promtail.config import PromtailConfig
from exporters.exposition.families import Family

REFUSALS: Final = frozenset((("GET", "/-/reload"), ("GET", "/-/quit"), ("DELETE", "/api/v1/series")))


def http() -> Iterator[str]:
    yield from section(
        "HTTP API",
        "Paths that are served. What Alertmanager has under `/api/v2` is answered at Prometheus's port too.",
    )
    served = asyncio.run(_served())
    for component, paths in served.items():
        yield from section(component, level=3)
        yield from table(("Path", "Methods"), [(f"`{path}`", ", ".join(methods)) for path, methods in paths.items()])
        known = originals(component, "paths")
        missing = sorted(known - paths.keys())
        yield f"In the original, but not here: {code(missing) or 'nothing'}."
        yield ""
        borrowed = originals("alertmanager", "paths") if component == "prometheus" else frozenset()
        extra = sorted({path for path, methods in paths.items() if methods != ["OPTIONS"]} - known - borrowed)
        yield f"Here, but not in the original: {code(extra) or 'nothing'}."
        yield ""


async def _served() -> dict[str, dict[str, list[str]]]:
    """Methods by path by component, of an engine that is made and not started. Refusals of methods don't count."""
    clock = SystemClock()
    app = Application(
        RunOptions(Path("prometheus.yml"), data_dir=None, listen=dict.fromkeys(DEFAULT_PORTS, OFF)),
        Loaded(
            file=Path("prometheus.yml"),
            config=resolve(PrometheusConfig()),
            rules={},
            alertmanager_file=Path("alertmanager.yml"),
            alertmanager=AlertmanagerConfig(route=RouteConfig()),
            findings=(),
            translations=(),
            sources={},
            promtail_file=Path("promtail.yml"),
            promtail=PromtailConfig(),
            loki_file=Path("loki.yml"),
            loki=LogSettings(LokiConfig()),
        ),
        Around(clock, InlineWorkers(), Supervisor(clock)),
    )
    try:
        found: dict[str, dict[str, list[str]]] = {}
        for component, served in routes(app.parts, dict.fromkeys(DEFAULT_PORTS, _nothing)).items():
            paths = found[component] = {}
            for route in served:
                if route.method != "*" and (route.method, route.path) not in REFUSALS:
                    paths.setdefault(route.path.replace(":.*}", "}"), []).append(route.method)
        return found
    finally:
        await app.stop()


async def _nothing(_: Sequence[str]) -> list[Family]:
    return []
