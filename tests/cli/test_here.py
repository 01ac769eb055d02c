"""Which engine commands ask where nobody names one."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.app.process.datafolder import DataFolder
from engine.cli.here import USUAL, Component, url_here


def test_the_engine_of_the_folder_is_asked_where_it_listens(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.tell_ready({"prometheus": "127.0.0.1:19090"})
    assert url_here("prometheus", tmp_path) == "http://127.0.0.1:19090"
    assert url_here("loki", tmp_path) == USUAL["loki"]  # that one has none
    folder.release()
    assert url_here("prometheus", tmp_path) == USUAL["prometheus"]


@pytest.mark.parametrize("component", list(USUAL))
def test_without_an_engine_the_originals_port_is_asked(component: Component, tmp_path: Path) -> None:
    assert url_here(component, tmp_path / "gone") == USUAL[component]
