"""Which components run, where they listen, and what becomes of those that can't."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.app.components.ports import wanted
from engine.app.process.run import look_around
from engine.config.load import load
from engine.foundation.errors import ConfigError
from tests.app.world import ANYWHERE, ask, engine, write

NODE = "scrape_configs: [{job_name: n, static_configs: [{targets: [node-exporter:9100]}]}]"
MANAGED = "{route: {receiver: a}, receivers: [{name: a}]}"


@pytest.fixture
def taken() -> Iterator[str]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield f"127.0.0.1:{other.getsockname()[1]}"


@pytest.mark.parametrize(
    ("text", "components"),
    [
        ("", ["prometheus"]),
        (NODE, ["prometheus", "node"]),
        ("scrape_configs: [{job_name: n, static_configs: [{targets: ['localhost:9100']}]}]", ["prometheus", "node"]),
        ("scrape_configs: [{job_name: n, static_configs: [{targets: ['example.com:9100']}]}]", ["prometheus"]),
        ("scrape_configs: [{job_name: n, static_configs: [{targets: ['cadvisor:8080']}]}]", ["prometheus", "cadvisor"]),
        ("scrape_configs: [{job_name: n, static_configs: [{targets: ['localhost:8080']}]}]", ["prometheus"]),
        (
            "scrape_configs: [{job_name: n, static_configs: [{targets: ['localhost:9093']}]}]",
            ["prometheus", "alertmanager"],
        ),
        (
            "scrape_configs: [{job_name: n, relabel_configs: [{target_label: __address__, replacement: 'node-exporter:9100'}]}]",
            ["prometheus", "node"],
        ),
    ],
)
def test_what_the_targets_name_is_wanted(text: str, components: list[str], tmp_path: Path) -> None:
    assert wanted(load(write(tmp_path, "prometheus.yml", text))) == components


async def test_a_taken_first_port_is_an_error_that_says_what_to_do(tmp_path: Path, taken: str) -> None:
    config = write(tmp_path, "prometheus.yml", NODE)
    with pytest.raises(ConfigError, match=rf"can't listen on {taken}: taken by .*: choose another with --listen"):
        async with engine(config, listen={**ANYWHERE, "prometheus": taken}):
            pass


async def test_another_taken_port_is_named_and_its_component_still_answers(tmp_path: Path, taken: str) -> None:
    config = write(tmp_path, "prometheus.yml", NODE)
    write(tmp_path, "alertmanager/alertmanager.yml", MANAGED)
    async with engine(config, listen={**ANYWHERE, "node": taken, "alertmanager": taken}) as app:
        assert list(app.parts.components.ports) == ["prometheus"]
        assert all(f"can't listen on {taken}: taken by " in why for why in app.parts.components.silent.values())
        assert list(app.parts.components.silent) == ["alertmanager", "node"]
        assert (await ask(app, "/api/v2/status"))[0] == 200
        assert app.parts.components.url("alertmanager") == app.parts.components.url("prometheus")


async def test_notifications_lead_to_where_people_reach_the_alertmanager(tmp_path: Path) -> None:
    config = write(tmp_path, "prometheus.yml", "")
    hook = "webhook_configs: [{url: 'http://hook.example.com/'}]"
    write(tmp_path, "alertmanager/alertmanager.yml", f"{{route: {{receiver: a}}, receivers: [{{name: a, {hook}}}]}}")
    async with engine(config, alertmanager_url="https://alerts.example.com/am/") as app:
        assert app.parts.alertmanager is not None
        (tried,) = await app.parts.alertmanager.try_receiver("a")
        assert '"externalURL":"https://alerts.example.com/am"' in tried.payload


async def test_a_component_that_is_switched_off_does_not_listen_and_is_scraped_all_the_same(tmp_path: Path) -> None:
    async with engine(write(tmp_path, "prometheus.yml", NODE), listen={**ANYWHERE, "node": "off"}) as app:
        assert app.parts.components.silent == {"node": "node is switched off"}
        await look_around(app.parts)
        assert [t.leads_to for t in app.parts.addresses.translations] == ["node, in process"]


async def test_nothing_listens_when_the_first_port_is_off(tmp_path: Path) -> None:
    async with engine(write(tmp_path, "prometheus.yml", ""), listen={"prometheus": "off"}) as app:
        assert app.parts.components.ports == {}
        assert app.parts.components.external_url("prometheus") == ""


async def test_what_listens_everywhere_is_called_on_loopback(tmp_path: Path) -> None:
    async with engine(write(tmp_path, "prometheus.yml", ""), listen={"prometheus": ":0"}) as app:
        assert app.parts.components.ports["prometheus"].startswith("0.0.0.0:")
        assert app.parts.components.external_url("prometheus").startswith("http://127.0.0.1:")


async def test_requests_to_other_components_do_not_count_as_prometheus_own(tmp_path: Path) -> None:
    async with engine(write(tmp_path, "prometheus.yml", NODE)) as app:
        await ask(app, "/", "node")
        assert app.parts.components.http.requests == {}
        await ask(app, "/graph")
        assert app.parts.components.http.requests == {("/graph", 200): 1}


async def test_a_taken_port_is_named_and_a_free_one_used_when_that_is_asked_for(tmp_path: Path) -> None:
    config = write(tmp_path, "prometheus.yml", NODE)
    async with engine(config) as first:
        taken = dict(first.parts.components.ports)
        with pytest.raises(ConfigError, match="--free-ports"):
            async with engine(config, listen=taken):
                pass
        async with engine(config, listen=taken, free_ports=True) as second:
            assert set(second.parts.components.ports) == set(taken)
            assert not set(second.parts.components.ports.values()) & set(taken.values())
            assert len(second.parts.components.moved) == len(taken)
            assert taken["node"] in second.parts.components.moved[1]
            assert (await ask(second, "/metrics", "node"))[0] == 200
