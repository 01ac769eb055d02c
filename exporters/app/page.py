"""The page of metrics: one registry, or the files of all processes where `PROMETHEUS_MULTIPROC_DIR` is set."""

from __future__ import annotations

import gzip
import os
from collections.abc import Sequence

from msgspec import Struct
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder, gzip_accepted
from prometheus_client.multiprocess import MultiProcessCollector

from exporters.exposition.negotiate import Format, negotiate

_WORTH_COMPRESSING = 1024


class Page(Struct, frozen=True):
    """An answer with status 200; header names are in lower case."""

    headers: Sequence[tuple[str, str]]
    body: bytes


def page(registry: CollectorRegistry, *, accept: str, accept_encoding: str) -> Page:
    """In the format that the `Accept` header ranks first: OpenMetrics only where it is asked for."""
    wanted = "application/openmetrics-text; version=1.0.0" if negotiate(accept) is Format.OPENMETRICS else ""
    encode, content_type = choose_encoder(wanted)
    body = encode(_collected(registry))
    headers = [("content-type", content_type)]
    if len(body) >= _WORTH_COMPRESSING and gzip_accepted(accept_encoding):
        body = gzip.compress(body, 1)
        headers.append(("content-encoding", "gzip"))
    return Page([*headers, ("content-length", str(len(body)))], body)


def _collected(registry: CollectorRegistry) -> CollectorRegistry:
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return registry
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return together
