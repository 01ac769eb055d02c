"""Agent mode beside the real one: what is refused, in which words, and that all that is scraped arrives elsewhere."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError

import pytest

from tests.end_to_end.processes import ENGINE, fetch, fetch_json, free_port, running, wait_for
from tests.peers.alone import program, prometheus

pytestmark = pytest.mark.peer
CONFIG: Final = """
global: {{scrape_interval: 500ms, external_labels: {{from: {name}}}}}
scrape_configs: [{{job_name: central, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
remote_write:
  - url: http://127.0.0.1:{port}/api/v1/write
    queue_config: {{batch_send_deadline: 200ms}}
"""
PATHS: Final = (
    "query?query=up", "query_range", "labels", "label/job/values", "series?match[]=up", "rules", "alerts", "status/tsdb",
    "alertmanagers", "query_exemplars", "format_query?query=up", "targets", "targets/metadata", "status/flags",
)  # fmt: skip
CHECKPOINTS: Final = ("creations", "creations_failed", "deletions", "deletions_failed")
REFUSED: Final = {
    "rules": "rule_files: [x.yml]",
    "alerts": "alerting: {alert_relabel_configs: [{source_labels: [a], regex: b, action: drop}]}",
    "reads": "remote_read: [{url: 'http://127.0.0.1:1/read'}]",
}


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int, int]]:
    """Of the server that takes the samples, of the real agent, of ours."""
    folder = tmp_path_factory.mktemp("agents")
    with prometheus(folder, "", "--web.enable-remote-write-receiver") as central:
        real, ours = free_port(), free_port()
        for name in ("real", "ours"):
            (folder / f"{name}-agent.yml").write_text(CONFIG.format(name=name, port=central))
        theirs = [program("prometheus"), "--enable-feature=agent", f"--config.file={folder / 'real-agent.yml'}", f"--storage.agent.path={folder / 'wal'}", f"--web.listen-address=127.0.0.1:{real}"]  # fmt: skip
        own = [*ENGINE, "run", "--enable-feature=agent", f"--config.file={folder / 'ours-agent.yml'}", f"--storage.agent.path={folder / 'own'}", f"--web.listen-address=127.0.0.1:{ours}"]  # fmt: skip
        with running(theirs, folder / "real-agent.log"), running(own, folder / "ours-agent.log"):
            for port in (real, ours):
                wait_for("an agent", lambda port=port: fetch(f"http://127.0.0.1:{port}/-/ready"))
            yield central, real, ours


@pytest.mark.parametrize("path", PATHS)
def test_the_same_is_refused_in_the_same_words(path: str, ports: tuple[int, int, int]) -> None:
    (status, theirs), (code, own) = (told(port, path) for port in ports[1:])
    assert code == status
    if status != 200:
        assert own == theirs


def test_what_the_original_tells_of_its_store_and_its_queues_is_told_under_the_same_names(
    ports: tuple[int, int, int],
) -> None:
    theirs, own = (names(port) for port in ports[1:])
    assert {name for name in theirs - own if name.startswith(("prometheus_agent_", "prometheus_remote_storage_"))} == {
        *(f"prometheus_agent_checkpoint_{what}_total" for what in CHECKPOINTS),
        "prometheus_agent_clean_start",
        "prometheus_agent_data_replay_duration_seconds",
        "prometheus_agent_deleted_series",
        "prometheus_agent_truncate_duration_seconds",
        "prometheus_remote_storage_enqueue_retries_total",
        "prometheus_remote_storage_string_interner_zero_reference_releases_total",
        *(name for name in theirs if name.startswith("prometheus_remote_storage_histograms_")),
    }


def test_all_that_is_scraped_arrives(ports: tuple[int, int, int]) -> None:
    def both() -> bool:
        found = fetch_json(f"http://127.0.0.1:{ports[0]}/api/v1/query", query="count by (from) (prometheus_build_info)")
        return {one["metric"]["from"] for one in found["data"]["result"]} == {"real", "ours"}

    wait_for("the samples of both", both)
    for port in ports[1:]:
        assert fetch(f"http://127.0.0.1:{port}/-/ready") == b"Prometheus Agent is Ready.\n"
        with pytest.raises(HTTPError) as refused:
            fetch(f"http://127.0.0.1:{port}/federate")
        with refused.value as error:
            assert (error.code, error.read()) == (500, b"unsupported operation with WAL-only storage\n")


@pytest.mark.parametrize("name", REFUSED)
def test_fields_that_mean_nothing_to_an_agent_are_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(REFUSED[name])
    theirs = subprocess.run(
        [program("promtool"), "check", "config", "--agent", str(tmp_path / "a.yml")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    own = refused_by_ours(tmp_path, "--agent", f"--config={tmp_path / 'a.yml'}")
    (words,) = [line.partition("FAILED: ")[2] for line in theirs.stderr.splitlines() if "FAILED" in line]
    assert words
    assert words in own


def test_flags_of_the_other_mode_are_refused_in_the_same_words(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("")
    for flags in (
        ["--enable-feature=agent", "--storage.tsdb.retention.time=1d", "--query.timeout=1m", "--rules.alert.resend-delay=1m"],
        ["--storage.agent.path=x"],
    ):  # fmt: skip
        given = [f"--config.file={tmp_path / 'a.yml'}", *flags]
        theirs = subprocess.run(
            [program("prometheus"), *given], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        (words,) = [line for line in theirs.stderr.splitlines() if line.startswith("The following flag(s)")]
        assert words in refused_by_ours(tmp_path, *given)


def refused_by_ours(folder: Path, *flags: str) -> str:
    found = subprocess.run([*ENGINE, "run", *flags], capture_output=True, text=True, check=False, cwd=folder)
    assert found.returncode == 2
    return found.stderr


def names(port: int) -> set[str]:
    lines = fetch(f"http://127.0.0.1:{port}/metrics").decode().splitlines()
    return {line.split()[2] for line in lines if line.startswith("# TYPE ")}


def told(port: int, path: str) -> tuple[int, Any]:
    try:
        return 200, json.loads(fetch(f"http://127.0.0.1:{port}/api/v1/{path}"))
    except HTTPError as error:
        with error:
            return error.code, json.loads(error.read())
