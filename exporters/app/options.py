"""How an application is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, field
from prometheus_client import REGISTRY, CollectorRegistry

BUCKETS: Final = (0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)


class AppOptions(Struct, frozen=True, kw_only=True):
    """What may be chosen; everything has a default.

    `metrics_path` is answered with the page of `registry` (None: by nobody). `browser` takes beacons at
    `/api/metrics/*`; pages of other origins may post them where `origins` names these (`https://shop.example.com`).
    `identify` tells who asks, of an ASGI scope or a WSGI environment, for `active_users`; those of the last
    `active_seconds` count.
    `info` becomes the labels of `app_info_info`. `most_paths` bounds the endpoints of frameworks that name no routes.
    """

    metrics_path: str | None = "/metrics"
    registry: CollectorRegistry = REGISTRY
    buckets: Sequence[float] = BUCKETS
    info: Mapping[str, str] = field(default_factory=dict)
    browser: bool = False
    origins: frozenset[str] = frozenset()
    identify: Callable[[Any], str | None] | None = None
    active_seconds: float = 300.0
    most_paths: int = 100


DEFAULTS: Final = AppOptions()
