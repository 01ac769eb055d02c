"""What the engine says of itself beside what Prometheus does: the same names, types and labels."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.test_selfmetrics import CONFIG, RULES, TYPE, metrics_page
from tests.app.world import write
from tests.end_to_end.processes import fetch, free_port, running, wait_for
from tests.peers.alone import program

pytestmark = pytest.mark.peer


@pytest.fixture
async def page(tmp_path: Path) -> str:
    return await metrics_page(tmp_path)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_has_nothing_to_say(page: str) -> None:
    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == ""
    assert done.returncode == 0


@pytest.fixture
def original(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    config = write(tmp_path, "original/prometheus.yml", CONFIG)
    write(tmp_path, "original/r.yml", RULES)
    command = [program("prometheus"), f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}", f"--storage.tsdb.path={tmp_path / 'tsdb'}"]  # fmt: skip
    with running(command, tmp_path / "log"):
        url = f"http://127.0.0.1:{port}"
        fetch(wait_for("its API", lambda: fetch(f"{url}/-/ready") and f"{url}/api/v1/query?query=up"))
        late = (b"prometheus_target_interval_length_seconds_count", b"prometheus_notifications_latency_seconds_count")
        wait_for("scrapes and notifications", lambda: all(name in fetch(f"{url}/metrics") for name in late))
        yield fetch(f"{url}/metrics").decode()


OURS_ALONE = {"engine_loop_crashes_total", "engine_discovery_failing"}
NOT_IN_DEBIAN = ("prometheus_sd_consul_", "prometheus_sd_kubernetes_")


async def test_names_types_and_labels_are_the_originals(page: str, original: str) -> None:
    real, ours = dict(TYPE.findall(original)), dict(TYPE.findall(page))
    common = {
        name: kind for name, kind in ours.items() if not name.startswith(NOT_IN_DEBIAN) and name not in OURS_ALONE
    }
    assert {name: kind for name, kind in common.items() if real.get(name) != kind} == {}
    shown = labels_by_name(original)
    for name, labels in labels_by_name(page).items():
        if name in shown:
            assert labels == shown[name], name


def labels_by_name(page: str) -> dict[str, set[str]]:
    """The label names that a metric's samples bear; quantiles aside."""
    found: dict[str, set[str]] = {}
    for line in page.splitlines():
        if not line.startswith("#") and "quantile=" not in line:
            found.setdefault(re.split(r"[{ ]", line)[0], set()).update(re.findall(r'[{,](\w+)="', line))
    return found
