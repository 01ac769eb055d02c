"""All checks, by the trouble that people have."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from engine.doctor import alerts, lines, queries, samples, targets
from engine.doctor.ports import Check

CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "samples are missing": samples.check,
        "targets are down": targets.check,
        "alerts are late": alerts.check,
        "logs are missing": lines.check,
        "dashboards are slow": queries.check,
    }
)
