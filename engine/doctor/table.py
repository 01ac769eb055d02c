"""All checks, by the trouble that people have."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from engine.doctor import alerts, lines, queries, samples, targets
from engine.doctor.ports import Ailment, Check, Stack

CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "samples are missing": samples.check,
        "targets are down": targets.check,
        "alerts are late": alerts.check,
        "logs are missing": lines.check,
        "dashboards are slow": queries.check,
    }
)


async def examined(stack: Stack) -> dict[str, list[Ailment]]:
    """What is found, by trouble; each thing once, also where two jobs scrape the counter that tells it."""
    return {trouble: list(dict.fromkeys([one async for one in check(stack)])) for trouble, check in CHECKS.items()}
