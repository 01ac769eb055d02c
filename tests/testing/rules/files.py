"""Test files written from values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.testing.rules.run import Suite, read

RULES = [
    {"record": "job:up:sum", "expr": "sum by (job) (up)"},
    {
        "alert": "Down",
        "expr": "up == 0",
        "for": "2m",
        "labels": {"severity": "page"},
        "annotations": {"summary": "{{ $labels.job }} is down, value {{ $value }}"},
    },
]


def written(folder: Path, *scenarios: dict[str, Any], rules: Any = None, **keys: Any) -> Suite:
    """A test file with these scenarios over these rules, read."""
    groups = [{"name": "g", "rules": RULES if rules is None else rules}]
    (folder / "rules.yml").write_text(json.dumps({"groups": groups}))
    path = folder / "tests.yml"
    path.write_text(json.dumps({"rule_files": ["rules.yml"], "tests": list(scenarios), **keys}))
    return read(path)


def down(**case: Any) -> dict[str, Any]:
    """A scenario in which `up{job="a"}` falls at the second minute, with one case about the alert Down."""
    return {
        "input_series": [{"series": 'up{job="a"}', "values": "1 1 0x10"}],
        "alert_rule_test": [{"alertname": "Down", **case}],
    }


FIRING = {
    "exp_labels": {"job": "a", "severity": "page"},
    "exp_annotations": {"summary": "a is down, value 0"},
}
