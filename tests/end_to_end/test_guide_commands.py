"""The commands of the guide's section 9, taken from the guide itself, against an engine that runs the guide's files.

Only what a reader has to fill in is changed: ports are free ones, `/path/to/prometheus/data` is the data folder, and
`prometheus check-config` is `engine check-config`.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import run
from typing import Final

import pytest

from tests.end_to_end.processes import ENGINE, free_port, running, wait_for

PORTS: Final = {
    "prometheus": 9090, "alertmanager": 9093, "grafana": 3000, "loki": 3100, "promtail": 9080, "node": 9100,
    "cadvisor": 8080, "blackbox": 9115,
}  # fmt: skip
TABLE: Final = {  # rows of section 9.1, and the question of the doctor's that answers each
    "Prometheus 데이터 손실": "samples are missing?",
    "Grafana 대시보드 로딩 느림": "dashboards are slow?",
    "알림 지연": "alerts are late?",
    "메트릭 수집 실패": "targets are down?",
    "로그 누락": "logs are missing?",
}
# What each answer has to hold.
HOLDS: Final = {
    "check-config": ": fine (",
    "du ": "metrics",
    "api/v1/targets": '"scrapePool": "backend-api"',
    "api/v1/rules": '"name": "ServiceDown"',
    "api/health": '"database":"ok"',
    "api/datasources": '"name":"Loki"',
    "api/search": '"title":"System Overview"',
    "3100/ready": "ready",
    "3100/metrics": "loki_",
    "9080/ready": "Ready",
    "9080/targets": "varlogs",
    "api/v2/alerts": "[",
    "api/v2/silences": "[]",
    "api/v2/status": '"versionInfo"',
}


def commands(guide: Path) -> list[str]:
    section = (guide / "guide.ko.md").read_text().partition("## 9. 문제 해결\n")[2]
    blocks = re.findall(r"```bash\n(.*?)```", section, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def stack(guide: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What a reader fills in, by what stands in the guide."""
    folder = tmp_path_factory.mktemp("guide")
    shutil.copytree(guide / "monorepo", folder / "monorepo")
    promtail = folder / "monorepo" / "promtail" / "config.yml"
    (folder / "system_log").write_text("a line\n")
    promtail.write_text(promtail.read_text().replace("/var/log/", f"{folder}/"))
    ports = {name: free_port() for name in PORTS}
    listen = [word for name, port in ports.items() for word in ("--listen", f"{name}=127.0.0.1:{port}")]
    config, home = ["--config", "prometheus/prometheus.yml", "--ready-file", "ready"], folder / "monorepo"
    with running([*ENGINE, "run", *config, *listen], folder / "log", cwd=home):
        wait_for("the engine", (home / "ready").exists)
        yield {
            "folder": str(home),
            "prometheus check-config": f"{sys.executable} -m engine check-config",
            "/path/to/prometheus/data": "engine-data/metrics",
            **{f"localhost:{PORTS[name]}/": f"localhost:{port}/" for name, port in ports.items()},
        }


def test_every_command_of_section_9_works_as_written(guide: Path, stack: dict[str, str]) -> None:
    found = commands(guide)
    assert len(found) == 14
    if missing := [name for name in ("bash", "curl", "jq") if shutil.which(name) is None]:
        pytest.skip(f"not here: {', '.join(missing)}")
    for written in found:
        command = written
        for there, here in stack.items():
            command = command.replace(there, here)
        done = run(["bash", "-o", "pipefail", "-c", command], cwd=stack["folder"], capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
        assert done.returncode == 0, (written, done.stdout, done.stderr)
        part = next(text for place, text in HOLDS.items() if place in written)
        assert part in done.stdout, (written, done.stdout[:2000])


def test_the_doctor_answers_each_row_of_the_guides_table(guide: Path, stack: dict[str, str]) -> None:
    section = (guide / "guide.ko.md").read_text().partition("### 9.1")[2].partition("### 9.2")[0]
    rows = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("|")][2:]
    assert rows == list(TABLE)

    def examined() -> list[str] | None:
        done = run([*ENGINE, "doctor"], cwd=stack["folder"], capture_output=True, text=True, timeout=60, check=False)
        assert done.stderr == ""
        return done.stdout.splitlines() if "backend-api" in done.stdout else None  # once it was scraped

    told = wait_for("the doctor to find the target that is down", examined)
    assert all(any(line.startswith(question) for line in told) for question in TABLE.values())
    findings = [place for place, line in enumerate(told) if line.startswith(("  ! ", "  - "))]
    assert all(told[place + 1].startswith("    ") for place in findings)  # each with its next step
    assert "nobody listens there" in "\n".join(told)


def test_the_doctor_says_all_of_it_to_programs_too(stack: dict[str, str]) -> None:
    done = run([*ENGINE, "doctor", "--json"], cwd=stack["folder"], capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    assert {f"{trouble}?" for trouble in json.loads(done.stdout)} == set(TABLE.values())
