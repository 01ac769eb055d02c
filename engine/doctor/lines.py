"""Lines that do not arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator

from engine.doctor.ports import Ailment, Stack
from engine.foundation.errors import RemoteError

_COUNTS = (
    ("loki", "loki_discarded_samples_total", "reason", "lines were refused",
     "the reason names the limit: see limits_config of Loki's file"),
    ("promtail", "promtail_dropped_entries_total", "host", "lines were given up on their way",
     "see whether Loki answers, and what its log says"),
    ("promtail", "logentry_dropped_lines_total", "reason", "lines were dropped by stages",
     "a stage of the pipeline wants that, or a limit of it"),
)  # fmt: skip


async def check(stack: Stack) -> AsyncIterator[Ailment]:
    for component, hint in (
        ("loki", "give the engine its file, or start it"),
        ("promtail", "see that its paths exist and may be read: `engine check promtail FILE`"),
    ):
        try:
            status, body = await stack.get(component, "/ready")
        except RemoteError:
            continue  # nobody said that there should be one
        if status not in {200, 404}:
            yield Ailment(f"{component} is not ready: {str(body).strip()}", hint)
    for component, name, label, text, step in _COUNTS:
        for value, what in await _counted(stack, component, name, label):
            yield Ailment(f"{value:.0f} {text}{f' ({what})' if what else ''} since the start", step)


async def _counted(stack: Stack, component: str, name: str, label: str) -> list[tuple[float, str]]:
    """The samples above zero of a family in a component's own metrics."""
    try:
        status, page = await stack.get(component, "/metrics")
    except RemoteError:
        return []
    if status != 200 or not isinstance(page, str):
        return []
    samples = [line.rpartition(" ") for line in page.splitlines() if line.startswith(f"{name}{{")]
    told = [(float(value), labels.partition(f'{label}="')[2].partition('"')[0]) for labels, _, value in samples]
    return [(value, what) for value, what in told if value > 0]
