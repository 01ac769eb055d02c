"""Annotations: what the queries of a dashboard's annotations mark on its time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from engine.dashboards.fields.colors import hexed
from engine.dashboards.frames.results import legend_text, rows
from engine.dashboards.intervals import length
from engine.dashboards.json import Json, flag, mapping, text
from engine.dashboards.sources.ports import Source
from engine.dashboards.variables.formats import prometheus
from engine.dashboards.variables.interpolate import interpolate, names
from engine.dashboards.view.asked import Asked
from engine.dashboards.view.panel import Desk
from engine.dashboards.view.resolving import Resolver
from engine.foundation.errors import EngineError
from promql.model.types import FloatArray, IntArray

_STEP: Final = 60_000
_POINTS: Final = 1000
_LINES: Final = 100


async def marks(asking: Asked, desk: Desk) -> list[dict[str, Any]]:
    """Of all that are switched on; one whose query fails says so as its text, at the end of the time."""
    resolver = Resolver(asking, desk.shelf)
    found: list[dict[str, Any]] = []
    for one in asking.board.annotations:
        if not flag(one.get("enable"), True) or one.get("builtIn") == 1 or not _query(one):
            continue
        await resolver.those(list(names(f"{_query(one)} {one.get('datasource')}")))
        try:
            source = desk.shelf.find(one.get("datasource"), resolver.lookup)
            query = interpolate(_query(one), resolver.lookup, prometheus)
            found += await (
                _of_logs(one, query, source, asking)
                if source.info.type == "loki"
                else _of_metrics(one, query, source, asking)
            )
        except EngineError as error:
            found.append(_mark(one, (asking.within.end, None), f"{text(one.get('name'))}: {error}", "", ()))
    return sorted(found, key=lambda mark: mark["time"])


def _query(one: Json) -> str:
    target = mapping(one.get("target"))
    return text(one.get("expr")) or text(target.get("expr"))


async def _of_metrics(one: Json, query: str, source: Source, asking: Asked) -> list[dict[str, Any]]:
    """A mark from where a series begins to be above zero to where it ends."""
    within = asking.within
    step = max(length(text(one.get("step")), _STEP), within.span // _POINTS)
    result = await source.over_range(query, within.start // step * step, within.end // step * step, step)
    found = []
    for labels, times, values in rows(result):
        told = labels.as_dict()
        title = legend_text(text(one.get("titleFormat")), told) or told.get("__name__", "")
        words = legend_text(text(one.get("textFormat")), told)
        tags = [value for key in text(one.get("tagKeys")).split(",") if (value := told.get(key.strip()))]
        stamped = one.get("useValueForTime")
        spans = _moments(values) if stamped in (True, "on") else _spans(times, values, step)
        found += [_mark(one, span, title, words, tags) for span in spans]
    return found


def _moments(values: FloatArray) -> list[tuple[int, int | None]]:
    """Values that are instants themselves, in seconds or ms."""
    seen = dict.fromkeys(float(value) for value in values if np.isfinite(value) and value > 0)
    return [(int(value if value > 1e11 else value * 1000), None) for value in seen]


def _spans(times: IntArray, values: FloatArray, step: int) -> list[tuple[int, int | None]]:
    found: list[tuple[int, int | None]] = []
    last = None
    for time, value in zip(times.tolist(), values.tolist(), strict=True):
        if not value > 0:
            continue
        if last is not None and time - last <= step:
            found[-1] = (found[-1][0], time)
        else:
            found.append((time, None))
        last = time
    return found


async def _of_logs(one: Json, query: str, source: Source, asking: Asked) -> list[dict[str, Any]]:
    within = asking.within
    streams = await source.logs(query, within.start, within.end, _LINES, forward=False)
    found = []
    for stream in streams:
        tags = list(stream.labels.as_dict().values())
        found += [_mark(one, (ns // 1_000_000, None), "", line, tags) for ns, line in stream.lines]
    return found


def _mark(one: Json, span: tuple[int, int | None], title: str, words: str, tags: Iterable[str]) -> dict[str, Any]:
    return {
        "name": text(one.get("name")),
        "color": hexed(text(one.get("iconColor"), "blue")),
        "time": span[0],
        "timeEnd": span[1],
        "title": title,
        "text": words,
        "tags": list(tags),
    }
