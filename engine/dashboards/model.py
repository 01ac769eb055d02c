"""A dashboard as values: what the migrated JSON says, with defaults for what it leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, field

from engine.dashboards.json import Json, at, flag, mapping, number, objects, shown, text, texts, whole
from engine.dashboards.migrate.steps import migrated
from engine.dashboards.units.dates import zone

KINDS: Final = (
    "timeseries", "stat", "gauge", "bargauge", "table", "heatmap", "histogram", "piechart", "barchart",
    "state-timeline", "status-history", "logs", "text", "alertlist", "dashlist", "annolist", "row",
)  # fmt: skip
"""The panels that are drawn as what they are."""
_SAME: Final[Mapping[str, str]] = {"trend": "timeseries", "xychart": "table", "news": "text", "welcome": "text"}
INTERVALS: Final = ("5s", "10s", "30s", "1m", "5m", "15m", "30m", "1h", "2h", "1d")
_SLUG: Final = re.compile(r"[^a-z0-9가-힣\u00c0-\u024f]+")  # noqa: TID251 - ours, linear


class Place(Struct, frozen=True):
    """On the grid: 24 columns, units of height of 30 px with gaps of 8."""

    x: int
    y: int
    w: int
    h: int


class Target(Struct, frozen=True):
    """One query of a panel."""

    ref: str
    query: str
    legend: str
    interval: str
    factor: int
    format: str
    instant: bool
    range: bool
    hidden: bool
    source: Any
    raw: Json


class Panel(Struct, frozen=True):
    """`kind` is how it is drawn, `type` how it is called in the file. `scope` holds what a repeated one stands for."""

    id: int
    kind: str
    type: str
    title: str
    description: str
    place: Place
    transparent: bool
    source: Any
    targets: tuple[Target, ...]
    options: Json
    field_config: Json
    transformations: tuple[Json, ...]
    links: tuple[Json, ...]
    repeat: str
    repeats_down: bool
    per_row: int
    interval: str
    max_points: int
    time_from: str
    time_shift: str
    hide_time: bool
    collapsed: bool
    panels: tuple[Panel, ...]
    notes: tuple[str, ...]
    scope: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """One of its own for each repetition."""
        return "/".join([str(self.id), *(f"{name}={value}" for name, value in self.scope.items())])


class Variable(Struct, frozen=True):
    """`query` as text; `raw` for what only one kind has. `current` is what the file was saved with."""

    name: str
    label: str
    kind: str
    hidden: int
    multi: bool
    include_all: bool
    all_value: str
    query: str
    regex: str
    sort: int
    source: Any
    options: tuple[tuple[str, str], ...]
    current: tuple[str, ...]
    raw: Json


class Board(Struct, frozen=True):
    """A whole dashboard."""

    uid: str
    title: str
    description: str
    tags: tuple[str, ...]
    timezone: str
    time_from: str
    time_to: str
    refresh: str
    intervals: tuple[str, ...]
    week_start: str
    crosshair: int
    version: int
    editable: bool
    links: tuple[Json, ...]
    variables: tuple[Variable, ...]
    annotations: tuple[Json, ...]
    panels: tuple[Panel, ...]

    @property
    def slug(self) -> str:
        return slug(self.title)

    @property
    def zone(self) -> Any:
        return zone(self.timezone)

    def every(self) -> Iterator[Panel]:
        """All panels, those in collapsed rows too."""
        for one in self.panels:
            yield one
            yield from one.panels

    def panel(self, number_: int) -> Panel | None:
        return next((one for one in self.every() if one.id == number_), None)


def slug(title: str) -> str:
    return _SLUG.sub("-", title.lower()).strip("-")


def board(given: Mapping[str, Any], uid: str = "") -> Board:
    """From JSON of any schema."""
    found = migrated(given)
    picker = mapping(found.get("timepicker"))
    return Board(
        uid=text(found.get("uid")) or uid,
        title=text(found.get("title")),
        description=text(found.get("description")),
        tags=tuple(texts(found.get("tags"))),
        timezone=text(found.get("timezone")) or "browser",
        time_from=shown(at(found, "time", "from") or "now-6h"),
        time_to=shown(at(found, "time", "to") or "now"),
        refresh=text(found.get("refresh")),
        intervals=tuple(texts(picker.get("refresh_intervals"))) or INTERVALS,
        week_start=text(found.get("weekStart")),
        crosshair=whole(found.get("graphTooltip")),
        version=whole(found.get("version")),
        editable=flag(found.get("editable"), True),
        links=tuple(objects(found.get("links"))),
        variables=tuple(variable(one) for one in objects(at(found, "templating", "list")) if text(one.get("name"))),
        annotations=tuple(objects(at(found, "annotations", "list"))),
        panels=_panels(objects(found.get("panels"))),
    )


def _panels(given: Sequence[Json]) -> tuple[Panel, ...]:
    used = {whole(one.get("id")) for one in given}
    made, free = [], max(used, default=0)
    for one in given:
        made.append(panel(one))
        if not one.get("id"):
            free += 1
            made[-1] = panel({**one, "id": free})
    return tuple(made)


def panel(given: Json) -> Panel:
    """From migrated JSON."""
    type_, place = text(given.get("type")), mapping(given.get("gridPos"))
    kind = type_ if type_ in KINDS else _SAME.get(type_, "table")
    notes = [f"the panel type {type_!r} is not known here: its data is shown as a table"] if type_ not in KINDS else []
    if mapping(given.get("libraryPanel")) and not given.get("targets"):
        notes = ["it is kept in Grafana's library of panels, which is no part of the file"]
    source = given.get("datasource")
    return Panel(
        id=whole(given.get("id")),
        kind=kind,
        type=type_,
        title=text(given.get("title")),
        description=text(given.get("description")),
        place=Place(
            whole(place.get("x")), whole(place.get("y")), min(max(whole(place.get("w"), 6), 1), 24),
            max(whole(place.get("h"), 3), 1),
        ),
        transparent=flag(given.get("transparent")),
        source=source,
        targets=tuple(_target(one, index, source) for index, one in enumerate(objects(given.get("targets")))),
        options=mapping(given.get("options")),
        field_config=mapping(given.get("fieldConfig")),
        transformations=tuple(objects(given.get("transformations"))),
        links=tuple(objects(given.get("links"))),
        repeat=text(given.get("repeat")),
        repeats_down=text(given.get("repeatDirection")) == "v",
        per_row=whole(given.get("maxPerRow"), 4) or 4,
        interval=text(given.get("interval")),
        max_points=whole(given.get("maxDataPoints")),
        time_from=text(given.get("timeFrom")),
        time_shift=text(given.get("timeShift")),
        hide_time=flag(given.get("hideTimeOverride")),
        collapsed=flag(given.get("collapsed")),
        panels=_panels(objects(given.get("panels"))) if type_ == "row" else (),
        notes=tuple(notes),
    )  # fmt: skip


def _target(given: Json, index: int, source: Any) -> Target:
    instant, range_ = flag(given.get("instant")), given.get("range")
    kind = text(given.get("queryType"))
    return Target(
        ref=text(given.get("refId")) or chr(ord("A") + index % 26),
        query=text(given.get("expr")),
        legend=text(given.get("legendFormat")),
        interval=text(given.get("interval")),
        factor=whole(given.get("intervalFactor"), 1) or 1,
        format=text(given.get("format"), "time_series"),
        instant=instant or kind == "instant",
        range=flag(range_, not instant) and kind != "instant",
        hidden=flag(given.get("hide")),
        source=given.get("datasource") or source,
        raw=given,
    )


def variable(given: Json) -> Variable:
    """From JSON, in any of the forms in which queries stand there."""
    kind, query, current = text(given.get("type")), given.get("query"), mapping(given.get("current"))
    if isinstance(query, dict) and isinstance(query.get("query"), str):
        query = query["query"]
    value = current.get("value")
    return Variable(
        name=text(given.get("name")),
        label=text(given.get("label")),
        kind=kind,
        hidden=whole(given.get("hide")),
        multi=flag(given.get("multi")),
        include_all=flag(given.get("includeAll")),
        all_value=text(given.get("allValue")),
        query=query if isinstance(query, str) else text(given.get("definition")),
        regex=text(given.get("regex")),
        sort=whole(given.get("sort")),
        source=given.get("datasource"),
        options=tuple((shown(one.get("text")), shown(one.get("value"))) for one in objects(given.get("options"))),
        current=tuple(texts(value) if isinstance(value, list) else [shown(value)] if value not in (None, "") else []),
        raw=given,
    )


def point_limit(one: Panel, width: int, asked: int) -> int:
    """How many points are worth asking for."""
    return asked or one.max_points or int(number(width) or 0) or 1000
