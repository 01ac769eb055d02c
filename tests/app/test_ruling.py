"""Rules over lines in a whole engine: from a push to the Alertmanager of this process, and reloads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from engine.app.application import Application
from engine.foundation.errors import ConfigError, EngineError
from tests.app.world import ANYWHERE, ask, engine, write

LOKI = """\
auth_enabled: false
schema_config: {configs: [{from: 2020-10-24, store: tsdb, object_store: filesystem, schema: v12, index: {period: 24h}}]}
ruler:
  alertmanager_url: http://localhost:9093
  storage: {type: local, local: {directory: rules}}
  remote_write: {enabled: true, client: {url: http://prometheus:9090/api/v1/write}}
"""
RULES = """\
groups:
- name: errors
  rules:
  - {alert: Errors, expr: 'sum by (job) (count_over_time({job="app"} |= "error" [5m])) > 0'}
  - {record: 'job:errors:count', expr: 'sum by (job) (count_over_time({job="app"} |= "error" [5m]))'}
"""
LISTEN = {**ANYWHERE, "loki": "127.0.0.1:0"}


def stack(folder: Path) -> Path:
    write(folder, "loki/local-config.yaml", LOKI)
    write(folder, "loki/rules/fake/app.yml", RULES)
    write(folder, "alertmanager/config.yml", "{route: {receiver: a}, receivers: [{name: a}]}")
    return write(folder, "prometheus.yml", "global: {scrape_interval: 15s}\n")


async def push(app: Application, line: str) -> None:
    values = [[str(app.clock.now_ns()), line]]
    body = json.dumps({"streams": [{"stream": {"job": "app"}, "values": values}]})
    async with ClientSession() as client:
        url = f"http://{app.parts.components.ports['loki']}/loki/api/v1/push"
        async with client.post(url, data=body, headers={"Content-Type": "application/json"}) as answer:
            assert answer.status == 204


async def found(app: Application, path: str, component: str = "loki") -> Any:
    status, text = await ask(app, path, component)
    assert status == 200, text
    return json.loads(text)


async def test_an_alert_over_lines_reaches_the_alertmanager_of_this_process(tmp_path: Path) -> None:
    async with engine(stack(tmp_path), listen=LISTEN) as app:
        await push(app, "an error")
        await app.clock.advance(61_000)  # type: ignore[attr-defined] # it is the manual one
        (alert,) = await found(app, "/api/v2/alerts", "alertmanager")
        assert alert["labels"] == {"alertname": "Errors", "job": "app"}
        result = (await found(app, "/api/v1/query?query=job:errors:count", "prometheus"))["data"]["result"]
        assert [one["value"][1] for one in result] == ["1"]
        first = await found(app, "/prometheus/api/v1/rules", "prometheus")
        assert first == await found(app, "/prometheus/api/v1/rules")
        told = (await ask(app, "/metrics", "loki"))[1]
        assert 'loki_prometheus_rule_evaluations_total{user="fake",rule_group="' in told
        assert "cortex_ruler_managers_total 1\n" in told
        assert app.parts.ruling.count == 2


async def test_a_reload_takes_new_rules_and_refuses_bad_ones(tmp_path: Path) -> None:
    async with engine(stack(tmp_path), listen=LISTEN) as app:
        said: list[str] = []
        app.tell = said.append
        write(tmp_path, "loki/rules/fake/app.yml", RULES.replace("alert: Errors", "alert: Others"))
        await app.reload()
        (group,) = (await found(app, "/prometheus/api/v1/rules"))["data"]["groups"]
        assert [rule["name"] for rule in group["rules"]] == ["Others", "job:errors:count"]
        assert [line for line in said if "app.yml" in line], said
        write(tmp_path, "loki/rules/fake/app.yml", RULES.replace("sum by (job", "sum by job"))
        with pytest.raises(ConfigError, match="could not parse expression for alert 'Errors'"):
            await app.reload()
        assert app.parts.ruling.count == 2, "everything is as it was"


async def test_where_nothing_can_be_kept_for_another_server_a_reload_changes_nothing(tmp_path: Path) -> None:
    async with engine(stack(tmp_path), listen=LISTEN, data_dir=tmp_path / "data") as app:
        assert not (tmp_path / "data/loki/ruler").exists(), "all is written to this process"
        write(tmp_path, "data/loki/ruler", "in the way")
        write(tmp_path, "loki/local-config.yaml", LOKI.replace("http://prometheus:9090", "http://127.0.0.1:1"))
        write(tmp_path, "loki/rules/fake/app.yml", RULES.replace("alert: Errors", "alert: Others"))
        write(tmp_path, "prometheus.yml", "global: {scrape_interval: 20s, external_labels: {zone: b}}")
        with pytest.raises(EngineError):
            await app.reload()
        (group,) = (await found(app, "/prometheus/api/v1/rules"))["data"]["groups"]
        assert [rule["name"] for rule in group["rules"]] == ["Errors", "job:errors:count"]
        assert app.parts.expander.external_labels == {}
        assert "prometheus_config_last_reload_successful 0" in (await ask(app, "/metrics"))[1]
        (tmp_path / "data" / "loki" / "ruler").unlink()
        await app.reload()
        (group,) = (await found(app, "/prometheus/api/v1/rules"))["data"]["groups"]
        assert [rule["name"] for rule in group["rules"]] == ["Others", "job:errors:count"]


async def test_a_stack_without_rules_over_lines_has_no_ruler(tmp_path: Path) -> None:
    config = stack(tmp_path)
    write(tmp_path, "loki/local-config.yaml", LOKI.partition("ruler:")[0])
    async with engine(config, listen=LISTEN) as app:
        assert (app.parts.ruling.ruler, app.parts.ruling.count) == (None, 0)
        assert (await ask(app, "/prometheus/api/v1/rules", "loki"))[0] == 404
        write(tmp_path, "loki/local-config.yaml", LOKI)
        await app.reload()
        assert app.parts.ruling.count == 2, "a reload brings them"
        write(tmp_path, "loki/local-config.yaml", LOKI.partition("ruler:")[0])
        await app.reload()
        assert app.parts.ruling.count == 0
