"""The metrics of each component."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.app.components import exporters
from engine.app.metrics import alertmanager_http, itself
from engine.app.parts import Parts
from exporters.exposition.families import Family
from exporters.serve import Collect


def collects(parts: Parts) -> dict[str, Collect]:
    """By component, whether it runs or not."""

    async def ours(_: Sequence[str]) -> list[Family]:
        return itself.families(parts)

    async def of_alertmanager(_: Sequence[str]) -> list[Family]:
        if parts.alertmanager is None:
            return []
        from engine.alerting.metrics import families as alertmanager_families  # noqa: PLC0415 - only where it runs

        http = alertmanager_http.families(parts.components.alertmanager_http)
        return [*alertmanager_families(parts.alertmanager), *http]

    async def of_loki(only: Sequence[str]) -> list[Family]:
        return [*await parts.logs.collect(only), *await parts.ruling.collect(only)]

    return {
        "prometheus": ours,
        "alertmanager": of_alertmanager,
        "promtail": parts.tailing.collect,
        "loki": of_loki,
        "blackbox": parts.probing.collect,
        **exporters.collects(parts.around.clock, parts.around.workers, parts.options.node_flags),
    }


def answer_in_process(parts: Parts, found: Mapping[str, Collect]) -> None:
    """Our own scrapes of our own components, and probes by them, need no socket."""
    running = {"alertmanager": parts.alertmanager, "promtail": parts.tailing.promtail, "loki": parts.logs.part}
    for component, collect in found.items():
        if component not in running or running[component] is not None:
            parts.components.answers_itself(component, collect)
    parts.addresses.serves("blackbox", "/probe", parts.probing.page)
