"""Targets that are written in the configuration."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from engine.discovery.config import TargetGroup as WrittenGroup
from engine.discovery.groups import Publish, TargetGroup
from promql.model.labels import Labels

ADDRESS = "__address__"


class StaticDiscovery(Struct, frozen=True):
    """The entries of `static_configs`; each is a group, named by its place."""

    configs: Sequence[WrittenGroup]

    async def run(self, publish: Publish) -> None:
        publish(static_groups(self.configs))


def static_groups(configs: Sequence[WrittenGroup]) -> list[TargetGroup]:
    return [
        TargetGroup(
            str(place), tuple(Labels.of({ADDRESS: target}) for target in config.targets), Labels.of(dict(config.labels))
        )
        for place, config in enumerate(configs)
    ]
