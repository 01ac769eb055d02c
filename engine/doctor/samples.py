"""Samples that are missing: scrapes that did not take place, a damaged or full disk, a clock that jumps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import psutil

from engine.doctor.ports import Ailment, Stack, data

_LITTLE: Final = 2 << 30


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
    for ailment in await _lost(stack):
        yield ailment
    flags = await data(stack, "/api/v1/status/flags") or {}
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


def _disk(path: str, folder: str) -> list[Ailment]:
    """Of this machine: where the data folder is another's, nothing is found."""
    place = Path(folder, path) if path else None
    if place is None or not place.is_dir():
        return []
    usage = psutil.disk_usage(str(place))
    if usage.free > _LITTLE:
        return []
    return [
        Ailment(
            f"{usage.free / (1 << 20):.0f} MB are free where samples are kept ({place})",
            "free some, or lower --storage.tsdb.retention.size",
        )
    ]
