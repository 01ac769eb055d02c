"""The ruler's API: what is written as YAML, how it fares as JSON, and what local files can't have set over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import yaml

from engine.config.log_rules import judge_group
from engine.logs.config.limits import Limits
from engine.ruler.config import RulerConfig
from engine.ruler.ruler import Ruler
from engine.testing.manual_clock import ManualClock
from engine.web.api.loki.rules import Ruling
from tests.ruler.bench import MINUTE, START, Bench, bench, rules_of
from tests.web.serving import serving

ALERT = "{alert: Errors, expr: 'sum by (job) (count_over_time({job=\"app\"} [5m])) > 1', for: 90s, labels: {severity: page}}"
RECORD = "{record: app:lines, expr: 'sum(count_over_time({job=\"app\"}[5m]))'}"
BASES = ("/loki/api/v1/rules", "/api/prom/rules")


@dataclass
class Api:
    at: Bench
    url: str
    session: aiohttp.ClientSession

    async def ask(self, method: str, path: str, body: str = "") -> tuple[int, str, str]:
        async with self.session.request(method, self.url + path, data=body) as answer:
            return answer.status, answer.content_type, await answer.text()

    async def json(self, path: str) -> Any:
        async with self.session.get(self.url + path) as answer:
            assert answer.status == 200
            return await answer.json()


@asynccontextmanager
async def api(config: RulerConfig | None = None, limits: Limits | None = None) -> AsyncIterator[Api]:
    clock = ManualClock(START)
    async with bench(clock, limits) as at:
        ruler: Ruler | None = None
        if config is not None:
            ruler = at.ruler(rules := rules_of(config, fake=f"{ALERT}\n{RECORD}"))
            await ruler.apply(rules)
        routes = at.logs.routes(Ruling(lambda: ruler, judge_group))
        async with serving(routes) as port, aiohttp.ClientSession() as session:
            yield Api(at, f"http://127.0.0.1:{port}", session)
        if ruler is not None:
            await ruler.stop()


async def test_rules_are_told_as_they_fare() -> None:
    async with api(RulerConfig()) as server:
        empty = await server.json("/prometheus/api/v1/alerts")
        assert empty == {"status": "success", "data": {"alerts": []}, "errorType": "", "error": ""}
        server.at.push("a", "b", job="app")
        await server.at.clock.advance(MINUTE)
        (group,) = (await server.json("/prometheus/api/v1/rules"))["data"]["groups"]
        alerting, recording = group["rules"]
        assert (group["name"], group["file"], group["interval"]) == ("g", "r.yml", 60)
        assert (alerting["state"], alerting["duration"], alerting["labels"]) == ("pending", 90, {"severity": "page"})
        assert (recording["name"], recording["labels"], recording["lastError"]) == ("app:lines", {}, "")
        assert [(rule["type"], rule["health"]) for rule in group["rules"]] == [("alerting", "ok"), ("recording", "ok")]
        (alert,) = (await server.json("/prometheus/api/v1/alerts"))["data"]["alerts"]
        assert alert == alerting["alerts"][0]
        assert alert["labels"] == {"alertname": "Errors", "job": "app", "severity": "page"}
        assert (alert["state"], alert["value"]) == ("pending", "2e+00")


@pytest.mark.parametrize("base", BASES)
async def test_rules_are_told_as_they_are_written(base: str) -> None:
    async with api(RulerConfig()) as server:
        status, kind, text = await server.ask("GET", base)
        (group,) = yaml.safe_load(text)["r.yml"]
        assert (status, kind, group["name"]) == (200, "application/yaml", "g")
        assert group["rules"] == yaml.safe_load(f"- {ALERT.replace('90s', '1m30s')}\n- {RECORD}")
        assert await server.ask("GET", f"{base}/r.yml") == (status, kind, text)
        status, _, text = await server.ask("GET", f"{base}/other.yml")
        assert (status, text) == (
            400, ("error parsing /rules/fake/other.yml: /rules/fake/other.yml: open /rules/fake/other.yml: "
            "no such file or directory\n"),
        )  # fmt: skip


@pytest.mark.parametrize("base", BASES)
async def test_groups_of_local_files_are_not_set_over_http(base: str) -> None:
    async with api(RulerConfig(), Limits(ruler_max_rules_per_rule_group=1)) as server:
        assert (await server.ask("GET", f"{base}/r.yml/g"))[::2] == (
            400, "GetRuleGroup unsupported in rule local store\n",
        )  # fmt: skip
        rule = "{record: a, expr: vector(1)}"
        for body, status, said in (
            (f"name: g\nrules: [{rule}]", 500, "SetRuleGroup unsupported in rule local store\n"),
            (f"name: g\nrules: [{rule}, {rule}]", 400,
             "per-user rules per rule group limit (limit: 1 actual: 2) exceeded\n"),
            ("name: g\nrules: [{record: a}]", 400, "field 'expr' must be set in rule\n"),
        ):  # fmt: skip
            assert (await server.ask("POST", f"{base}/r.yml", body))[::2] == (status, said)
        for path, deed in (("r.yml", "DeleteNamespace"), ("r.yml/g", "DeleteRuleGroup")):
            status, kind, text = await server.ask("DELETE", f"{base}/{path}")
            assert (status, kind) == (500, "application/json")
            assert f'"errorType":"server_error","error":"{deed} unsupported in rule local store"' in text


async def test_without_rules_or_with_the_api_off_there_are_no_such_paths() -> None:
    paths = ("/prometheus/api/v1/rules", "/prometheus/api/v1/alerts", *BASES, "/ruler/ring")
    async with api() as without, api(RulerConfig(enable_api=False)) as off:
        for path in paths:
            for server in (without, off):
                assert (await server.ask("GET", path))[::2] == (404, "404 page not found\n")
    async with api(RulerConfig()) as server:
        assert "shards disabled" in (await server.ask("GET", "/ruler/ring"))[2]
