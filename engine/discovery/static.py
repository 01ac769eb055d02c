"""Targets that are written in the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.discovery.config import StaticConfig
from engine.discovery.groups import Publish, TargetGroup
from promql.model.labels import Labels

ADDRESS = "__address__"


@dataclass(frozen=True, slots=True)
class StaticDiscovery:
    """The entries of `static_configs`; each is a group, named by its place."""

    configs: Sequence[StaticConfig]

    async def run(self, publish: Publish) -> None:
        publish(static_groups(self.configs))


def static_groups(configs: Sequence[StaticConfig]) -> list[TargetGroup]:
    return [
        TargetGroup(
            str(place), tuple(Labels.of({ADDRESS: target}) for target in config.targets), Labels.of(config.labels)
        )
        for place, config in enumerate(configs)
    ]
