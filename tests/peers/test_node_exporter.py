"""The same machine at the same moment, seen by the original and by ours."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Final

import pytest

from engine.foundation.clock import SystemClock
from exporters.exposition.families import Family
from exporters.node.exporter import NodeExporter
from exporters.node.flags import parse_flags
from exporters.node.table import COLLECTORS

BINARY: Final = shutil.which("prometheus-node-exporter") or shutil.which("node_exporter")
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
]
# Its labels say who was built with what.
BUILD: Final = "node_exporter_build_info"
# What does not move within the second between the two readings.
STEADY: Final = re.compile(
    "node_boot_time_seconds|node_memory_(MemTotal|SwapTotal|CommitLimit)_bytes|node_filesystem_(size_bytes|readonly)"
    "|node_network_(mtu_bytes|up|info|flags|speed_bytes|iface_id|protocol_type)|node_uname_info|node_os_.*"
    "|node_disk_info|node_filefd_maximum|node_nf_conntrack_entries_limit|node_time_zone_.*|node_time_clocksource_.*"
    "|node_timex_(status|sync_status|tick_seconds|frequency_adjustment_ratio|loop_time_constant)|my_metric|plain|h_.*"
    "|node_textfile_.*|node_selinux_.*"
)

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


TEXTFILES: Final = {
    "a.prom": '# HELP my_metric A thing.\n# TYPE my_metric gauge\nmy_metric{a="b"} 1\nplain 2\n',
    "b.prom": 'plain{x="y"} 3\n# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\n',
    "faulty.prom": "bad{\n",
    "stamped.prom": "stamped 1 1000\n",
    "unended.prom": "unended 1",
}


@pytest.fixture(scope="module")
def flags(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("textfiles")
    for name, text in TEXTFILES.items():
        (folder / name).write_text(text)
    return [*FLAGS, f"--collector.textfile.directory={folder}"]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, flags: list[str]) -> Iterator[str]:
    """Its page."""
    assert BINARY is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    log = tmp_path_factory.mktemp("node") / "log"
    with log.open("w") as out:
        process = subprocess.Popen([BINARY, f"--web.listen-address={address}", *flags], stderr=out)
    try:
        yield _page(address, log)
    finally:
        process.terminate()
        process.wait()


def _page(address: str, log: Path) -> str:
    host, port = address.split(":")
    request = f"GET /metrics HTTP/1.0\r\nHost: {address}\r\n\r\n".encode()
    for _ in range(2000):
        try:
            with socket.create_connection((host, int(port))) as connection:
                connection.sendall(request)
                return b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        except ConnectionRefusedError:
            Event().wait(0.005)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="module")
def theirs(original: str) -> tuple[dict[str, str], Series]:
    """Types by family, values by series; the families of their runtime are left out."""
    types: dict[str, str] = {}
    series: Series = {}
    for line in original.splitlines():
        if re.match("(# [A-Z]+ )?(go|process|promhttp)_", line):
            continue
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            types[name] = kind
        elif found := re.match(r"(\w+)(?:\{(.*)\})? (\S+)$", line):
            labels = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found[2] or "")
            series[found[1], tuple(sorted((k, v.replace('\\"', '"')) for k, v in labels))] = float(found[3])
    return types, series


@pytest.fixture(scope="module")
def ours(original: str, flags: list[str]) -> list[Family]:
    return NodeExporter(parse_flags(flags), SystemClock()).collect()


def series_of(families: list[Family]) -> Series:
    return {(s.name, s.labels): s.value for family in families for s in family.samples}


def test_the_families_and_their_types_are_the_same(ours: list[Family], theirs: tuple[dict[str, str], Series]) -> None:
    assert {family.name: family.type.value for family in ours} == theirs[0]


def test_the_label_sets_are_the_same(ours: list[Family], theirs: tuple[dict[str, str], Series]) -> None:
    assert {key for key in series_of(ours) if key[0] != BUILD} == {key for key in theirs[1] if key[0] != BUILD}


def test_the_build_is_told_by_the_same_labels(ours: list[Family], theirs: tuple[dict[str, str], Series]) -> None:
    def names(series: Series) -> list[str]:
        return next([name for name, _ in labels] for family, labels in series if family == BUILD)

    assert names(series_of(ours)) == names(theirs[1])


def test_collectors_succeed_and_fail_alike(ours: list[Family], theirs: tuple[dict[str, str], Series]) -> None:
    def success(series: Series) -> Series:
        return {key: value for key, value in series.items() if key[0] == "node_scrape_collector_success"}

    assert success(series_of(ours)) == success(theirs[1])


def test_what_stands_still_has_the_same_values(ours: list[Family], theirs: tuple[dict[str, str], Series]) -> None:
    def steady(series: Series) -> Series:
        return {key: value for key, value in series.items() if STEADY.fullmatch(key[0])}

    assert steady(series_of(ours)) == steady(theirs[1])


def test_what_moves_has_moved_on(ours: list[Family], theirs: tuple[dict[str, str], Series]) -> None:
    counters = {family.name for family in ours if family.type.value == "counter"}
    mine = series_of(ours)
    behind = {key for key, value in theirs[1].items() if key[0] in counters and mine[key] < value - 1e-6}
    assert not behind
