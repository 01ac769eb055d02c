"""`/federate`: the newest sample of each series that is asked for, as a page that another Prometheus scrapes.

As there: what has gone stale or is older than the lookback is left out, external labels are added where a series has
none of that name, and `instance` is shown empty rather than left out, so that whoever scrapes puts none of its own
there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from aiohttp import web
from msgspec import Struct

from engine.foundation.clock import Clock
from engine.foundation.errors import EngineError
from engine.foundation.workers import Workers
from engine.tsdb.store import Store
from engine.web.answers import plain
from engine.web.api import form
from engine.web.api.envelope import chosen_coding, compressed, pack
from exporters.exposition.negotiate import Format
from exporters.exposition.render import escape, number
from promql.errors import ParseError
from promql.model.labels import METRIC_NAME, Labels
from promql.model.matchers import Matcher
from promql.model.panel import Kind, Need
from promql.model.staleness import is_stale
from promql.syntax.parser import parse_selector

_INSTANCE: Final = "instance"
Newest = tuple[Labels, int, float]
"""A series, and the time (Unix ms) and value of its newest sample."""


class FederationCounts(Struct):
    """Pages that could not be made, and warnings, of which there are none here."""

    errors: int = 0
    warnings: int = 0


def routes(
    store: Store,
    workers: Workers,
    clock: Clock,
    *,
    lookback_ms: int,
    external_labels: Callable[[], Mapping[str, str]],
    counts: FederationCounts,
) -> list[web.RouteDef]:
    """Large pages are made and compressed in a worker."""

    def page(selectors: Sequence[Sequence[Matcher]], now: int, coding: str) -> bytes:
        found = newest(store, selectors, now - lookback_ms, now)
        return pack("".join(rendered(found, external_labels())).encode(), coding)

    async def federate(request: web.Request) -> web.Response:
        if (fault := form.fault(request)) is not None:
            return compressed(request, plain(400, f"error parsing form values: {fault}"))
        try:
            selectors = [parse_selector(text) for text in form.query(request).getall("match[]", [])]
        except ParseError as error:
            return compressed(request, plain(400, str(error)))
        coding = chosen_coding(request)
        try:
            body = await workers.run(page, selectors, clock.now_ms(), coding)
        except EngineError:
            counts.errors += 1
            raise
        packed = {"Content-Encoding": coding, "Vary": "Accept-Encoding"} if coding else {}
        return web.Response(body=body, headers={"Content-Type": Format.TEXT.content_type, **packed})

    return [web.get("/federate", federate, allow_head=False)]


def newest(store: Store, selectors: Iterable[Sequence[Matcher]], start: int, end: int) -> list[Newest]:
    """The newest samples with start <= t <= end of the series that match one of the selectors, sorted by labels.

    Series that have gone stale are left out, and `{}` selects nothing.
    """
    found: dict[Labels, Newest] = {}
    for matchers in filter(None, selectors):
        for selected in store.select(Need(tuple(matchers), start, end, Kind.INSTANT)):
            for _, labels, times, values in selected.series():
                if len(times) and not is_stale(values[-1:])[0]:
                    found[labels] = labels, int(times[-1]), float(values[-1])
    return [found[labels] for labels in sorted(found)]


def rendered(samples: Iterable[Newest], external: Mapping[str, str]) -> Iterator[str]:
    """The page's pieces; series without a name are left out."""
    added = sorted({_INSTANCE: "", **external}.items())
    named = sorted((one for one in samples if _name(one)), key=_name)
    for name, group in groupby(named, _name):
        yield f"# TYPE {name} untyped\n"
        for labels, time, value in group:
            own = [pair for pair in labels if pair[0] != METRIC_NAME]
            known = {name for name, _ in own}
            pairs = [*own, *(pair for pair in added if pair[0] not in known)]
            shown = ",".join(f'{label}="{escape(text)}"' for label, text in pairs)
            yield f"{name}{{{shown}}} {number(value)} {time}\n"


def _name(sample: Newest) -> str:
    return sample[0].get(METRIC_NAME)
