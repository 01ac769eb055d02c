"""A panel's queries: filled in, paced, run, and made into frames."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct

from engine.dashboards.frames import results
from engine.dashboards.frames.frame import Field, Frame
from engine.dashboards.intervals import Pace, durations, length, log_pace, pace
from engine.dashboards.json import whole
from engine.dashboards.model import Panel, Target, point_limit
from engine.dashboards.sources.ports import LogStream, Source
from engine.dashboards.sources.shelf import Shelf
from engine.dashboards.times import TimeRange
from engine.dashboards.variables.formats import prometheus
from engine.dashboards.variables.interpolate import interpolate
from engine.dashboards.variables.value import Lookup, chained, texts
from engine.dashboards.view import adhoc
from engine.dashboards.view.asked import Asked
from engine.dashboards.view.resolving import filters
from engine.foundation.errors import EngineError
from promql.model.results import Result

_LINES = 1000


class Answered(Struct, frozen=True):
    """One query and what came of it; `problem` says why nothing did."""

    ref: str
    query: str
    source: str
    frames: Sequence[Frame] = ()
    problem: str = ""
    seconds: float = 0.0
    step: int = 0


class Surroundings(Struct, frozen=True):
    """What a panel's queries need around them."""

    asking: Asked
    shelf: Shelf
    lookup: Lookup
    monotonic: Callable[[], float]


async def answers(panel: Panel, within: TimeRange, around: Surroundings) -> list[Answered]:
    """All queries of a panel that are not hidden, beside each other."""
    wanted = [target for target in panel.targets if not target.hidden]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_answered(target, panel, within, around, len(wanted))) for target in wanted]
    return [task.result() for task in tasks]


async def _answered(target: Target, panel: Panel, within: TimeRange, around: Surroundings, count: int) -> Answered:
    query, source_name, began = target.query, "", around.monotonic()
    try:
        source = around.shelf.find(target.source, around.lookup)
        source_name = source.info.name
        if not query.strip():
            return Answered(target.ref, "", source_name)
        if within.end < within.start:
            return Answered(target.ref, query, source_name, problem="the span of time ends before it begins")
        found = _paced(target, panel, within, around, source)
        lookup = chained(texts(durations(found, within)), around.lookup)
        query = interpolate(query, lookup, prometheus)
        wanted = filters(around.asking, source, around.shelf, around.lookup)
        is_loki = source.info.type == "loki"
        query = adhoc.of_logs(query, wanted) if is_loki else adhoc.written(query, wanted)
        legend = interpolate(target.legend, lookup)
        ask = _Ask(target, query, legend, within, found, count > 1)
        frames = await (_logs(ask, source) if is_loki and _is_lines(query) else _metrics(ask, source))
    except EngineError as error:
        return Answered(target.ref, query, source_name, (), str(error), around.monotonic() - began)
    return Answered(target.ref, query, source_name, frames, "", around.monotonic() - began, found.step)


class _Ask(Struct, frozen=True):
    target: Target
    query: str
    legend: str
    within: TimeRange
    pace: Pace
    several: bool


def _paced(target: Target, panel: Panel, within: TimeRange, around: Surroundings, source: Source) -> Pace:
    points = point_limit(panel, around.asking.width, around.asking.max_points)
    least = interpolate(target.interval or panel.interval, around.lookup)
    if source.info.type == "loki":
        return log_pace(within, points, whole(target.raw.get("resolution"), 1), least)
    return pace(within, points, least, target.factor, source.info.scrape_ms)


async def _metrics(ask: _Ask, source: Source) -> list[Frame]:
    target, step, found = ask.target, ask.pace.step, []
    if target.range:
        start, end = ask.within.start // step * step, ask.within.end // step * step
        result = await source.over_range(ask.query, start, end, step)
        found += _frames(ask, result, step)
    if target.instant:
        found += _frames(ask, await source.instant(ask.query, ask.within.end))
    return found


def _frames(ask: _Ask, result: Result, step: int = 0) -> list[Frame]:
    target = ask.target
    if target.format == "table":
        return [results.table_frame(result, target.ref, ask.several)]
    if target.format == "heatmap":
        return [results.heatmap_frame(result, target.ref, ask.legend, ask.query)]
    return results.series_frames(result, target.ref, ask.legend, ask.query, step)


def _is_lines(query: str) -> bool:
    """A query for lines begins with a selector; all others compute numbers."""
    return query.lstrip().startswith("{")


async def _logs(ask: _Ask, source: Source) -> list[Frame]:
    raw = ask.target.raw
    limit = whole(raw.get("maxLines")) or length(str(source.info.json.get("maxLines") or ""), 0) // 1000 or _LINES
    forward = raw.get("direction") == "forward"
    found = await source.logs(ask.query, ask.within.start, ask.within.end, limit, forward=forward)
    return [lines_frame(found, ask.target.ref)]


def lines_frame(streams: Sequence[LogStream], ref: str) -> Frame:
    """Lines of all streams in one frame, newest first."""
    rows = [(ns, line, one.labels.as_dict()) for one in streams for ns, line in one.lines]
    rows.sort(key=lambda row: -row[0])
    return Frame(
        (
            Field("Time", "time", np.array([ns // 1_000_000 for ns, _, _ in rows], dtype=np.int64)),
            Field("Line", "string", [line for _, line, _ in rows]),
            Field("labels", "other", [labels for _, _, labels in rows]),
            Field("ns", "string", [str(ns) for ns, _, _ in rows]),
        ),
        ref,
        "",
        "log-lines",
    )
