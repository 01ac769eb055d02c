"""25 public dashboards: they load, their queries parse, their panels are drawn as what they are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from engine.dashboards.intervals import durations, pace
from engine.dashboards.migrate.steps import migrated
from engine.dashboards.model import Board, Panel, Target, board
from engine.dashboards.times import TimeRange
from engine.dashboards.variables.formats import prometheus
from engine.dashboards.variables.interpolate import interpolate, names
from engine.dashboards.variables.queries import QueryResult, ask
from engine.dashboards.variables.value import Value, chained, texts
from engine.foundation.errors import EngineError
from engine.logql.syntax.parser import parse as parse_logs
from promql.syntax.parser import parse
from tests.conftest import shared

HOUR = TimeRange(1_700_000_000_000, 1_700_003_600_000)
NUMBERS = ("topk", "limit")
DURATIONS = ("interval", "resolution")
METRICSQL = [
    "Datapoints send rate ($instance)",
    "FIRING over time by group",
    "FIRING over time by rule",
    "Firing state of alerting rules on timeline",
]
"""Panels whose queries are written in the language of VictoriaMetrics alone."""


def contents() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted((shared("conformance", "ENGINE_CONFORMANCE") / "grafana").glob("*.json")):
        yield file.name, json.loads(file.read_text())


def boards() -> list[Board]:
    found = [board(content) for _, content in contents()]
    if not found:
        pytest.skip("the public dashboards are not here")
    return found


def value_of(name: str) -> Value:
    """A value of the kind that variables of this name have."""
    if name in NUMBERS:
        return Value.one("5")
    return Value.one("5m") if name in DURATIONS else Value(("a.b", "c"), several=True)


def queries() -> Iterator[tuple[Panel, Target]]:
    for one in boards():
        for panel in one.every():
            yield from ((panel, target) for target in panel.targets if target.query.strip())


def filled(query: str) -> str:
    steps = durations(pace(HOUR, 800), HOUR)
    return interpolate(query, chained(texts(steps), {name: value_of(name) for name in names(query)}.get), prometheus)


def test_all_of_them_load_with_a_title_and_panels() -> None:
    found = boards()
    assert len(found) == 25
    assert all(one.title and one.panels for one in found)


def test_to_migrate_twice_is_to_migrate_once() -> None:
    for name, content in contents():
        once = migrated(content)
        assert migrated(once) == once, name


def speaks_logql(target: Target) -> bool:
    return "loki" in str(target.source)


def test_all_their_queries_parse_once_variables_have_values() -> None:
    refused = []
    for panel, target in queries():
        text = filled(target.query)
        try:
            (parse_logs if speaks_logql(target) else parse)(text)
        except EngineError:
            refused.append(panel.title)
    assert sorted(refused) == METRICSQL


def test_every_query_of_a_variable_is_understood() -> None:
    for one in boards():
        for variable in one.variables:
            if variable.kind == "query":
                asked = ask(variable)
                assert asked is not None, variable.name
                if isinstance(asked, QueryResult):
                    parse(filled(asked.query))


def test_at_most_three_percent_of_panels_are_drawn_as_a_table_for_want_of_their_type() -> None:
    kinds: Counter[str] = Counter()
    strange = 0
    for one in boards():
        for panel in one.every():
            kinds[panel.kind] += 1
            strange += bool(panel.notes)
    assert kinds["timeseries"] > 500
    assert strange <= 0.03 * kinds.total()
    assert strange == 0, "none of these 25 has a type that is not known"


def test_no_two_panels_of_a_grid_overlap() -> None:
    """What rows of twelfths become; newer files say their places themselves."""
    for name, content in contents():
        if "rows" not in content:
            continue
        taken: set[tuple[int, int]] = set()
        for panel in board(content).panels:
            place = panel.place
            cells = {(x, y) for x in range(place.x, place.x + place.w) for y in range(place.y, place.y + place.h)}
            assert not cells & taken, (name, panel.title)
            assert place.x + place.w <= 24, (name, panel.title)
            taken |= cells
