"""What is asked at Alertmanager's port, under its names. Of version 2 of its API it counts nothing, we do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from engine.web.counts import MethodCounts
from exporters.exposition.families import Family, MetricType, Sample
from exporters.histogram import Histogram
from promql.model.numbers import general

_FIRST_VERSION: Final = "/api/v1"
_NAMES: Final = {"/silence/:id": "/silence/:sid"}


def families(counts: MethodCounts) -> Iterator[Family]:
    """As of now. What can't happen here is counted for those who watch it."""
    flying = {"get": 0, **counts.in_flight}
    rows = (({"method": method}, float(count)) for method, count in sorted(flying.items()))
    yield Family.of(
        "alertmanager_http_requests_in_flight", MetricType.GAUGE, "Requests that are being answered.", *rows
    )
    yield Family.of(
        "alertmanager_http_concurrency_limit_exceeded_total",
        MetricType.COUNTER,
        "Requests that were refused since there were too many; there is no such limit.",
        ({"method": "get"}, 0.0),
    )
    seconds, sizes = counts.method_seconds, counts.method_bytes
    yield _histograms("alertmanager_http_request_duration_seconds", "Seconds of HTTP requests.", seconds)
    yield _histograms("alertmanager_http_response_size_bytes", "Bytes of HTTP answers.", sizes)


def _histograms(name: str, text: str, found: Mapping[tuple[str, str], Histogram]) -> Family:
    family = Family(name, MetricType.HISTOGRAM, text)
    for (handler, method), histogram in sorted(found.items()):
        labels = (("handler", _handler(handler)), ("method", method))
        for bound, count in histogram.buckets():
            family.samples.append(Sample(f"{name}_bucket", (*labels, ("le", general(bound))), float(count)))
        family.samples.append(Sample(f"{name}_sum", labels, histogram.total))
        family.samples.append(Sample(f"{name}_count", labels, float(histogram.count)))
    return family


def _handler(path: str) -> str:
    """As the original names it: paths of version 1 by what stands behind it."""
    if not path.startswith(_FIRST_VERSION):
        return path
    bare = path.removeprefix(_FIRST_VERSION)
    return _NAMES.get(bare, bare)
