from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from engine.discovery.config import ConsulSDConfig
from engine.discovery.consul import RETRY_SECONDS, ConsulDiscovery
from engine.discovery.consul_api import Check, Entry
from engine.discovery.ports import DiscoveryCounts
from engine.foundation.values import Secret
from engine.testing.manual_clock import ManualClock
from tests.discovery.consul_server import Consul, consul, place
from tests.discovery.listening import Told, listening, parts

INTERVAL = 30_000


@pytest.fixture
async def server() -> AsyncIterator[Consul]:
    async with consul() as made:
        yield made


async def until_told(told: Told, clock: ManualClock, addresses: list[str]) -> None:
    """Time passes until these are the targets."""
    for _ in range(200):
        if sorted(told.addresses) == addresses:
            return
        await clock.advance(INTERVAL)
    assert sorted(told.addresses) == addresses


async def test_a_place_of_a_service_is_a_target_with_all_that_is_told_of_it(
    server: Consul, manual_clock: ManualClock
) -> None:
    await server.put("web", place(tags=("blue", "fast")))
    config = ConsulSDConfig(server=server.address, token=Secret("s3cret"))
    async with listening(ConsulDiscovery(config, parts(manual_clock)), manual_clock) as told:
        await told.more()
    (group,) = told.groups.values()
    assert dict(group.labels.pairs) == {"__meta_consul_dc": "dc1", "__meta_consul_service": "web"}
    assert dict(group.targets[0].pairs) == {
        "__address__": "10.0.0.1:80",
        "__meta_consul_address": "10.0.0.1",
        "__meta_consul_health": "passing",
        "__meta_consul_metadata_os_name": "linux",
        "__meta_consul_node": "node-1",
        "__meta_consul_service_id": "web-1",
        "__meta_consul_service_metadata_team": "shop",
        "__meta_consul_service_port": "80",
        "__meta_consul_tagged_address_wan": "1.2.3.4",
        "__meta_consul_tags": ",blue,fast,",
    }
    assert server.tokens == {"s3cret"}


async def test_services_that_come_change_and_go_are_followed(server: Consul, manual_clock: ManualClock) -> None:
    await server.put("web", place())
    source = ConsulDiscovery(ConsulSDConfig(server=server.address), parts(manual_clock))
    async with listening(source, manual_clock) as told:
        await told.more()
        await server.put("db", place("10.0.0.2", Address="fd00::5", Port=5432))
        await until_told(told, manual_clock, ["10.0.0.1:80", "[fd00::5]:5432"])
        await server.put("web", place("10.0.0.3"))
        await until_told(told, manual_clock, ["10.0.0.3:80", "[fd00::5]:5432"])
        await server.remove("db")
        await until_told(told, manual_clock, ["10.0.0.3:80"])


async def test_only_services_and_tags_that_are_wanted_are_watched(server: Consul, manual_clock: ManualClock) -> None:
    await server.put("web", place("10.0.0.1", tags=("a", "b")), place("10.0.0.2", tags=("a",)))
    await server.put("other", place("10.0.0.3", tags=("a", "b")))
    await server.put("bare", place("10.0.0.4"))
    config = ConsulSDConfig(
        server=server.address, services=("web", "bare"), tags=("a", "b"), datacenter="dc9", allow_stale=False,
        node_meta={"rack": "r1"},
    )  # fmt: skip
    async with listening(ConsulDiscovery(config, parts(manual_clock)), manual_clock) as told:
        await told.more()
    assert told.addresses == ["10.0.0.1:80"]
    assert told.meta("__meta_consul_dc") == ["dc9"]
    asked = "index=0&wait=120000ms&node-meta=rack%3Ar1&dc=dc9"
    assert server.asked[:2] == [f"/v1/catalog/services?{asked}", f"/v1/health/service/web?tag=a&tag=b&{asked}"]


async def test_named_services_need_no_catalogue(server: Consul, manual_clock: ManualClock) -> None:
    await server.put("web", place())
    config = ConsulSDConfig(server=f"http://{server.address}", services=("web",))
    async with listening(ConsulDiscovery(config, parts(manual_clock)), manual_clock) as told:
        await told.more()
        assert server.asked == ["/v1/agent/self", "/v1/health/service/web?index=0&wait=120000ms&stale="]


async def test_a_server_without_services_has_told_that_there_are_none(
    server: Consul, manual_clock: ManualClock
) -> None:
    source = ConsulDiscovery(ConsulSDConfig(server=server.address), parts(manual_clock))
    async with listening(source, manual_clock) as told:
        await told.more()
        assert told.addresses == []


async def test_a_server_that_fails_keeps_its_targets_and_is_asked_again(
    server: Consul, manual_clock: ManualClock
) -> None:
    await server.put("web", place())
    counts = DiscoveryCounts()
    source = ConsulDiscovery(ConsulSDConfig(server=server.address), parts(manual_clock, counts=counts))
    async with listening(source, manual_clock) as told:
        await told.more()
        server.broken = True
        await server.put("web", place("10.0.0.9"))
        while not counts.consul_failures:
            await manual_clock.advance(INTERVAL)
        assert told.addresses == ["10.0.0.1:80"]
        assert any("Unexpected response code: 500 (No cluster leader)" in fault for fault in counts.faults.values())
        server.broken = False
        await until_told(told, manual_clock, ["10.0.0.9:80"])
        for _ in range(200):
            if not counts.faults:
                break
            await manual_clock.advance(RETRY_SECONDS * 1000)
        assert counts.faults == {}


async def test_a_server_that_has_lost_its_state_is_asked_from_the_start(
    server: Consul, manual_clock: ManualClock
) -> None:
    await server.put("web", place())
    source = ConsulDiscovery(ConsulSDConfig(server=server.address), parts(manual_clock))
    async with listening(source, manual_clock) as told:
        await told.more()
        server.places["web"] = [place("10.0.0.4")]
        await server.begin_anew()
        await until_told(told, manual_clock, ["10.0.0.4:80"])


@pytest.mark.parametrize(
    ("checks", "health"),
    [
        ([], "passing"),
        ([Check(status="passing"), Check(status="warning")], "warning"),
        ([Check(status="critical"), Check(status="warning")], "critical"),
        ([Check(status="critical"), Check(id="_node_maintenance", status="critical")], "maintenance"),
        ([Check(id="_service_maintenance:web", status="critical")], "maintenance"),
        ([Check(status="odd")], ""),
    ],
)
def test_the_worst_check_decides(checks: list[Check], health: str) -> None:
    assert Entry(checks=checks).health == health


async def test_a_filter_is_for_the_catalogue_and_a_prefix_for_all_paths(
    server: Consul, manual_clock: ManualClock
) -> None:
    config = ConsulSDConfig(
        server=server.address, datacenter="d", services=("web",), filter="a in Tags", path_prefix="/consul/"
    )
    async with listening(ConsulDiscovery(config, parts(manual_clock)), manual_clock) as told:
        await told.more()
    assert server.asked[0].startswith("/consul/v1/catalog/services?filter=a+in+Tags&index=0&")
