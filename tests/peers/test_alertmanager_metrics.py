"""What is counted at Alertmanager's port, by 0.25 and by us: the same names, types and labels."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.processes import fetch, free_port, running, wait_for
from tests.peers.alerting_restarts import config
from tests.peers.test_alerting_restarts import alertmanager, engine

pytestmark = pytest.mark.peer

TYPE = re.compile(r"^# TYPE (alertmanager_\w+) (\w+)$", re.MULTILINE)
ABSENT = {"alertmanager_nflog_query_duration_seconds", "alertmanager_silences_query_duration_seconds"}
"""Look-ups in memory take less time than it takes to measure them."""


@contextmanager
def page(command: Callable[[Path, Path, int], list[str]], folder: Path) -> Iterator[str]:
    folder.mkdir()
    file, port = folder / "alertmanager.yml", free_port()
    file.write_text(config("http://127.0.0.1:9/NAME"))
    url = f"http://127.0.0.1:{port}"
    with running(command(folder, file, port), folder / "log"):
        wait_for("Alertmanager", lambda: fetch(f"{url}/-/ready"))
        fetch(f"{url}/api/v1/receivers")
        fetch(f"{url}/-/reload", method="POST")
        fetch(f"{url}/metrics")
        yield fetch(f"{url}/metrics").decode()


def labels(text: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if line.startswith("alertmanager_") and "quantile=" not in line:
            found.setdefault(re.split(r"[{ ]", line)[0], set()).update(re.findall(r'[{,](\w+)="', line))
    return found


def handlers(text: str) -> set[str]:
    return set(re.findall(r'duration_seconds_count\{(handler="[^"]+",method="\w+")\}', text))


def test_names_types_labels_and_handlers_are_the_originals(tmp_path: Path) -> None:
    with page(alertmanager, tmp_path / "theirs") as theirs, page(engine, tmp_path / "ours") as ours:
        real, found = dict(TYPE.findall(theirs)), dict(TYPE.findall(ours))
        assert {name: kind for name, kind in real.items() if name not in ABSENT} == found
        shown = labels(ours)
        assert {name: given for name, given in labels(theirs).items() if name in shown and given != shown[name]} == {}
        assert handlers(theirs) == handlers(ours)
