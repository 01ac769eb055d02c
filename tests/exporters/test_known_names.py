"""Every family that the reference and public dashboards name has a source here, where the machine has the thing."""

from __future__ import annotations

import re
import sys
from itertools import chain
from pathlib import Path
from typing import Final

import pytest

from engine.testing.manual_clock import ManualClock
from exporters.cadvisor.table import FAMILIES as CADVISOR
from exporters.node.exporter import NodeExporter
from exporters.node.flags import parse_flags
from exporters.node.options import NETSTAT_FIELDS, VMSTAT_FIELDS
from exporters.node.system import os_release
from exporters.process.table import FAMILIES as PROCESSES
from tests.exporters.node import machine_tree

SHARED: Final = Path(__file__).parents[2].parent / "shared"
REFERENCE: Final = SHARED / "reference/alertmanager.md"
BOARDS: Final = SHARED / "conformance/grafana"
pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the families are Linux's"),
]
# A board for another system, whose families have other names.
BSD: Final = "grafana-dashboards__node-exporter-bsd.json"
# Of collectors that are off unless they are asked for, and of releases before 0.16, which boards ask for too.
OTHERS: Final = re.compile(
    "node_(cpu|time|boot_time|intr|forks|context_switches|exporter_scrape_duration_seconds_(count|sum))"
    r"|node_disk_\w+(?<!_total)|node_filesystem_(avail|free|size)|node_memory_[A-Z]\w*(?<!_bytes)"
    r"|node_network_(receive|transmit)_\w+(?<!_total)"
    "|node_(systemd|interrupts|processes|tcp_connection|mountstats|buddyinfo|zoneinfo|ntp|ksmd|slabinfo|supervisord|runit"
    "|logind|qdisc|perf|wifi|drbd|drm|ethtool|lnstat|network_route|meminfo_numa|memory_numa|sysctl|cgroups)_.*"
)
# Fields of the kernel's tables that the original shows, and so do we; boards ask for all of them.
FIELDS: Final = {"node_vmstat_": re.compile(VMSTAT_FIELDS), "node_netstat_": re.compile(NETSTAT_FIELDS)}
LINE: Final = re.compile(r"^- `(node_\w+)_\*` \d+ families, \d+ series: (.*)$")


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Of a machine that has everything, of a numbered release, and of this one: not every system has a number."""
    flags = machine_tree.build(tmp_path_factory.mktemp("machine"))
    ours = [NodeExporter(parse_flags(some), ManualClock()).collect() for some in (flags, ["--collector.stat.softirq"])]
    release = os_release.families({"version_id": "12"})
    return {family.name for family in chain(release, *ours)} | set(CADVISOR) | set(PROCESSES)


def is_left_out(name: str) -> bool:
    """Also by the original, unless it is told otherwise."""
    for prefix, pattern in FIELDS.items():
        if name.startswith(prefix):
            return not pattern.search(name.removeprefix(prefix))
    return OTHERS.fullmatch(name) is not None


def named(appendix: str) -> set[str]:
    """Lines such as ``- `node_disk_*` 18 families, 36 series: c{device} reads_total; g{device} io_now``."""
    found = set()
    for line in appendix.splitlines():
        if (parts := LINE.match(line)) is not None:
            for word in re.sub(r"\b[gcu](\{[^}]*\})? ", " ", parts[2]).replace(";", " ").split():
                found.add(f"{parts[1]}{word}" if parts[1] == "node_load" else f"{parts[1]}_{word}")
    return found


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference is not here")
def test_the_families_of_a_virtual_machine_are_all_told(families: set[str]) -> None:
    _, _, appendix = REFERENCE.read_text().partition("## Appendix A")
    wanted = named(appendix)
    assert len(wanted) == 246
    assert wanted - families == set()


@pytest.mark.skipif(not BOARDS.exists(), reason="the dashboards are not here")
@pytest.mark.parametrize("board", sorted(path.name for path in BOARDS.glob("*.json") if path.name != BSD))
def test_what_a_dashboard_asks_of_a_machine_has_a_source(families: set[str], board: str) -> None:
    asked = set(
        re.findall(r"(?<![\w:])(?:node|container|machine)_[a-z0-9]\w*(?=[{\[ )]|\\n)", (BOARDS / board).read_text())
    )
    assert {name for name in asked if name not in families and not is_left_out(name)} == set()
