"""What containers use, read from control groups of either version."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.foundation.errors import EngineError
from engine.testing.manual_clock import ManualClock
from exporters.cadvisor.cgroups import Cgroups
from exporters.cadvisor.exporter import Cadvisor
from exporters.cadvisor.flags import parse_flags
from exporters.cadvisor.options import GROUPS
from exporters.cadvisor.table import FAMILIES
from exporters.exposition.families import Family
from tests.exporters.cadvisor import trees

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="control groups are Linux's")
ALL = f"--enable_metrics={','.join(GROUPS)}"


def collected(flags: list[str]) -> dict[str, Family]:
    return {family.name: family for family in Cadvisor(parse_flags(flags), ManualClock()).collect()}


@pytest.fixture(params=[trees.version_1, trees.version_2], ids=["version 1", "version 2"])
def build(request: pytest.FixtureRequest) -> Callable[[Path], list[str]]:
    made: Callable[[Path], list[str]] = request.param
    return made


@pytest.fixture
def families(build: Callable[[Path], list[str]], tmp_path: Path) -> dict[str, Family]:
    return collected([*build(tmp_path), ALL])


def of(families: dict[str, Family], name: str, **labels: str) -> float:
    """Of the container, unless another group is named."""
    wanted = {"name": "web", **labels} if "id" not in labels else labels
    [value] = [s.value for s in families[name].samples if wanted.items() <= dict(s.labels).items()]
    return value


def test_processor_time_is_in_seconds(families: dict[str, Family]) -> None:
    usage = [s.value for s in families["container_cpu_usage_seconds_total"].samples if ("name", "web") in s.labels]
    assert sum(usage) == 5.0
    assert of(families, "container_cpu_user_seconds_total") == 3.0
    assert of(families, "container_cpu_system_seconds_total") == 1.5
    assert of(families, "container_cpu_cfs_throttled_seconds_total") == 1.5
    assert of(families, "container_cpu_cfs_periods_total") == 10.0


def test_the_working_set_is_without_what_is_hardly_used(families: dict[str, Family]) -> None:
    assert of(families, "container_memory_usage_bytes") == 4000.0
    assert of(families, "container_memory_working_set_bytes") == 3700.0
    assert of(families, "container_memory_rss") == 2000.0
    assert of(families, "container_memory_cache") == 1000.0
    assert of(families, "container_memory_swap") == 30.0
    assert of(families, "container_memory_max_usage_bytes") == 5000.0
    assert of(families, "container_memory_kernel_usage") == 600.0
    assert of(families, "container_memory_failcnt") == 7.0
    assert of(families, "container_oom_events_total") == 3.0


def test_limits_that_are_none_are_zero(families: dict[str, Family]) -> None:
    assert of(families, "container_spec_memory_limit_bytes") == 8000.0
    assert of(families, "container_spec_memory_swap_limit_bytes") == 0.0
    assert of(families, "container_spec_memory_reservation_limit_bytes") == 0.0
    assert of(families, "container_spec_cpu_quota") == 50000.0
    assert of(families, "container_spec_cpu_period") == 100000.0


def test_weights_are_shown_as_shares(tmp_path: Path) -> None:
    assert of(collected(trees.version_1(tmp_path / "1")), "container_spec_cpu_shares") == 1024.0
    assert of(collected(trees.version_2(tmp_path / "2")), "container_spec_cpu_shares") == 998.0


def test_disks_are_named(families: dict[str, Family]) -> None:
    assert of(families, "container_fs_reads_bytes_total", device="/dev/sda") == 1000.0
    assert of(families, "container_fs_writes_total", device="/dev/sda") == 20.0
    assert of(families, "container_blkio_device_usage_total", operation="Write", major="8", minor="0") == 2000.0


def test_the_root_tells_of_the_machines_disks_and_file_systems(families: dict[str, Family]) -> None:
    assert of(families, "container_fs_reads_total", id="/", device="/dev/sda") == 10.0
    assert of(families, "container_fs_read_seconds_total", id="/") == 0.5
    assert of(families, "container_fs_limit_bytes", id="/", device="/dev/sda") > 0


def test_traffic_is_that_of_the_containers_network(families: dict[str, Family]) -> None:
    devices = {dict(s.labels)["interface"] for s in families["container_network_receive_bytes_total"].samples}
    assert devices == {"eth0"}
    assert of(families, "container_network_receive_bytes_total") == 100.0
    assert of(families, "container_network_transmit_packets_dropped_total") == 4.0
    assert of(families, "container_network_tcp_usage_total", tcp_state="listen") == 2.0
    assert of(families, "container_network_receive_errors_total", id="/") == 1.0


def test_processes_tell_what_they_hold(families: dict[str, Family]) -> None:
    assert of(families, "container_processes") == 2.0
    assert of(families, "container_threads") == 4.0
    assert of(families, "container_ulimits_soft", ulimit="max_open_files") == 1024.0
    assert of(families, "container_cpu_schedstat_run_seconds_total") == 1.5


def test_the_container_is_called_as_docker_calls_it(families: dict[str, Family]) -> None:
    [labels] = [dict(s.labels) for s in families["container_last_seen"].samples if ("name", "web") in s.labels]
    assert labels.pop("id").endswith((trees.ID, f"{trees.ID}.scope"))
    assert labels == {
        "name": "web", "image": "nginx:1.23", "container_label_com_docker_compose_service": "web", "container_label_team": "shop",
    }  # fmt: skip
    assert of(families, "container_start_time_seconds") == 1675245600.0


def test_services_and_slices_are_shown_too(families: dict[str, Family]) -> None:
    paths = {dict(s.labels)["id"] for s in families["container_memory_usage_bytes"].samples}
    assert {"/", "/system.slice/ssh.service"} <= paths


def test_the_machine_is_told_of(families: dict[str, Family]) -> None:
    [sample] = families["machine_memory_bytes"].samples
    assert sample.value == 1024000.0
    assert dict(sample.labels) == {"boot_id": "boot-1", "machine_id": "machine-1", "system_uuid": ""}
    values = [
        families[f"machine_{name}"].samples[0].value for name in ("cpu_cores", "cpu_physical_cores", "cpu_sockets")
    ]
    assert values == [3.0, 2.0, 1.0]
    assert families["machine_scrape_error"].samples[0].value == 0.0
    assert families["container_scrape_error"].samples[0].value == 0.0


def test_every_family_has_a_source(tmp_path: Path) -> None:
    shown = set(collected([*trees.version_1(tmp_path / "1"), ALL])) | set(
        collected([*trees.version_2(tmp_path / "2"), ALL])
    )
    assert set(FAMILIES) - shown == set()
    assert sum(name.startswith(("container_", "machine_")) for name in FAMILIES) >= 60


def test_version_two_tells_what_was_lost_to_contention(tmp_path: Path) -> None:
    families = collected(trees.version_2(tmp_path))
    assert of(families, "container_pressure_io_stalled_seconds_total") == 1.0
    assert of(families, "container_pressure_cpu_waiting_seconds_total") == 2.5


def test_no_series_comes_twice_and_none_bears_a_time(families: dict[str, Family]) -> None:
    for family in families.values():
        assert len({s.labels for s in family.samples}) == len(family.samples)
        assert all(s.timestamp is None for s in family.samples)


def test_docker_only_leaves_the_root_and_the_containers(build: Callable[[Path], list[str]], tmp_path: Path) -> None:
    flags = [*build(tmp_path), "--docker_only=true"]
    paths = {dict(s.labels)["id"] for s in collected(flags)["container_last_seen"].samples}
    assert {path.rpartition("/")[2][:6] for path in paths} in ({"", "012345"}, {"", "docker"})
    kept = collected([*flags, "--raw_cgroup_prefix_whitelist=/system.slice/ssh"])["container_last_seen"].samples
    assert "/system.slice/ssh.service" in {dict(s.labels)["id"] for s in kept}
    rootless = collected([*flags, "--disable_root_cgroup_stats"])["container_last_seen"].samples
    assert "/" not in {dict(s.labels)["id"] for s in rootless}


def test_labels_are_those_that_were_chosen(tmp_path: Path) -> None:
    flags = [*trees.version_2(tmp_path), "--store_container_labels=false", "--whitelisted_container_labels=team",
             "--env_metadata_whitelist=APP_"]  # fmt: skip
    [labels] = [dict(s.labels) for s in collected(flags)["container_last_seen"].samples if ("name", "web") in s.labels]
    assert {label for label in labels if label.startswith("container_")} == {
        "container_label_team",
        "container_env_app_stage",
    }


def test_a_container_without_state_is_called_by_its_identity(tmp_path: Path) -> None:
    flags = trees.version_2(tmp_path)
    (tmp_path / f"docker/containers/{trees.ID}/config.v2.json").unlink()
    assert ("name", trees.ID) in {label for s in collected(flags)["container_last_seen"].samples for label in s.labels}


def test_a_container_that_has_gone_is_gone_from_the_page(tmp_path: Path) -> None:
    exporter = Cadvisor(parse_flags(trees.version_2(tmp_path)), ManualClock())
    assert any(("name", "web") in s.labels for f in exporter.collect() for s in f.samples)
    (tmp_path / "cgroup" / trees.DOCKER_2).rename(tmp_path / "elsewhere")
    assert not any(("name", "web") in s.labels for f in exporter.collect() for s in f.samples)


def test_a_group_that_goes_while_the_tree_is_walked_is_not_told_of(tmp_path: Path) -> None:
    class Later(Cgroups):
        """Knows a group that has gone."""

        def paths(self) -> dict[str, set[str]]:
            return super().paths() | {"/gone": {""}}

    options = parse_flags(trees.version_2(tmp_path))
    exporter = Cadvisor(options, ManualClock(), cgroups=Later(options.cgroups))
    found = {family.name: family for family in exporter.collect()}
    assert found["container_scrape_error"].samples[0].value == 0.0
    ids = {dict(sample.labels)["id"] for sample in found["container_start_time_seconds"].samples}
    assert "/" in ids
    assert "/gone" not in ids


def test_a_machine_without_control_groups_still_tells_of_itself(tmp_path: Path) -> None:
    families = collected(trees.machine(tmp_path))
    assert families["machine_memory_bytes"].samples
    assert of(families, "container_network_receive_bytes_total", id="/") == 100.0


def test_there_are_no_parts_to_choose_from() -> None:
    with pytest.raises(EngineError, match="leave out collect"):
        Cadvisor(clock=ManualClock()).collect(["cpu"])


def test_this_machine_is_readable() -> None:
    families = {family.name: family for family in Cadvisor().collect()}
    assert families["machine_memory_bytes"].samples[0].value > 0
    assert families["machine_scrape_error"].samples[0].value == 0.0
