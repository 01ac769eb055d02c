"""An alert that is pending when its program is killed goes on being so, in the engine as in Prometheus."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.processes import ENGINE, fetch_json, free_port, running, wait_for
from tests.peers.alone import program as original

pytestmark = pytest.mark.peer
CONFIG = "global: {evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
RULES = "groups: [{name: g, rules: [{alert: Slow, expr: vector(1), for: 1h}]}]\n"


def alert(port: int) -> Any:
    alerts = fetch_json(f"http://127.0.0.1:{port}/api/v1/alerts")["data"]["alerts"]
    return alerts[0] if alerts else None


def stored(port: int) -> bool:
    """A few evaluations have left their age in the store."""
    answer = fetch_json(f"http://127.0.0.1:{port}/api/v1/query", query="count_over_time(ALERTS_FOR_STATE[1m])")
    return any(int(one["value"][1]) >= 3 for one in answer["data"]["result"])


def active_at(found: Any) -> float:
    text = found["activeAt"][:19]  # whole seconds; UTC
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def now(port: int) -> float:
    return float(fetch_json(f"http://127.0.0.1:{port}/api/v1/query", query="time()")["data"]["result"][1])


@pytest.mark.parametrize("program", ["engine", "prometheus"])
def test_a_killed_program_takes_off_only_the_time_that_it_was_down(program: str, tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text(CONFIG)
    (tmp_path / "rules.yml").write_text(RULES)
    port = free_port()
    command: Sequence[str] = (
        [*ENGINE, "run", "--config", str(tmp_path / "prometheus.yml"), "--data-dir", str(tmp_path / "data"),
         f"--listen=prometheus=127.0.0.1:{port}", "--listen=node=off"]
        if program == "engine"
        else [original("prometheus"), "--config.file=prometheus.yml", "--storage.tsdb.path=data", f"--web.listen-address=127.0.0.1:{port}"]
    )  # fmt: skip
    with running(command, tmp_path / "first.log", tmp_path) as process:
        wait_for("the alert's age to be stored", lambda: stored(port))
        before, seen = active_at(alert(port)), now(port)
        process.kill()
        process.wait()
    with running(command, tmp_path / "second.log", tmp_path):
        wait_for("the program to be back", lambda: alert(port))
        back = now(port)
        again = wait_for("the age to be restored", lambda: restored(port, back))
    assert again["state"] == "pending"
    assert before - 1 <= active_at(again) <= before + (back - seen) + 5


def restored(port: int, back: float) -> Any:
    """The alert, once it is older than the program."""
    found = alert(port)
    return found if found is not None and active_at(found) < back - 1 else None
