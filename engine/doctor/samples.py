"""Samples that are missing: scrapes that did not take place, a damaged or full disk, a clock that jumps."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import psutil

from engine.doctor.ports import Ailment, Stack, data, span
from promql.model.instants import rfc3339

_LITTLE: Final = 2 << 30
_DAY: Final = 86_400
_STEP: Final = 300
_MOST_GAPS: Final = 3


async def check(stack: Stack) -> AsyncIterator[Ailment]:
    runtime = await data(stack, "/api/v1/status/runtimeinfo") or {}
    if runtime.get("corruptionCount"):
        yield Ailment(
            f"{runtime['corruptionCount']} damaged places of the log were cut off at the start",
            "see the log for the times that are lost; `engine tsdb verify --data-dir DIR` judges all that is kept",
        )
    if runtime.get("reloadConfigSuccess") is False:
        yield Ailment(
            "the configuration on disk is refused: an older one is in force", "engine check FILE says what is wrong"
        )
    flags = await data(stack, "/api/v1/status/flags") or {}
    asked = () if _is_agent(flags) else (*await _lost(stack), *await _gaps(stack), *await _unwatched(stack))
    for ailment in asked:
        yield ailment
    for ailment in await _forwarded(stack):
        yield ailment
    for ailment in _disk(flags.get("storage.tsdb.path", ""), runtime.get("CWD", "")):
        yield ailment


async def _lost(stack: Stack) -> list[Ailment]:
    asked = {
        "increase(prometheus_target_scrapes_exceeded_sample_limit_total[1h]) > 0": (
            "pages were refused for their sample_limit",
            "raise sample_limit of the job, or drop what nobody needs by metric_relabel_configs",
        ),
        "increase(prometheus_target_scrapes_sample_out_of_order_total[1h]) > 0": (
            "samples were refused since they came out of order",
            "two targets have the same labels, or a page has timestamps that jump: honor_timestamps: false helps",
        ),
        "increase(prometheus_target_scrapes_sample_duplicate_timestamp_total[1h]) > 0": (
            "samples were refused since their instant has another value already",
            "two targets have the same labels: give them labels that tell them apart",
        ),
        "increase(prometheus_tsdb_wal_corruptions_total[1h]) > 0": (
            "the log was found damaged", "look at the disk; `engine tsdb verify --data-dir DIR` judges what is kept",
        ),
    }  # fmt: skip
    found = [(await stack.query(expr), text, step) for expr, (text, step) in asked.items()]
    return [
        Ailment(f"{sum(one.value for one in hits):.0f} times in an hour {text}", step)
        for hits, text, step in found
        if hits
    ]


async def _gaps(stack: Stack) -> list[Ailment]:
    """Stretches of the last day of which there is nothing, with something before and after."""
    now = next((one.value for one in await stack.query("vector(time())")), None)
    if now is None:
        return []
    asked = {"query": "count(up)", "start": f"{now - _DAY:.3f}", "end": f"{now:.3f}", "step": str(_STEP)}
    found = await data(stack, f"/api/v1/query_range?{urlencode(asked)}") or {}
    times = [float(time) for one in found.get("result", []) for time, _ in one["values"]]
    gaps = [(before, after) for before, after in pairwise(times) if after - before > 1.5 * _STEP]
    if len(gaps) > len(times) / 4:  # scrapes are rarer than samples count as present
        return []
    return [
        Ailment(
            f"there are no samples from about {_clock(before)} to {_clock(after)} UTC ({span(after - before)})",
            "nothing ran then, or nothing could be kept: the log of that time says; `engine run --detach` outlasts the "
            "terminal",
            hurts=False,
        )
        for before, after in gaps[-_MOST_GAPS:]
    ]


async def _forwarded(stack: Stack) -> list[Ailment]:
    """By remote write."""
    told = await data(stack, "/api/v1/status/remote_write") or {}
    found = [
        Ailment(
            f"no samples go to {url}: it lies beyond this machine", "--deliver sends them there", hurts=False
        )
        for url in told.get("withheld", [])
    ]  # fmt: skip
    for server in told.get("servers", []):
        name, problem = f"{server['name']} ({server['url']})", server.get("problem")
        more = " and more in the log" if server["moreInLog"] else ""
        if problem:
            found.append(
                Ailment(
                    f"{server['waiting']} samples{more} wait for {name}: {problem}",
                    "mend that server, or its entry of remote_write: up to 1 GB of the log is kept, and sent then",
                )
            )
        if server["refused"]:
            found.append(
                Ailment(
                    f"{server['refused']} of {server['sent']} samples were refused for good by {name}",
                    "the log of the engine has that server's words",
                )
            )
    return found


def _clock(seconds: float) -> str:
    return rfc3339(round(seconds * 1000))[:16].replace("T", " ")


def _is_agent(flags: Mapping[str, str]) -> bool:
    """Ours, or Prometheus's: it answers no query, so nothing can be found by one."""
    return flags.get("agent") == "true" or "agent" in flags.get("enable-feature", "").split(",")


async def _unwatched(stack: Stack) -> list[Ailment]:
    """Half of the checks ask for what Prometheus tells of itself."""
    if await stack.query("prometheus_build_info"):
        return []
    return [
        Ailment(
            "nobody scrapes Prometheus's own metrics: refused samples and slow queries are not known",
            "add a job for localhost:9090",
            hurts=False,
        )
    ]


def _disk(path: str, folder: str) -> list[Ailment]:
    """Of this machine: where the data folder is another's, nothing is found."""
    place = Path(folder, path) if path else None
    if place is None or not place.is_dir():
        return []
    found = []
    if not os.access(place, os.W_OK):
        found.append(
            Ailment(
                f"this user may not write to {place}, where samples are kept",
                "whoever runs the engine has to: chown or chmod it",
                hurts=False,
            )
        )
    usage = psutil.disk_usage(str(place))
    if usage.free > _LITTLE:
        return found
    return [
        *found,
        Ailment(
            f"{usage.free / (1 << 20):.0f} MB are free where samples are kept ({place})",
            "free some, or lower --storage.tsdb.retention.size",
        ),
    ]
