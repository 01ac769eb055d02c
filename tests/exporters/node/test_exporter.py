"""The exporter as a whole: which collectors run, and how a failing one shows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.foundation.errors import ConfigError
from engine.testing.manual_clock import ManualClock
from exporters.exposition.families import Family
from exporters.node import portable
from exporters.node.errors import NoDataError, UnknownCollectorError
from exporters.node.exporter import NodeExporter, enabled
from exporters.node.flags import FLAGS, parse_flags
from exporters.node.machine import Machine
from exporters.node.options import NodeOptions
from exporters.node.table import COLLECTORS, NOT_BUILT
from tests.exporters.node import machine_tree


@pytest.fixture
def machine(tmp_path: Path) -> NodeOptions:
    (tmp_path / "loadavg").write_text("1 2 3 4/5 6\n")
    (tmp_path / "stat").write_text("btime 5\n")
    (tmp_path / "meminfo").write_text("what is this\n")
    names = dict.fromkeys(("loadavg", "stat", "meminfo", "pressure"), True)
    return NodeOptions(procfs=tmp_path, sysfs=tmp_path, rootfs=tmp_path, disable_defaults=True, enabled=names)


def named(families: list[Family]) -> dict[str, Family]:
    return {family.name: family for family in families}


def success(families: list[Family]) -> dict[str, float]:
    return {dict(s.labels)["collector"]: s.value for s in named(families)["node_scrape_collector_success"].samples}


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs procfs")


@linux
def test_a_failing_collector_loses_only_its_own_families(machine: NodeOptions) -> None:
    families = NodeExporter(machine, ManualClock()).collect()
    assert success(families) == {"loadavg": 1.0, "meminfo": 0.0, "pressure": 0.0, "stat": 1.0}
    assert named(families)["node_load5"].samples[0].value == 2.0


@linux
def test_a_request_can_pick_collectors(machine: NodeOptions) -> None:
    families = NodeExporter(machine, ManualClock()).collect(["loadavg"])
    assert success(families) == {"loadavg": 1.0}
    assert "node_boot_time_seconds" not in named(families)
    assert "node_exporter_build_info" in named(families)


def test_a_missing_and_a_disabled_collector_are_told_apart(machine: NodeOptions) -> None:
    exporter = NodeExporter(machine, ManualClock())
    with pytest.raises(UnknownCollectorError, match="couldn't create collector: missing collector: nonsense"):
        exporter.collect(["nonsense"])
    with pytest.raises(UnknownCollectorError, match="couldn't create collector: disabled collector: cpu"):
        exporter.collect(["cpu"])


def test_families_are_in_order(machine: NodeOptions) -> None:
    names = [family.name for family in NodeExporter(machine, ManualClock()).collect()]
    assert names == sorted(names)


def test_single_collectors_are_turned_on_and_off() -> None:
    assert "cpu" not in enabled(NodeOptions(enabled={"cpu": False}))
    assert enabled(NodeOptions(enabled={"cpu": True}, disable_defaults=True)) == ["cpu"]
    with pytest.raises(UnknownCollectorError):
        enabled(NodeOptions(enabled={"cpus": True}))


def test_a_command_line_means_what_it_means_to_the_original() -> None:
    options = parse_flags(
        [
            "--path.rootfs=/host",
            "--path.procfs",
            "/host/proc",
            "--no-collector.netdev",
            "--no-collector.wifi",
            "--collector.filesystem.mount-points-exclude=^/(sys)($|/)",
            "--no-collector.cpu.guest",
            "--collector.filesystem.mount-timeout=1500ms",
            "--no-collector.ntp",
            "--collector.rapl.enable-zone-label",
            "--web.disable-exporter-metrics",
        ]
    )
    assert options == NodeOptions(
        rootfs=Path("/host"),
        procfs=Path("/host/proc"),
        enabled={"netdev": False},
        mount_points_exclude="^/(sys)($|/)",
        cpu_guest=False,
        mount_timeout_seconds=1.5,
        rapl_zone_label=True,
        about_itself=False,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--collector.systemd"], "--collector.systemd asks for what is not built in"),
        (["--colector.cpu"], "unknown flag --colector.cpu"),
        (["--path.procfs"], "--path.procfs needs a value"),
        (["--collector.filesystem.mount-timeout=soon"], "mount-timeout: not a valid duration string"),
        (["--collector.cpu", "--no-collector.cpu"], "--collector.cpu cannot be repeated"),
        (["cpu"], "unexpected argument 'cpu'"),
        (["--collector.ntp.server=x"], "--collector.ntp.server asks for what is not built in"),
        (["--collector.netdev.address-info"], "asks for what is not built in"),
        (["--collector.ipvs.backend-labels=local_port,colour"], "unknown IPVS backend labels: colour"),
        (
            ["--collector.arp.device-include=a", "--collector.arp.device-exclude=b"],
            "--collector.arp.device-exclude and --collector.arp.device-include exclude each other",
        ),
        (["--collector.netdev.device-exclude=("], "device-exclude: error parsing regexp: missing closing"),
    ],
)
def test_a_mistaken_command_line_is_explained(arguments: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_flags(arguments)


def test_every_flag_names_an_option() -> None:
    assert set(FLAGS.values()) <= set(NodeOptions.__slots__)


def test_every_portable_reader_has_its_row_and_no_collector_is_both_built_and_not() -> None:
    assert set(portable.READERS) <= set(COLLECTORS)
    assert not NOT_BUILT & set(COLLECTORS)


@pytest.mark.parametrize("name", sorted(portable.READERS))
def test_the_portable_readers_name_only_families_of_linux(name: str, tmp_path: Path) -> None:
    machine = Machine(NodeOptions(fs_types_exclude="", mount_points_exclude=""))
    try:
        ours = named(portable.READERS[name](machine))
    except NoDataError:  # as on a machine without a battery
        assert name in {"powersupplyclass", "cpufreq"}
        return
    assert ours or name in ("diskstats", "filesystem")
    if sys.platform.startswith("linux"):
        full = Machine(parse_flags(machine_tree.build(tmp_path)))
        theirs = named([*COLLECTORS[name].make(machine)(), *COLLECTORS[name].make(full)()])
        assert set(ours) <= set(theirs)
        assert all((ours[one].type, ours[one].help) == (theirs[one].type, theirs[one].help) for one in ours)


class Battery(NamedTuple):
    percent: float = 42.0
    secsleft: int = 3600
    power_plugged: bool = False


def test_a_battery_is_called_as_linux_calls_it() -> None:
    families = named(portable.battery(Battery()))
    assert families["node_power_supply_capacity"].samples[0].value == 42.0
    assert families["node_power_supply_time_to_empty_seconds"].samples[0].value == 3600.0
    assert "node_power_supply_time_to_empty_seconds" not in named(portable.battery(Battery(secsleft=-1)))
    with pytest.raises(NoDataError):
        portable.battery(None)
