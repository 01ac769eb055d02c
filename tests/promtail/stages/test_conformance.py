"""Pipelines that the real Promtail 2.7.4 has run: the same entries here.

What the recording itself lacks: an entry whose line runs into the next one's (`_entries` parts them again), empty lines,
which that recording's source skipped, and the exceptions below.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from engine.foundation.decode import decode
from engine.foundation.source import Severity
from engine.gotemplate.timeparse import parse_time
from engine.promtail.entry import Entry
from engine.promtail.stages.pipeline import Pipeline
from engine.promtail.stages.stage import Parts
from engine.promtail.stages.table import StageConfig

NOW = 1_764_000_000_000_000_000
MISSING = {
    "- json: {expressions: {l: level}}\n- template: {source: l": (
        "the recording lacks the entry of the first line, whose label is O (TrimSuffix gets the text last)",
        ('{job="t", l="O"}', '{"level":"info"'),
    ),
}
_GLUED = re.compile(r"\n(\S+)\t(\{(?:[^}\"]|\"[^\"]*\")*\})")
_RECORDED = "2006-01-02T15:04:05.999999999-0700"


def cases() -> list[Any]:
    beside = Path(__file__).resolve().parents[4] / "shared" / "conformance"
    path = Path(os.environ.get("ENGINE_CONFORMANCE", beside)) / "loki" / "pipelines.json"
    if not path.is_file():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no recorded pipelines at {path}"))]
    return [
        pytest.param(case, id=f"{place}")
        for place, case in enumerate(json.loads(path.read_text(encoding="utf-8"))["cases"])
    ]


def shown(labels: str) -> str:
    """Labels without those that are empty, which no store keeps."""
    pairs = [pair for pair in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels) if pair[1]]
    return "{" + ", ".join(f'{name}="{value}"' for name, value in sorted(pairs)) + "}"


def expected(case: dict[str, Any]) -> list[tuple[str | None, str, str]]:
    found = []
    for entry in case["entries"]:
        time, labels, line = entry["timestamp"], entry["labels"], entry["line"]
        while (glued := _GLUED.search(line)) is not None:
            found.append((time, shown(labels), line[: glued.start()]))
            time, labels, line = None, glued[2], line[glued.end() :]
        found.append((time, shown(labels), line))
    return [(time, labels, line.rstrip("\n")) for time, labels, line in found if line]


@pytest.mark.parametrize("case", cases())
def test_a_pipeline_makes_of_lines_what_promtail_makes_of_them(case: dict[str, Any]) -> None:
    decoded = decode(case["stages"], tuple[StageConfig, ...], "stages.yml")
    assert not decoded.fatal, decoded.findings
    if "refused" in case:
        assert [finding.message for finding in decoded.findings if finding.severity is Severity.OURS]
        return
    assert not decoded.findings
    pipeline = Pipeline(decoded.value, Parts(now=lambda: NOW))
    out = [made for line in case["lines"] if line for made in pipeline.process(Entry.of({"job": "t"}, NOW, line))]
    out += pipeline.flush()
    got = [
        (entry.time, shown(", ".join(f"{n}={json.dumps(v)}" for n, v in entry.labels.items())), entry.line)
        for entry in out
    ]
    want = [
        (NOW if time is None else parse_time(_RECORDED, time), labels, line) for time, labels, line in expected(case)
    ]
    for start, (_, (labels, line)) in MISSING.items():
        if case["stages"].startswith(start):
            assert any(one[1] == labels and one[2].startswith(line) for one in got)
            got = [one for one in got if one[1] != labels]
    if "match" in case["stages"]:  # the original's stages run side by side, so lines that take another way may overtake
        got, want = sorted(got, key=repr), sorted(want, key=repr)
    assert got == want
