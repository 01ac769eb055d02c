"""The same machine at the same moment, seen by the original and by ours; and a machine that has everything, as files."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

import pytest

from engine.foundation.clock import SystemClock
from exporters.node.exporter import NodeExporter
from exporters.node.flags import parse_flags
from exporters.node.table import COLLECTORS
from tests.exporters.node import machine_tree
from tests.peers.node_pages import BINARY, Page, Series, original, page_of, parse

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(BINARY is None, reason="prometheus-node-exporter is not installed"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="compares Linux's families"),
]
# A distribution's build has excludes of its own, so both sides are told the same.
FLAGS: Final = [
    "--collector.disable-defaults",
    *(f"--collector.{name}" for name in COLLECTORS),
    "--collector.filesystem.mount-points-exclude=^/(dev|proc|sys)($|/)",
    "--collector.netdev.device-exclude=^$",
    "--collector.stat.softirq",
    "--collector.cpu.info",
]
# The original asks the kernel itself of network devices, unless it is told to read the files.
OF_FILES: Final = [
    "--no-collector.netdev.netlink",
    "--collector.bcache.priorityStats",
    "--collector.cpu.info.flags-include=^(aes|avx.?)$",
    "--collector.cpu.info.bugs-include=^mds$",
]
# Its labels say who was built with what.
BUILD: Final = "node_exporter_build_info"
# Has labels that say what is so at the moment alone.
PASSING: Final = re.compile(f"{BUILD}|node_tcp_connection_states|node_processes_(threads_)?state")
# Longer sentences of the original, which ours say in other words.
OWN_WORDS: Final = re.compile(
    "node_bcache_(cache_available_percent|cache_miss_collisions_total|cache_read_races_total|writeback_rate_proportional_term)"
    "|node_dmi_info|node_exporter_build_info|node_os_info|node_fibrechannel_(loss_of_sync|nos)_total|node_hwmon_humidity"
    "|node_infiniband_(excessive_buffer_overrun_errors|legacy_packets_transmitted|link_downed|local_link_integrity_errors"
    "|port_(constraint_errors|discards|packets)_(received|transmitted)|port_errors_received|port_transmit_wait"
    "|port_receive_remote_physical_errors|vl15_dropped)_total|node_infiniband_(physical_)?state_id"
    "|node_nf_conntrack_stat_(early_drop|search_restart)|node_nfsd_reply_cache_(misses|nocache)_total"
    "|node_pressure_(io|memory)_stalled_seconds_total|node_tape_(io_others|io_time_seconds|residual)_total"
    "|node_xfs_directory_operation_.*|node_xfs_inode_operation_.*"
)
# What does not move within the second between the two readings.
STEADY: Final = re.compile(
    "node_boot_time_seconds|node_memory_(MemTotal|SwapTotal|CommitLimit)_bytes|node_filesystem_(size_bytes|readonly)"
    "|node_network_(mtu_bytes|up|info|flags|speed_bytes|iface_id|protocol_type)|node_uname_info|node_os_.*"
    "|node_disk_info|node_filefd_maximum|node_nf_conntrack_entries_limit|node_time_zone_.*|node_time_clocksource_.*"
    "|node_timex_(status|sync_status|tick_seconds|frequency_adjustment_ratio|loop_time_constant)|my_metric|plain|h_.*"
    "|node_textfile_.*|node_selinux_.*|node_cpu_info|process_max_fds|process_virtual_memory_max_bytes"
)
# What does not come from the files of a copied machine.
MOVING: Final = re.compile("node_time_seconds|node_timex_.*|process_.*|node_scrape_collector_duration_seconds|" + BUILD)

TEXTFILES: Final = {
    "a.prom": '# HELP my_metric A thing.\n# TYPE my_metric gauge\nmy_metric{a="b"} 1\nplain 2\n',
    "b.prom": 'plain{x="y"} 3\n# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\n',
    "faulty.prom": "bad{\n",
    "stamped.prom": "stamped 1 1000\n",
    "unended.prom": "unended 1",
}

Pages = tuple[Page, Page]


def _pages(flags: list[str], log: Path) -> Pages:
    theirs = parse(original(flags, log))
    return page_of(NodeExporter(parse_flags(flags), SystemClock()).collect()), theirs


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """Ours and theirs, of this machine."""
    folder = tmp_path_factory.mktemp("textfiles")
    for name, text in TEXTFILES.items():
        (folder / name).write_text(text)
    return _pages([*FLAGS, f"--collector.textfile.directory={folder}"], tmp_path_factory.mktemp("node") / "log")


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """Ours and theirs, of a machine that has everything."""
    where = machine_tree.build(tmp_path_factory.mktemp("machine"))
    ours_too = [flag for flag in FLAGS if "filesystem" not in flag and "tcpstat" not in flag]  # asked of the kernel
    flags = [*ours_too, *OF_FILES, "--collector.textfile.directory=", *where]
    return _pages(flags, tmp_path_factory.mktemp("node") / "log")


@pytest.fixture(params=["here", "everything"])
def pages(request: pytest.FixtureRequest) -> Pages:
    both: Pages = request.getfixturevalue(request.param)
    return both


def test_the_families_and_their_types_are_the_same(pages: Pages) -> None:
    ours, theirs = pages
    assert ours.types == theirs.types


def test_helps_are_the_same_but_for_longer_sentences(pages: Pages) -> None:
    ours, theirs = pages
    assert {
        name for name, text in ours.helps.items() if text != theirs.helps[name] and not OWN_WORDS.fullmatch(name)
    } == set()


def test_the_label_sets_are_the_same(pages: Pages) -> None:
    ours, theirs = ({key for key in page.series if not PASSING.fullmatch(key[0])} for page in pages)
    assert ours == theirs


def test_the_build_is_told_by_the_same_labels(here: Pages) -> None:
    names = [[name for (_, labels) in page.of(BUILD) for name, _ in labels] for page in here]
    assert names[0] == names[1]


def test_collectors_succeed_and_fail_alike(pages: Pages) -> None:
    ours, theirs = pages
    success = "node_scrape_collector_success"
    assert ours.of(success) == theirs.of(success)


def test_on_a_machine_that_has_everything_all_collectors_succeed(everything: Pages) -> None:
    failed = {
        dict(labels)["collector"]
        for (_, labels), value in everything[0].of("node_scrape_collector_success").items()
        if not value
    }
    assert failed == set()


def test_values_of_files_are_the_same_to_the_last_digit_but_one(everything: Pages) -> None:
    ours, theirs = everything
    values = {key: value for key, value in theirs.series.items() if not MOVING.fullmatch(key[0])}
    assert {key: ours.series[key] for key in values} == pytest.approx(values, rel=1e-12)


def test_what_stands_still_has_the_same_values(here: Pages) -> None:
    def steady(page: Page) -> Series:
        return {key: value for key, value in page.series.items() if STEADY.fullmatch(key[0])}

    assert steady(here[0]) == steady(here[1])


def test_what_moves_has_moved_on(here: Pages) -> None:
    ours, theirs = here
    counters = {name for name, kind in ours.types.items() if kind == "counter" and name != "process_cpu_seconds_total"}
    behind = {key for key, value in theirs.series.items() if key[0] in counters and ours.series[key] < value - 1e-6}
    assert not behind
