"""What a person, or a machine, sees at the start."""

from __future__ import annotations

import json

from msgspec.structs import replace

from engine.app.process.summary import Summary

FULL = Summary(
    version="1.2",
    seconds=0.456,
    files=["prometheus.yml", "rules.yml"],
    data="engine-data/metrics (15d)",
    ports={"prometheus": "127.0.0.1:9090", "node": "127.0.0.1:9100"},
    scheme="http",
    silent=["alertmanager is switched off"],
    targets=1,
    jobs=2,
    rules=3,
    tailing=["4 files in 1 job, to loki:3100, in process", "not /var/log/lastlog: no text"],
    dashboards=0,
    translated=[("node-exporter:9100", "node, in process")],
    delivering=["mail"],
    warnings=["odd"],
)


def test_the_text_has_a_line_for_each_thing_and_a_title_for_each_kind() -> None:
    assert FULL.text().splitlines() == [
        "engine 1.2, ready in 0.46 s",
        "  files          prometheus.yml",
        "                 rules.yml",
        "  data           engine-data/metrics (15d)",
        "  listening      prometheus    http://127.0.0.1:9090",
        "                 node          http://127.0.0.1:9100",
        "  not listening  alertmanager is switched off",
        "  scraping       1 target in 2 jobs",
        "  evaluating     3 rules",
        "  tailing        4 files in 1 job, to loki:3100, in process",
        "                 not /var/log/lastlog: no text",
        "  translated     node-exporter:9100 -> node, in process",
        "  delivering     mail",
        "  warnings       odd",
    ]


def test_what_there_is_none_of_has_no_line() -> None:
    bare = replace(FULL, files=[], ports={}, silent=[], rules=0, tailing=[], translated=[], delivering=[], warnings=[])
    assert [line.split()[0] for line in bare.text().splitlines()] == ["engine", "data", "scraping"]


def test_the_json_is_one_line_with_every_field() -> None:
    told = json.loads(FULL.json())
    assert "\n" not in FULL.json()
    assert told.pop("event") == "ready"
    assert list(told) == list(FULL.__struct_fields__)
    assert told["ports"] == FULL.ports
