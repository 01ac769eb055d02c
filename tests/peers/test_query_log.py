"""`query_log_file`: the same lines in the same shape as Prometheus writes."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.end_to_end.processes import fetch, wait_for
from tests.peers.alone import engine, prometheus

pytestmark = pytest.mark.peer

CONFIG = "global: {evaluation_interval: 1s, query_log_file: q.log}\nrule_files: [r.yml]\n"
RULES = "groups: [{name: g, rules: [{record: a, expr: vector(1)}, {alert: B, expr: a > 5}]}]"
ASKED = (
    "query?query=a&time=1700000000.5", "query?query=sum(", "query_range?query=a%20%2B%201&start=0&end=60&step=15",
    "query?query=1&time=7&stats=all", "query?query=vector(1)%20%2B%20(vector(1)%20or%20vector(1))&time=5", "labels",
    "query?query=label_replace(label_replace(vector(1),%22x%22,%221%22,%22%22,%22%22)%20or%20vector(1),%22x%22,%222%22,%22%22,%22%22)&time=3",
)  # fmt: skip


def test_lines_have_the_same_shape(tmp_path: Path) -> None:
    told = []
    for run in (prometheus, engine):
        folder = tmp_path / run.__name__
        folder.mkdir()
        (folder / "r.yml").write_text(RULES)
        with run(folder, config=CONFIG) as port:
            for asked in ASKED:
                ask(f"http://127.0.0.1:{port}/api/v1/{asked}")
            wait_for("a turn of rules", lambda log=folder / "q.log": len(of_rules(log)) >= 2)
        told.append((of_people(folder / "q.log"), of_rules(folder / "q.log")[:2]))
    real, ours = told
    assert len(real[0]) == 5
    assert ours == real


def ask(url: str) -> None:
    with suppress(HTTPError):  # some are no queries, and some have no answer
        fetch(url)


def of_people(log: Path) -> list[Any]:
    return [shape(line) for line in lines(log) if "httpRequest" in line]


def of_rules(log: Path) -> list[Any]:
    found = [shape(line) for line in lines(log) if "ruleGroup" in line]
    for line in found:
        line["params"] = line["params"]["query"]
        line["ruleGroup"]["file"] = Path(line["ruleGroup"]["file"]).name
    return found


def lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def shape(line: dict[str, Any]) -> dict[str, Any]:
    """Of what was taken and when only the names."""
    stats = {key: list(value) for key, value in line["stats"].items()}
    return {**{key: value for key, value in line.items() if key != "ts"}, "stats": stats}
