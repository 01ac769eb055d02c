"""What is committed here arrives at a real Prometheus and a real VictoriaMetrics: all of it, once, over kills of both sides."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any, Final

import pytest

from tests.end_to_end.processes import ENGINE, fetch, fetch_json, free_port, running, wait_for
from tests.peers.alone import program

pytestmark = pytest.mark.peer

CONFIG: Final = """
global: {scrape_interval: 250ms, external_labels: {site: lab}}
scrape_configs:
  - {job_name: me, static_configs: [{targets: ["localhost:9090"]}]}
  - {job_name: gone, static_configs: [{targets: ["127.0.0.1:1"]}]}
remote_write:
  - url: http://127.0.0.1:%d/api/v1/write
    name: central
    queue_config: {batch_send_deadline: 200ms, max_samples_per_send: 100, max_backoff: 200ms}
    metadata_config: {send_interval: 500ms}
    write_relabel_configs: [{source_labels: [__name__], regex: "up|scrape_.*|process_cpu.*", action: keep}]
"""


@contextmanager
def receiver(folder: Path, port: int) -> Iterator[Popen[bytes]]:
    (folder / "real.yml").write_text("")
    command = [program("prometheus"), f"--config.file={folder / 'real.yml'}", f"--storage.tsdb.path={folder / 'real'}", f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver"]  # fmt: skip
    with running(command, folder / "real.log") as process:
        wait_for("Prometheus", lambda: fetch(f"http://127.0.0.1:{port}/-/ready"))
        yield process


@contextmanager
def sender(folder: Path, port: int, to: int) -> Iterator[Popen[bytes]]:
    (folder / "ours.yml").write_text(CONFIG % to)
    command = [*ENGINE, "run", f"--config={folder / 'ours.yml'}", f"--data-dir={folder / 'ours'}", f"--web.listen-address=127.0.0.1:{port}"]  # fmt: skip
    with running(command, folder / "ours.log") as process:
        wait_for("the engine", lambda: fetch(f"http://127.0.0.1:{port}/-/ready"))
        yield process


def samples(port: int, **without: str) -> dict[str, Any]:
    """All that is kept of `up`, by job: times and values."""
    found = fetch_json(f"http://127.0.0.1:{port}/api/v1/query", query="up[1h]")["data"]["result"]
    return {one["metric"]["job"]: one["values"] for one in found}


def test_all_samples_arrive_once_over_kills_of_both_sides(tmp_path: Path) -> None:
    ours, theirs = free_port(), free_port()
    with receiver(tmp_path, theirs) as real, sender(tmp_path, ours, theirs) as engine:
        wait_for("samples", lambda: len(samples(theirs).get("me", [])) > 3)
        real.kill()
        real.wait()
        before = len(samples(ours)["me"])
        wait_for("more samples while nobody listens", lambda: len(samples(ours)["me"]) > before + 4)
        engine.send_signal(signal.SIGKILL)
        engine.wait()
    with receiver(tmp_path, theirs), sender(tmp_path, ours, theirs):
        wait_for("what came meanwhile", lambda: len(samples(theirs).get("me", [])) > before + 6)
        known = {job: dict(values) for job, values in samples(theirs).items()}
        for job, values in samples(ours).items():
            newest = max(known[job])
            missing = [time for time, _ in values if time <= newest and time not in known[job]]
            assert missing == []
            assert all(known[job][time] == value for time, value in values if time <= newest)
        labels = fetch_json(f"http://127.0.0.1:{theirs}/api/v1/label/__name__/values")["data"]
        assert "process_cpu_seconds_total" in labels
        assert not [name for name in labels if name.startswith("prometheus_")]
        assert fetch_json(f"http://127.0.0.1:{theirs}/api/v1/query", query='up{site="lab",job="gone"}')["data"][
            "result"
        ]
        page = fetch(f"http://127.0.0.1:{ours}/metrics").decode()
        assert 'prometheus_remote_storage_samples_failed_total{remote_name="central"' in page


def test_victoriametrics_takes_the_same(tmp_path: Path) -> None:
    ours, theirs = free_port(), free_port()
    command = [program("victoria-metrics"), f"-storageDataPath={tmp_path / 'vm'}", f"-httpListenAddr=127.0.0.1:{theirs}", "-search.latencyOffset=0s"]  # fmt: skip
    with running(command, tmp_path / "vm.log"):
        wait_for("VictoriaMetrics", lambda: fetch(f"http://127.0.0.1:{theirs}/health"))
        with sender(tmp_path, ours, theirs):
            wait_for("the sum of what is up", lambda: fetch_json(f"http://127.0.0.1:{theirs}/api/v1/query", query='sum(up{site="lab"})')["data"]["result"])  # fmt: skip
