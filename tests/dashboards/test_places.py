"""Where panels stand: never over each other, and as high as they can."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.dashboards.model import Panel, panel
from engine.dashboards.view.places import settled


def at(x: int, y: int, w: int, h: int, **more: Any) -> Panel:
    return panel({"type": "stat", "gridPos": {"x": x, "y": y, "w": w, "h": h}, **more})


def cells(one: Panel) -> set[tuple[int, int]]:
    place = one.place
    return {(x, y) for x in range(place.x, place.x + place.w) for y in range(place.y, place.y + place.h)}


def places(panels: list[Panel]) -> list[tuple[int, int]]:
    return [(one.place.x, one.place.y) for one in settled(panels)]


@given(
    st.lists(st.builds(at, st.integers(0, 30), st.integers(0, 20), st.integers(1, 30), st.integers(1, 9)), max_size=12)
)
def test_no_panel_lies_over_another_and_none_leaves_the_grid(panels: list[Panel]) -> None:
    taken: set[tuple[int, int]] = set()
    for one in settled(panels):
        assert not cells(one) & taken
        assert one.place.x >= 0
        assert one.place.x + one.place.w <= 24
        taken |= cells(one)
    assert settled(settled(panels)) == settled(panels)


def test_a_panel_below_a_gap_moves_up() -> None:
    assert places([at(0, 0, 12, 4), at(12, 9, 12, 4), at(0, 9, 12, 4)]) == [(0, 0), (12, 0), (0, 4)]


def test_what_lies_over_another_moves_below_it() -> None:
    assert places([at(0, 0, 12, 4), at(6, 0, 6, 4)]) == [(0, 0), (6, 4)]


def test_one_without_a_place_is_a_quarter_wide() -> None:
    place = panel({"type": "stat"}).place
    assert (place.x, place.y, place.w, place.h) == (0, 0, 6, 3)


def test_a_row_is_as_wide_as_the_grid() -> None:
    assert places([at(0, 0, 24, 1, type="row"), at(0, 1, 12, 2), at(0, 5, 6, 1, type="row")]) == [
        (0, 0),
        (0, 1),
        (0, 3),
    ]
