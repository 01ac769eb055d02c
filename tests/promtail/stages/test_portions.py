"""What stages make of a portion of lines is what they make of each line by itself."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.decode import decode
from engine.promtail.batch import LabelLimits, gathered
from engine.promtail.entry import Entry
from engine.promtail.portion import Portion
from engine.promtail.stages.pipeline import Pipeline
from engine.promtail.stages.stage import Parts
from engine.promtail.stages.table import StageConfig

NOW = 1_795_600_800_000_000_000
LABELS = {"job": "app", "filename": "/a.log", "level": "none", "__tenant_id__": "t"}
LIMITS = LabelLimits(value=6)
STAGES = (
    "docker: {}",
    "cri: {}",
    "json: {expressions: {level: , time: timestamp, class: , n: }}",
    "json: {expressions: {level: , part: context.pid}}",
    "json: {expressions: {level: }, source: output, drop_malformed: true}",
    r"regex: {expression: '^(?P<time>\S+) (?P<level>[A-Z]+)?(?P<rest> .*)?'}",
    "regex: {expression: '(?P<level>b)', source: level}",
    "labels: {level: , part: , kind: class, job: level}",
    "labels: {stream: , level: }",
    "static_labels: {level: fixed, more: x}",
    "labeldrop: [level, filename, job]",
    "labelallow: [job, stream, kind]",
    "output: {source: output}",
    "output: {source: rest}",
    "timestamp: {source: time, format: RFC3339Nano}",
    "timestamp: {source: time, format: '2006-01-02 15:04:05,000', action_on_failure: skip}",
    "timestamp: {source: n, format: Unix, fallback_formats: [RFC3339]}",
    "drop: {expression: bad}",
    "drop: {source: level, value: b}",
    "drop: {longer_than: 30B, older_than: 1h}",
    'match: {selector: \'{level="b"} |= "x"\', action: drop}',
    'match: {selector: \'{job="app"} !~ "x|y"\', stages: [{static_labels: {found: y}}]}',
    "tenant: {source: level}",
    "template: {source: level, template: '{{ .Value }}-{{ .stream }}'}",
)
TEXTS = st.sampled_from(
    ["a", "b", "bad", "", "\u00e9", "x\ny", "INFO", "2026-11-26T04:00:00.1234Z", "2026-11-26 04:00:00,120"]
)
VALUES = TEXTS | st.sampled_from([None, 1, 1.5, True, [1], {"pid": 3}, 1e300])
OBJECTS = st.dictionaries(st.sampled_from(["level", "timestamp", "class", "n", "context", "other"]), VALUES, max_size=4)
DOCKER = st.fixed_dictionaries(
    {},
    optional={"log": TEXTS | OBJECTS.map(json.dumps), "stream": st.sampled_from(["stdout", "stderr"]), "time": TEXTS},
)
CRI = st.builds(
    "{} {} {} {}".format,
    TEXTS,
    st.sampled_from(["stdout", "stderr", "std"]),
    st.sampled_from(["F", "F", "F", "P"]),
    TEXTS,
)
ODD = st.sampled_from(
    [b"", b"\xff\x00bad", b"{", b"[1]", b'{"a": 1} {"b": 2}', b"\r", b"null", b'{"level": "\\ud800"}']
)
KINDS = (OBJECTS.map(json.dumps), DOCKER.map(json.dumps), CRI, TEXTS)
LINES = st.sampled_from(KINDS).flatmap(lambda kind: st.lists(kind.map(str.encode), max_size=8)) | st.lists(
    st.one_of(*(kind.map(str.encode) for kind in KINDS), ODD), max_size=8
)


def pipeline(stages: Sequence[str]) -> tuple[Pipeline, Parts]:
    parts = Parts(now=lambda: NOW)
    text = "\n".join(f"- {stage}" for stage in stages).encode()
    return Pipeline(decode(text, tuple[StageConfig, ...], "").value, parts), parts


@given(stages=st.lists(st.sampled_from(STAGES), min_size=1, max_size=4), portions=st.lists(LINES, max_size=3))
def test_a_portion_becomes_what_its_lines_become(stages: list[str], portions: list[list[bytes]]) -> None:
    (bulk, bulk_parts), (single, parts) = pipeline(stages), pipeline(stages)
    for number, lines in enumerate(portions):
        time = NOW + number * 1000
        portion = Portion.of(LABELS, time, lines, list(range(len(lines))))
        left = bulk.take(portion)
        found = portion.streams(LIMITS) if left is None else gathered(left, LIMITS)
        expected = [
            out
            for place, line in enumerate(lines)
            for out in single.process(Entry.of(LABELS, time + place, line.decode("utf-8", "replace"), (place,)))
        ]
        assert [(tenant, one.labels, list(one.times), list(one.lines)) for tenant, one in found] == [
            (tenant, one.labels, one.times, one.lines) for tenant, one in gathered(expected, LIMITS)
        ]
        assert [one.starts for one in bulk.held()] == [one.starts for one in single.held()]
    assert +bulk_parts.counts.faults == +Counter(parts.counts.faults)
    assert bulk_parts.counts.dropped == parts.counts.dropped
