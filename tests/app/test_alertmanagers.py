"""Who is told of alerts: the `alertmanagers` sections after relabelling."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.app.components.alertmanagers import urls
from engine.config.prometheus import parse_prometheus
from engine.discovery.static import static_groups
from engine.rules.alertmanagers import InProcess, Remote
from engine.testing.manual_clock import ManualClock
from tests.app.world import engine, write


def found(section: str) -> list[str]:
    loaded = parse_prometheus(f"alerting: {{alertmanagers: [{section}]}}")
    assert not loaded.findings
    (one,) = loaded.value.alerting.alertmanagers
    return urls(one, static_groups(one.static_configs))


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("{static_configs: [{targets: [a:9093, b]}]}", ["http://a:9093/api/v2/alerts", "http://b:80/api/v2/alerts"]),
        ("{scheme: https, static_configs: [{targets: [a]}]}", ["https://a:443/api/v2/alerts"]),
        ("{path_prefix: /am/, static_configs: [{targets: [a:1]}]}", ["http://a:1/am/api/v2/alerts"]),
        ("{static_configs: [{targets: ['[::1]:9093', '[::1]']}]}", ["http://[::1]:9093/api/v2/alerts", "http://[::1]:80/api/v2/alerts"]),
    ],
)  # fmt: skip
def test_the_address_gets_scheme_port_and_path(section: str, expected: list[str]) -> None:
    assert found(section) == expected


def test_relabelling_drops_and_moves_targets() -> None:
    rules = """[
      {source_labels: [zone], regex: far, action: drop},
      {source_labels: [zone], target_label: __address__, replacement: '$1.example:7'},
      {target_label: __scheme__, replacement: https},
      {target_label: __alerts_path__, replacement: /x},
    ]"""
    section = f"{{static_configs: [{{targets: [a], labels: {{zone: near}}}}, {{targets: [b], labels: {{zone: far}}}}], relabel_configs: {rules}}}"
    assert found(section) == ["https://near.example:7/x"]


async def test_our_own_is_told_in_process_and_each_other_once(tmp_path: Path) -> None:
    config = write(
        tmp_path,
        "prometheus.yml",
        "alerting: {alertmanagers: [{static_configs: [{targets: ['alertmanager:9093', '127.0.0.1:5', '127.0.0.1:5']}]}]}",
    )
    write(tmp_path, "alertmanager/alertmanager.yml", "{route: {receiver: a}, receivers: [{name: a}]}")
    async with engine(config) as app:
        first, second = app.parts.notifier.alertmanagers
        assert isinstance(first, InProcess)
        assert isinstance(second, Remote)
        assert second.url == "http://127.0.0.1:5/api/v2/alerts"


async def test_those_that_discovery_finds_are_told_too_and_no_longer_when_they_are_gone(tmp_path: Path) -> None:
    peers = write(tmp_path, "peers.json", '[{"targets": ["127.0.0.1:5"]}]')
    config = write(
        tmp_path, "prometheus.yml", f"alerting: {{alertmanagers: [{{file_sd_configs: [{{files: ['{peers}']}}]}}]}}"
    )
    async with engine(config) as app:
        assert isinstance(app.clock, ManualClock)
        await app.clock.advance(6_000)
        assert [one.url for one in app.parts.notifier.alertmanagers] == ["http://127.0.0.1:5/api/v2/alerts"]
        peers.write_text("[]")
        await app.clock.advance(6_000)
        assert app.parts.notifier.alertmanagers == ()


async def test_one_that_is_called_by_way_of_others_beyond_this_machine_counts_as_beyond(tmp_path: Path) -> None:
    config = write(
        tmp_path,
        "prometheus.yml",
        "alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:5']}], proxy_url: 'http://p.example:1'}]}",
    )
    async with engine(config) as app:
        (one,) = app.parts.notifier.alertmanagers
        assert await one.post([]) is False
        assert app.parts.delivery.outbox.total == 1
