"""A panel's answer: its queries run, its fields shown, ready to draw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engine.dashboards.draw.scene import Scene, links
from engine.dashboards.draw.table_of_kinds import DRAWERS
from engine.dashboards.fields.display import prepared
from engine.dashboards.frames.frame import Frame
from engine.dashboards.model import Panel
from engine.dashboards.sources.shelf import Shelf
from engine.dashboards.times import shifted
from engine.dashboards.transform.join import join_by_field
from engine.dashboards.transform.table import transformed
from engine.dashboards.units import format as units
from engine.dashboards.variables.formats import readable
from engine.dashboards.variables.interpolate import interpolate, names
from engine.dashboards.variables.value import chained
from engine.dashboards.view.asked import Asked, built_in
from engine.dashboards.view.asking import Answered, Surroundings, answers
from engine.dashboards.view.resolving import Resolver
from engine.foundation.clock import Clock
from engine.foundation.workers import Workers

_MANY: Final = 20_000
"""Values that are made ready in a worker."""


class Desk(Struct, frozen=True, kw_only=True):
    """What answering needs: sources, the time, hands; and what only some panels show."""

    shelf: Shelf
    clock: Clock
    workers: Workers
    alerts: Callable[[], Sequence[Mapping[str, Any]]] = tuple
    boards: Callable[[], Sequence[Mapping[str, Any]]] = tuple


async def answer(panel: Panel, asking: Asked, desk: Desk) -> dict[str, Any]:
    """The JSON of `POST /api/engine/panel`. Raises TimeError for a time of its own that is none."""
    resolver = Resolver(asking, desk.shelf)
    await resolver.those([name for text in _texts(panel) for name in names(text)])
    now = desk.clock.now_ms()
    own = [interpolate(text, resolver.lookup) for text in (panel.time_from, panel.time_shift)]
    within, told = shifted(asking.within, own[0], own[1], now, asking.board.zone)
    lookup = chained(resolver.values.get, built_in(asking, within))
    around = Surroundings(asking, desk.shelf, lookup, desk.clock.monotonic)
    found = [] if panel.kind in ("row", "text") else await answers(panel, within, around)
    frames = [frame for one in found for frame in one.frames]
    setting = units.Setting(asking.board.zone, now)
    scene = Scene(panel, (), (), within, setting, lookup, _extra(panel, desk))
    size = sum(len(frame) * len(frame.fields) for frame in frames)
    if size > _MANY:
        drawn = await desk.workers.run(_drawn, frames, scene)
    else:
        drawn = _drawn(frames, scene)
    return {
        **drawn,
        **_told(found),
        "from": within.start,
        "to": within.end,
        "timeInfo": "" if panel.hide_time else told,
    }


def _extra(panel: Panel, desk: Desk) -> Mapping[str, Any]:
    match panel.kind:
        case "alertlist":
            return {"alerts": desk.alerts()}
        case "dashlist":
            return {"boards": desk.boards()}
        case _:
            return {}


def _drawn(frames: Sequence[Frame], bare: Scene) -> dict[str, Any]:
    """`bare` is the scene before there are frames in it."""
    panel, lookup = bare.panel, bare.lookup
    changed, left_out = transformed(frames, panel.transformations)
    if panel.kind == "barchart" and len(changed) > 1:
        changed = join_by_field(changed, {})
    scene = replace(bare, frames=changed, rows=prepared(changed, panel.field_config, bare.setting, lookup))
    drawn = DRAWERS[panel.kind](scene)
    return {
        "kind": panel.kind,
        "title": interpolate(panel.title, lookup, readable),
        "notes": [*panel.notes, *left_out],
        "links": links(panel.links, scene),
        **drawn,
    }


def _told(found: Sequence[Answered]) -> dict[str, Any]:
    problems = list(dict.fromkeys(one.problem for one in found if one.problem))
    nothing = bool(found) and all(one.problem for one in found)
    return {
        "queries": [
            {
                "refId": one.ref, "query": one.query, "source": one.source, "problem": one.problem,
                "seconds": round(one.seconds, 4), "step": one.step,
            }
            for one in found
        ],
        "step": next((one.step for one in found if one.step), 0),
        "problem": "; ".join(problems) if nothing else "",
    }  # fmt: skip


def _texts(panel: Panel) -> Iterable[str]:
    """Every text of a panel in which a variable may be named."""
    yield panel.title
    yield from (panel.interval, panel.time_from, panel.time_shift)
    everything = [panel.options, panel.field_config, panel.transformations, panel.links, panel.source]
    everything += [[one.raw, one.source] for one in panel.targets]
    yield msgspec.json.encode(everything).decode()


def repeated(panel: Panel, scope: Mapping[str, str]) -> Panel:
    return replace(panel, scope={**panel.scope, **scope})
