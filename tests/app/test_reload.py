"""New configurations: put in force whole, or not at all."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from engine.app.application import Application
from engine.foundation.errors import ConfigError
from tests.app.world import ANYWHERE, ask, engine, relative, write

FIRST = """
global: {scrape_interval: 1m}
rule_files: [rules.yml]
scrape_configs: [{job_name: one, static_configs: [{targets: ['127.0.0.1:1']}]}]
"""
SECOND = """
global: {scrape_interval: 2m, evaluation_interval: 10s, external_labels: {zone: b}}
alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:2']}]}]}
scrape_configs: [{job_name: two, static_configs: [{targets: ['127.0.0.1:2']}]}]
"""
PROMTAIL = "{clients: [{url: 'http://127.0.0.1:1/loki/api/v1/push'}], scrape_configs: JOBS}"
RULES = "groups: [{name: g, rules: [{record: a, expr: up}]}]"


def state(app: Application) -> tuple[object, ...]:
    return (
        sorted(app.parts.scrapes.pools),
        [group.name for group in app.parts.rules.groups()],
        [peer.url for peer in app.parts.notifier.alertmanagers],
        app.parts.queries.default_step_ms,
        dict(app.parts.expander.external_labels),
        app.loaded.config,
    )


async def successful(app: Application) -> str:
    _, page = await ask(app, "/metrics")
    return next(line for line in page.splitlines() if line.startswith("prometheus_config_last_reload_successful "))


async def test_a_new_configuration_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    config = write(tmp_path, "prometheus.yml", FIRST)
    write(tmp_path, "rules.yml", RULES)
    async with engine(config) as app:
        assert state(app)[:4] == (["one"], ["g"], [], 60_000)
        write(tmp_path, "prometheus.yml", SECOND)
        await app.reload()
        assert state(app)[:5] == (["two"], [], ["http://127.0.0.1:2/api/v2/alerts"], 10_000, {"zone": "b"})
        assert await successful(app) == "prometheus_config_last_reload_successful 1"


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ("scrape_configs: {}", "the configuration can't be used"),
        (SECOND + "rule_files: [rules.yml]", "the configuration can't be used"),
        (SECOND.replace("job_name: two", "job_name: two, oauth2: {client_id: a}"), "oauth2"),
    ],
    ids=["file", "rules", "unsupported"],
)
async def test_a_bad_configuration_changes_nothing(mistake: str, said: str, tmp_path: Path) -> None:
    config = write(tmp_path, "prometheus.yml", FIRST)
    write(tmp_path, "rules.yml", RULES)
    async with engine(config) as app:
        before = state(app)
        write(tmp_path, "prometheus.yml", mistake)
        write(tmp_path, "rules.yml", "groups: [{name: g, rules: [{record: a, expr: up{}]}]")
        with pytest.raises(ConfigError, match=said):
            await app.reload()
        assert state(app) == before
        assert await successful(app) == "prometheus_config_last_reload_successful 0"
        write(tmp_path, "prometheus.yml", SECOND)
        await app.reload()
        assert await successful(app) == "prometheus_config_last_reload_successful 1"


async def test_a_bad_template_of_the_alertmanager_changes_nothing(tmp_path: Path) -> None:
    config = write(tmp_path, "prometheus.yml", FIRST)
    write(tmp_path, "rules.yml", RULES)
    managed = "{route: {receiver: NAME}, receivers: [{name: NAME}], templates: ['*.tmpl']}"
    write(tmp_path, "alertmanager/alertmanager.yml", managed.replace("NAME", "a"))
    async with engine(config) as app:
        before = state(app)
        assert app.parts.alertmanager is not None
        write(tmp_path, "prometheus.yml", SECOND)
        write(tmp_path, "alertmanager/alertmanager.yml", managed.replace("NAME", "b"))
        write(tmp_path, "alertmanager/bad.tmpl", "{{ end }}")
        with pytest.raises(ConfigError):
            await app.reload()
        assert state(app) == before
        assert app.parts.alertmanager.receiver_names() == ["a"]
        write(tmp_path, "alertmanager/bad.tmpl", "")
        await app.reload()
        assert app.parts.alertmanager.receiver_names() == ["b"]


async def test_what_promtail_refuses_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    config = write(tmp_path, "prometheus.yml", FIRST)
    write(tmp_path, "rules.yml", RULES)
    managed = "{route: {receiver: NAME}, receivers: [{name: NAME}]}"
    write(tmp_path, "alertmanager/alertmanager.yml", managed.replace("NAME", "a"))
    write(tmp_path, "promtail/config.yml", PROMTAIL.replace("JOBS", "[]"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        push = f"[{{job_name: p, loki_push_api: {{server: {{http_listen_port: {taken.getsockname()[1]}}}}}}}]"
        async with engine(config, listen={**ANYWHERE, "promtail": "127.0.0.1:0"}) as app:
            before, ours, tailing = state(app), app.parts.alertmanager, app.parts.tailing.promtail
            assert ours is not None
            assert tailing is not None
            write(tmp_path, "prometheus.yml", SECOND)
            write(tmp_path, "alertmanager/alertmanager.yml", managed.replace("NAME", "b"))
            write(tmp_path, "promtail/config.yml", PROMTAIL.replace("JOBS", push))
            with pytest.raises(ConfigError, match="the job p can't listen"):
                await app.reload()
            assert state(app) == before
            assert ours.receiver_names() == ["a"]
            assert not tailing.jobs
            assert await successful(app) == "prometheus_config_last_reload_successful 0"


async def test_a_reload_opens_the_ports_of_what_it_begins_to_use(tmp_path: Path) -> None:
    config = write(tmp_path, "prometheus.yml", FIRST.replace("rule_files: [rules.yml]", ""))
    async with engine(config) as app:
        assert list(app.parts.components.ports) == ["prometheus"]
        write(
            tmp_path,
            "prometheus.yml",
            "scrape_configs: [{job_name: n, static_configs: [{targets: [node-exporter:9100]}]}]",
        )
        await app.reload()
        assert list(app.parts.components.ports) == ["prometheus", "node"]
        status, page = await ask(app, "/", "node")
        assert status == 200
        assert "Node Exporter" in page


async def test_a_reload_over_http_says_why_it_failed(tmp_path: Path) -> None:
    config = write(tmp_path, "prometheus.yml", "")
    async with engine(config, enable_lifecycle=True) as app:
        assert await ask(app, "/-/reload", method="POST") == (200, "")
        write(tmp_path, "prometheus.yml", "no: yes")
        status, text = await ask(app, "/-/reload", method="POST")
        assert status == 500
        assert text.startswith("failed to reload config: ")
        assert f'{config}:1:1: unknown key "no"' in text


async def test_quitting_over_http_asks_for_the_end(tmp_path: Path) -> None:
    async with engine(write(tmp_path, "prometheus.yml", ""), enable_lifecycle=True) as app:
        assert await ask(app, "/-/quit", method="PUT") == (200, "Requesting termination... Goodbye!")
        await app.stopped()


async def test_queries_are_logged_beside_the_configuration_wherever_that_is_named_from(tmp_path: Path) -> None:
    config = write(tmp_path, "conf/prometheus.yml", "global: {query_log_file: a.log}")
    async with engine(relative(config), data_dir=tmp_path / "data") as app:
        await ask(app, "/api/v1/query?query=1")
        write(tmp_path, "conf/prometheus.yml", "global: {query_log_file: /prometheus/b.log}")
        await app.reload()
        await ask(app, "/api/v1/query?query=2")
        write(tmp_path, "conf/prometheus.yml", "")
        await app.reload()
        await ask(app, "/api/v1/query?query=3")
    for name, query in (("conf/a.log", "1"), ("data/prometheus/b.log", "2")):
        (line,) = (tmp_path / name).read_text().splitlines()
        assert json.loads(line)["params"]["query"] == query
