"""Which configuration is in force, and how the last loading of one went."""

from __future__ import annotations

from collections.abc import Mapping

from engine.config.load import Loaded
from engine.config.prometheus import PrometheusConfig


class InForce:
    """Owned by the application; whoever follows the configuration asks here each time.

    `since` is the Unix ms of the last good loading, `good` whether no other has failed after it.
    """

    def __init__(self, loaded: Loaded, now: int) -> None:
        self.loaded = loaded
        self.good = True
        self.since = now

    @property
    def config(self) -> PrometheusConfig:
        return self.loaded.config

    @property
    def external_labels(self) -> Mapping[str, str]:
        return self.config.global_.external_labels
