"""A machine that has everything, without the original beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.testing.manual_clock import ManualClock
from exporters.exposition.families import Family
from exporters.exposition.negotiate import Format
from exporters.exposition.render import render
from exporters.exposition.text import parse_text
from exporters.node.exporter import NodeExporter
from exporters.node.flags import parse_flags
from tests.exporters.node import machine_tree

# What does not come from the files: the call for the clock's state, and what the process's own system tells.
ELSEWHERE = ("--no-collector.timex", "--no-collector.filesystem")


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Family]:
    flags = machine_tree.build(tmp_path_factory.mktemp("machine"))
    return {one.name: one for one in NodeExporter(parse_flags([*flags, *ELSEWHERE]), ManualClock()).collect()}


def value(families: dict[str, Family], name: str, **labels: str) -> float:
    [found] = [s.value for s in families[name].samples if labels.items() <= dict(s.labels).items()]
    return found


def test_every_collector_has_something_to_say(families: dict[str, Family]) -> None:
    failed = [dict(s.labels)["collector"] for s in families["node_scrape_collector_success"].samples if not s.value]
    assert failed == []
    assert len(families) > 480


def test_no_series_comes_twice(families: dict[str, Family]) -> None:
    for family in families.values():
        assert len({(s.name, s.labels) for s in family.samples}) == len(family.samples)


def test_the_page_is_one_that_is_read_back(families: dict[str, Family]) -> None:
    page = parse_text(render(families.values(), Format.TEXT))
    assert len(page.keys) == sum(len(family.samples) for family in families.values())


def test_arrays_tell_how_far_they_are(families: dict[str, Family]) -> None:
    assert value(families, "node_md_state", device="md2", state="recovering") == 1.0
    assert value(families, "node_md_blocks_synced", device="md2") == 16775552.0
    assert value(families, "node_md_blocks_synced", device="md3") == 0.0
    assert value(families, "node_md_disks", device="md1", state="failed") == 1.0
    assert value(families, "node_md_disks_required", device="md5") == 0.0


def test_numbers_written_for_people_are_read(families: dict[str, Family]) -> None:
    assert value(families, "node_bcache_btree_cache_size_bytes") == 262144.0
    assert value(families, "node_bcache_writeback_rate_integral_term") == -808960.0


def test_servers_are_told_apart_by_their_service(families: dict[str, Family]) -> None:
    name = "node_ipvs_backend_connections_active"
    assert value(families, name, local_address="192.168.0.22", remote_address="192.168.82.22") == 248.0
    assert value(families, name, local_mark="10001000") == 5.0
    assert value(families, name, remote_address="2620::2", remote_port="80") == 6.0


def test_what_firmware_does_not_count_is_left_out(families: dict[str, Family]) -> None:
    assert "node_fibrechannel_nos_total" not in families
    assert "node_infiniband_port_transmit_wait_total" not in families


def test_sensors_are_named_by_the_device_that_bears_them(families: dict[str, Family]) -> None:
    assert value(families, "node_hwmon_temp_celsius", chip="platform_coretemp_0", sensor="temp1") == 55.0
    assert value(families, "node_hwmon_temp_input_celsius", chip="hwmon1") == 34.0
    assert value(families, "node_hwmon_fan_rpm", sensor="fan1") == 1200.0


def test_zones_of_one_name_are_counted(families: dict[str, Family]) -> None:
    indices = [dict(s.labels)["index"] for s in families["node_rapl_core_joules_total"].samples]
    assert indices == ["0", "1"]
    assert value(families, "node_rapl_package_joules_total", index="10") == pytest.approx(240422.366267)


def test_a_bond_counts_what_is_up(families: dict[str, Family]) -> None:
    assert value(families, "node_bonding_slaves", master="bond0") == 2.0
    assert value(families, "node_bonding_active", master="bond0") == 1.0


def test_pools_of_disks_tell_their_state(families: dict[str, Family]) -> None:
    assert value(families, "node_zfs_zpool_state", state="degraded") == 1.0
    assert value(families, "node_btrfs_allocation_ratio", mode="raid5") == 1.5


def test_a_filter_of_a_collector_leaves_out_what_it_names(tmp_path: Path) -> None:
    flags = machine_tree.build(tmp_path)
    filters = ["--collector.powersupply.ignored-supplies=^BAT", "--collector.arp.device-exclude=^eth",
               "--collector.tapestats.ignored-devices=st", "--collector.rapl.enable-zone-label",
               "--collector.ipvs.backend-labels=local_port"]  # fmt: skip
    found = {one.name: one for one in NodeExporter(parse_flags([*flags, *filters]), ManualClock()).collect()}
    assert {dict(s.labels)["power_supply"] for s in found["node_power_supply_info"].samples} == {"AC"}
    assert not {"node_arp_entries", "node_tape_io_now"} & set(found)
    assert {dict(s.labels)["rapl_zone"] for s in found["node_rapl_joules_total"].samples} == {"core", "package"}
    assert {tuple(s.labels) for s in found["node_ipvs_backend_weight"].samples} == {
        (("local_port", "3306"),), (("local_port", "0"),), (("local_port", "80"),),
    }  # fmt: skip
