"""Changes of a YAML file leave all else as it is written."""

from __future__ import annotations

import pytest

from engine.config.stack_export.edits import edited, scalar_edit, without_key

SOURCE = """\
# of the team
global:
  scrape_interval: 15s  # often
storage:
  tsdb:
    path: /data

    out_of_order_time_window: 5m
  exemplars: {max_exemplars: 5}
scrape_configs:
  - job_name: a
    static_configs:
      - targets: ["localhost:9100", 'localhost:9999']
  - sample_limit: 5
    job_name: b
"""


@pytest.mark.parametrize(
    ("key", "gone"),
    [
        ("path", "    path: /data\n"),
        ("exemplars", "  exemplars: {max_exemplars: 5}\n"),
        ("tsdb", "  tsdb:\n    path: /data\n\n    out_of_order_time_window: 5m\n"),
        ("global", "global:\n  scrape_interval: 15s  # often\n"),
    ],
)
def test_a_key_goes_with_what_stands_under_it(key: str, gone: str) -> None:
    assert without_key(SOURCE, *place(key)) == SOURCE.replace(gone, "")


def test_the_first_key_of_an_item_leaves_its_dash_to_the_next() -> None:
    left = without_key(SOURCE, *place("sample_limit"))
    assert left is not None
    assert left.endswith("  - job_name: b\n")


def test_a_key_in_braces_is_left_alone() -> None:
    assert without_key(SOURCE, *place("max_exemplars")) is None
    assert without_key(SOURCE, 1, 1) is None


def test_a_text_changes_where_it_stands() -> None:
    places = [("scrape_configs", 0, "static_configs", 0, "targets", at) for at in range(2)]
    edits = [scalar_edit(SOURCE, at, "localhost", "node-exporter") for at in places]
    wanted = SOURCE.replace("localhost", "node-exporter")
    assert edited(SOURCE, [edit for edit in edits if edit is not None]) == wanted
    assert scalar_edit(SOURCE, places[0], "127.0.0.1", "x") is None
    assert scalar_edit(SOURCE, ("nothing",), "a", "b") is None


def place(key: str) -> tuple[int, int]:
    for number, line in enumerate(SOURCE.splitlines(), 1):
        if f"{key}:" in line:
            return number, line.index(key) + 1
    raise AssertionError(key)
