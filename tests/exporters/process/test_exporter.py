"""Groups of processes, from a procfs of files."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.errors import ConfigError, EngineError
from exporters.exposition.families import Family
from exporters.process.config import rules
from exporters.process.exporter import ProcessExporter, ProcessOptions
from exporters.process.groups import Rule
from exporters.process.reading import Counts
from exporters.process.selection import select
from exporters.process.totals import Totals

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="procfs is Linux's")


def process(
    root: Path,
    pid: int,
    argv: Sequence[str],
    *,
    parent: int = 1,
    user: int = 100,
    threads: Mapping[int, str] | None = None,
) -> None:
    """`user` is ticks of CPU time; threads are numbers and names."""
    comm = argv[0].rpartition("/")[2][:15]
    folder = root / str(pid)
    named = {pid: comm, **(threads or {})}
    for place, name in [(folder, comm), *((folder / "task" / str(task), name) for task, name in named.items())]:
        place.mkdir(parents=True, exist_ok=True)
        (place / "stat").write_text(
            f"{pid} ({name}) S {parent} 0 0 0 0 0 7 0 3 0 {user} 50 0 0 20 0 {len(named)} 0 1000 8192 2 0\n"
        )
        (place / "status").write_text(
            "Uid:\t0\t0\t0\t0\nVmSwap:\t4 kB\nvoluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t2\n"
        )
        (place / "io").write_text("read_bytes: 4096\nwrite_bytes: 8192\n")
    (folder / "cmdline").write_text("\0".join(argv) + "\0")
    (folder / "limits").write_text(
        "Limit Soft Hard Units\nMax open files            10                 4096                 files\n"
    )
    (folder / "smaps_rollup").write_text("Pss:   100 kB\nSwapPss:   3 kB\n")
    (folder / "fd").mkdir(exist_ok=True)
    for number in range(4):
        (folder / "fd" / str(number)).write_text("")


@pytest.fixture
def procfs(tmp_path: Path) -> Path:
    (tmp_path / "stat").write_text("btime 1600000000\n")
    process(tmp_path, 1, ["/sbin/init"])
    process(tmp_path, 10, ["/usr/bin/python3", "-m", "uvicorn", "app:app"], threads={11: "worker"})
    process(tmp_path, 12, ["/usr/bin/python3", "-c", "spawn"], parent=10)
    process(tmp_path, 20, ["postgres: writer"])
    return tmp_path


def exporter(procfs: Path, *rules: Rule, **options: bool) -> ProcessExporter:
    return ProcessExporter(ProcessOptions(rules=rules or select(("uvicorn",), (), "", None), procfs=procfs, **options))


def of(families: list[Family], name: str, **labels: str) -> float:
    [family] = [one for one in families if one.name == f"namedprocess_namegroup_{name}"]
    [value] = [s.value for s in family.samples if labels.items() <= dict(s.labels).items()]
    return value


def groups(families: list[Family]) -> set[str]:
    [family] = [one for one in families if one.name == "namedprocess_namegroup_num_procs"]
    return {dict(s.labels)["groupname"] for s in family.samples}


def test_what_a_server_starts_is_counted_with_it(procfs: Path) -> None:
    families = exporter(procfs).collect()
    assert groups(families) == {"uvicorn"}
    assert of(families, "num_procs") == 2.0
    assert of(families, "cpu_seconds_total", mode="user") == 2.0
    assert of(families, "memory_bytes", memtype="resident") == 2 * 2 * 4096
    assert of(families, "memory_bytes", memtype="swapped") == 8192.0
    assert of(families, "memory_bytes", memtype="proportionalResident") == 204800.0
    assert of(families, "open_filedesc") == 8.0
    assert of(families, "worst_fd_ratio") == 0.4
    assert of(families, "oldest_start_time_seconds") == 1600000010.0
    assert of(families, "read_bytes_total") == 8192.0
    assert of(families, "states", state="Sleeping") == 3.0


def test_without_children_it_stands_alone(procfs: Path) -> None:
    assert of(exporter(procfs, children=False).collect(), "num_procs") == 1.0


def test_threads_are_told_by_their_names(procfs: Path) -> None:
    families = exporter(procfs).collect()
    assert of(families, "thread_count", threadname="worker") == 1.0
    assert of(families, "thread_cpu_seconds_total", threadname="worker", mode="system") == 0.5
    assert of(families, "context_switches_total", ctxswitchtype="voluntary") == 15.0
    quiet = exporter(procfs, threads=False).collect()
    assert not any("thread_" in family.name for family in quiet)
    assert of(quiet, "states", state="Sleeping") == 2.0


def test_counters_of_a_group_do_not_fall_when_a_process_ends(procfs: Path) -> None:
    watched = exporter(procfs)
    watched.collect()
    shutil.rmtree(procfs / "12")
    families = watched.collect()
    assert of(families, "num_procs") == 1.0
    assert of(families, "cpu_seconds_total", mode="user") == 2.0
    shutil.rmtree(procfs / "10")
    assert of(watched.collect(), "cpu_seconds_total", mode="user") == 2.0


def test_empty_groups_go_where_that_is_asked_for(procfs: Path) -> None:
    watched = exporter(procfs, remove_empty=True)
    watched.collect()
    for pid in ("10", "12"):
        shutil.rmtree(procfs / pid)
    assert not any(family.name.startswith("namedprocess_namegroup") for family in watched.collect())


def test_the_page_tells_of_the_exporter_itself_too(procfs: Path) -> None:
    assert "process_resident_memory_bytes" in {family.name for family in exporter(procfs).collect()}


def test_what_may_not_be_read_counts_as_read_in_part(procfs: Path) -> None:
    (procfs / "10/io").unlink()
    families = {family.name: family for family in exporter(procfs).collect()}
    assert families["namedprocess_scrape_partial_errors"].samples[0].value == 1.0
    assert families["namedprocess_scrape_procread_errors"].samples[0].value == 0.0


def test_processes_are_chosen_by_number_name_and_program(procfs: Path) -> None:
    assert groups(exporter(procfs, *select((), (20,), "", None)).collect()) == {"postgres: writer"}
    assert groups(exporter(procfs, *select((), (), "python3", None)).collect()) == {"python3"}
    assert groups(exporter(procfs, Rule(exe=("/usr/bin/python3",), name="{{.ExeFull}}")).collect()) == {
        "/usr/bin/python3"
    }


CONFIG = r"""process_names:
- name: "{{.Comm}}:{{.Matches.App}}"
  exe: [python3]
  cmdline: ['uvicorn (?P<App>\S+)']
- name: "{{.Username}}"
  comm: [init]
"""


def test_the_file_of_the_original_means_what_it_means_there(procfs: Path, tmp_path: Path) -> None:
    file = tmp_path / "processes.yml"
    file.write_text(CONFIG)
    assert groups(exporter(procfs, *rules(file), children=False).collect()) == {"python3:app:app", "root"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("process_names: [{name: x}]", "says of no process that it belongs here"),
        ("process_names: [{com: [x]}]", 'unknown key "com".*did you mean "comm"'),
        ("process_names: [{cmdline: ['(']}]", "missing closing"),
        ("{}", "names no processes: add process_names"),
    ],
)
def test_a_mistaken_file_is_explained(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "p.yml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message):
        rules(file)


def test_somebody_must_be_asked_for() -> None:
    with pytest.raises(ConfigError, match="give --match, --pid, --procnames or --config"):
        select((), (), "", None)
    with pytest.raises(ConfigError, match="--match: error parsing regexp"):
        select(("(",), (), "", None)


def test_the_first_process_may_be_hidden(procfs: Path) -> None:
    shutil.rmtree(procfs / "1")
    assert of(exporter(procfs).collect(), "oldest_start_time_seconds", groupname="uvicorn") == 1600000010.0


def test_a_machine_without_procfs_says_so(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="there is none at"):
        exporter(tmp_path / "nowhere")


def test_this_process_is_found_by_its_number() -> None:
    import os

    families = ProcessExporter(ProcessOptions(rules=select((), (os.getpid(),), "", None), children=False)).collect()
    assert of(families, "num_procs") == 1.0
    assert of(families, "memory_bytes", memtype="resident") > 0


lives = st.dictionaries(st.integers(0, 5), st.tuples(st.sampled_from("ab"), st.integers(0, 9)), max_size=5)


@given(st.lists(lives, max_size=6))
def test_totals_never_fall_while_processes_count_up(scrapes: list[dict[int, tuple[str, int]]]) -> None:
    totals: Totals[tuple[int, int], str] = Totals()
    before: dict[str, Counts] = {}
    for number, scrape in enumerate(scrapes):
        now = {(pid, 0): (group, Counts(user=float(number * 10 + extra))) for pid, (group, extra) in scrape.items()}
        after = totals.update(now)
        assert all(after[group].user >= counts.user for group, counts in before.items())
        before = after
