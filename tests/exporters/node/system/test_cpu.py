"""CPU times: parsed from a file, held at their highest."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from exporters.kernel import Tree
from exporters.node.machine import Machine
from exporters.node.options import NodeOptions
from exporters.node.system import cpu

STAT = """cpu  100 0 0 0 0 0 0 0 0 0
cpu0 1001 2 300 40000 5 6 7 8 9 10
cpu1 1 2 3 4
intr 5
"""


def test_ticks_become_seconds_and_missing_columns_are_zero() -> None:
    times = cpu.parse(STAT)
    assert times["0"] == [10.01, 0.02, 3.0, 400.0, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1]
    assert times["1"] == [0.01, 0.02, 0.03, 0.04, 0, 0, 0, 0, 0, 0]


def test_the_sum_over_all_cpus_is_left_to_queries() -> None:
    assert set(cpu.parse(STAT)) == {"0", "1"}


def test_guest_times_are_a_family_of_their_own_that_can_be_turned_off() -> None:
    names = [family.name for family in cpu.families(cpu.parse(STAT), guest=True)]
    assert names == ["node_cpu_seconds_total", "node_cpu_guest_seconds_total"]
    assert len(cpu.families(cpu.parse(STAT), guest=False)) == 1


def test_a_small_step_back_is_held() -> None:
    before = {"0": [1.0, 0, 0, 100.0, 5.0, 0, 0, 0, 0, 0]}
    now = {"0": [2.0, 0, 0, 99.0, 4.0, 0, 0, 0, 0, 0]}
    assert cpu.hold(before, now)["0"][:5] == [2.0, 0, 0, 100.0, 5.0]


def test_a_cpu_that_was_taken_out_begins_again() -> None:
    before = {"0": [50.0, 0, 0, 100.0, 0, 0, 0, 0, 0, 0]}
    now = {"0": [1.0, 0, 0, 97.0, 0, 0, 0, 0, 0, 0]}
    assert cpu.hold(before, now) == now


def test_a_cpu_that_has_gone_is_not_shown() -> None:
    assert cpu.hold({"0": [1.0] * 10, "1": [1.0] * 10}, {"0": [1.0] * 10}) == {"0": [1.0] * 10}


seconds = st.lists(st.floats(0, 1e9), min_size=10, max_size=10)


@given(before=seconds, now=seconds)
def test_while_idle_does_not_jump_back_no_counter_falls(before: list[float], now: list[float]) -> None:
    held = cpu.hold({"0": before}, {"0": now})["0"]
    if before[3] - now[3] < cpu.JUMP_BACK_SECONDS:
        assert all(b <= h for b, h in zip(before, held, strict=True))


def test_throttling_is_counted_once_a_core_and_once_a_package(tmp_path: Path) -> None:
    for number, core in enumerate((0, 0, 1)):
        folder = tmp_path / f"devices/system/cpu/cpu{number}"
        (folder / "topology").mkdir(parents=True)
        (folder / "thermal_throttle").mkdir()
        (folder / "topology/physical_package_id").write_text("0\n")
        (folder / "topology/core_id").write_text(f"{core}\n")
        (folder / "thermal_throttle/core_throttle_count").write_text(f"{core + 5}\n")
        (folder / "thermal_throttle/package_throttle_count").write_text("30\n")
    cores, packages = cpu.throttles(Tree(tmp_path))
    assert [(s.labels, s.value) for s in cores.samples] == [
        ((("core", "0"), ("package", "0")), 5.0),
        ((("core", "1"), ("package", "0")), 6.0),
    ]
    assert [s.value for s in packages.samples] == [30.0]


def test_the_collector_remembers_between_reads(tmp_path: Path) -> None:
    collector = cpu.Cpu(Machine(NodeOptions(procfs=tmp_path, sysfs=tmp_path)))
    values = []
    for idle in (500, 400):
        (tmp_path / "stat").write_text(f"cpu0 0 0 0 {idle} 0 0 0 0 0 0\n")
        values.append(collector.read()[0].samples[cpu.MODES.index("idle")].value)
    assert values == [5.0, 5.0]


def test_isolated_cpus_are_single_ones_and_ranges() -> None:
    [family] = cpu.isolated("1,4-6")
    assert [dict(s.labels)["cpu"] for s in family.samples] == ["1", "4", "5", "6"]
    assert cpu.isolated("") == []
