"""`/api/v1/rules/preview` of a running engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import ClientSession

from engine.app.application import Application
from engine.tsdb.batch import Batch
from promql.model.labels import Labels
from tests.app.world import START, engine, write

MINUTE = 60_000
PATH = "/api/v1/rules/preview"


async def called(app: Application, path: str, body: bytes | None = None) -> tuple[int, Any]:
    url = f"http://{app.parts.components.ports['prometheus']}{path}"
    async with (
        ClientSession() as client,
        client.request("GET" if body is None else "POST", url, data=body) as response,
    ):
        return response.status, json.loads(await response.text())


def remember(app: Application) -> None:
    """An hour in which `x` is 0."""
    source = app.parts.store.source("test")
    columns = source.columns([Labels.of(__name__="x", job="a")])
    for minute in range(60):
        app.parts.store.append(source, [Batch(START - (60 - minute) * MINUTE, columns, np.zeros(1))])


async def test_the_rules_in_force_are_replayed(tmp_path: Path) -> None:
    rules = "groups: [{name: g, rules: [{alert: Down, expr: x == 0, for: 5m, annotations: {dc: '{{ $externalLabels.dc }}'}}]}]"
    write(tmp_path, "r.yml", rules)
    config = write(tmp_path, "prometheus.yml", "global: {external_labels: {dc: here}}\nrule_files: [r.yml]\n")
    async with engine(config) as app:
        remember(app)
        status, answer = await called(app, f"{PATH}?since=30m&alert=Down")
    assert status == 200
    (rule,) = answer["data"]["groups"][0]["rules"]
    (alert,) = rule["alerts"]
    assert alert["annotations"] == {"dc": "here"}
    assert "firedAt" in alert


async def test_a_rule_file_in_the_body_is_replayed_and_changes_nothing(tmp_path: Path) -> None:
    config = write(tmp_path, "prometheus.yml", "")
    async with engine(config) as app:
        remember(app)
        status, answer = await called(app, PATH, b"groups: [{name: g, rules: [{alert: Other, expr: x == 0}]}]")
        assert [rule["name"] for rule in answer["data"]["groups"][0]["rules"]] == ["Other"]
        assert status == 200
        assert app.parts.rules.groups() == []


async def test_what_can_not_be_replayed_is_refused(tmp_path: Path) -> None:
    config = write(tmp_path, "prometheus.yml", "")
    async with engine(config) as app:
        for path, body, said in (
            (PATH, b"groups: [{name: g, rules: [{alert: A}]}]", "field 'expr' must be set"),
            (f"{PATH}?since=soon", b"", 'invalid parameter \\"since\\"'),
            (f"{PATH}?start=5&end=4", b"", "must begin before its end"),
            (f"{PATH}?since=10y", b"groups: [{name: g, interval: 1s, rules: []}]", "ask for a shorter span"),
        ):
            status, answer = await called(app, path, body)
            assert status == 400
            assert said in json.dumps(answer["error"])
