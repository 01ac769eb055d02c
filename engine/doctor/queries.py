"""Queries that let people wait."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from engine.doctor.ports import Ailment, Stack, data, span

_SLOW_SECONDS: Final = 1.0
_MANY_SERIES: Final = 10_000
_P99: Final = (
    "histogram_quantile(0.99, sum by (handler, le) "
    '(rate(prometheus_http_request_duration_seconds_bucket{handler=~".*/query(_range)?"}[1h])))'
)


async def check(stack: Stack) -> AsyncIterator[Ailment]:
    for one in await stack.query(f"{_P99} > {_SLOW_SECONDS}"):
        yield Ailment(
            f"one of a hundred answers of {one.labels.get('handler')} takes over {span(one.value)}",
            "`engine query explain EXPR` shows what is costly; record what dashboards ask often; shorten the span, or "
            "show fewer panels",
        )
    for one in await stack.query("prometheus_engine_queries >= prometheus_engine_queries_concurrent_max"):
        yield Ailment(
            f"{one.value:.0f} queries run, so others wait", "raise --query.max-concurrency, or ask less often"
        )
    head = await data(stack, "/api/v1/status/tsdb?limit=1") or {}
    for metric in head.get("seriesCountByMetricName", []):
        if metric["value"] >= _MANY_SERIES:
            yield Ailment(
                f"{metric['name']} alone has {metric['value']} series",
                "what asks for it reads them all: drop a label that takes many values by metric_relabel_configs",
                hurts=False,
            )
