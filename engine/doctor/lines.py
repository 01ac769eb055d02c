"""Lines that do not arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from engine.doctor.ports import Ailment, Stack, counted, failing_discovery
from engine.foundation.errors import RemoteError

_COUNTS: Final = (
    ("loki", "loki_discarded_samples_total", "reason", "lines were refused",
     "the reason names the limit: see limits_config of Loki's file"),
    ("promtail", "promtail_dropped_entries_total", "host", "lines were given up on their way",
     "see whether Loki answers, and what its log says"),
    ("promtail", "logentry_dropped_lines_total", "reason", "lines were dropped by stages",
     "a stage of the pipeline wants that, or a limit of it"),
)  # fmt: skip
_SKIPPED: Final = "skipped: "
_MOST_NAMED: Final = 5


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
    for ailment in await failing_discovery(stack, of_promtail=True):
        yield ailment
    async for ailment in _files(stack):
        yield ailment
    for component, name, label, text, step in _COUNTS:
        for value, what in await counted(stack, component, name, label):
            yield Ailment(f"{value:.0f} {text}{f' ({what})' if what else ''} since the start", step)


async def _files(stack: Stack) -> AsyncIterator[Ailment]:
    """Of our Promtail: the original tells people alone, by a page."""
    try:
        status, body = await stack.get("promtail", "/service-discovery?format=json")
    except RemoteError:
        return
    targets: list[dict[str, Any]] = body.get("targets", []) if status == 200 and isinstance(body, dict) else []
    skipped = {path: said for one in targets for path, said in one["details"].items() if said.startswith(_SKIPPED)}
    for path, said in sorted(skipped.items())[:_MOST_NAMED]:
        yield Ailment(
            f"{path} is not followed: {said.removeprefix(_SKIPPED)}",
            "let the user that runs Promtail read it, or leave it out by __path_exclude__",
            hurts="denied" in said.lower(),
        )
    for one in targets:
        pattern = one["discovered"].get("__path__", "")
        if one["dropped"]:
            yield Ailment(
                f"a target of job {one['job']} is not read: {one['dropped']}", "see its labels and relabel_configs"
            )
        elif one["kind"] == "File" and not one["ready"] and not one["details"]:
            yield Ailment(
                f"no file is at {pattern} (job {one['job']})",
                "correct __path__, or start what writes there: it is followed once it is there",
                hurts=False,
            )
