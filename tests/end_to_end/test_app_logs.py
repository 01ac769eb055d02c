"""An application that logs as the guide's `JSONFormatter` does, its file tailed by an engine that is killed meanwhile."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.processes import ENGINE, fetch, fetch_json, running, wait_for

APPLICATION = """
import runpy, sys
logger = runpy.run_path(sys.argv[1])["setup_logging"]()
for number in range(500):
    logger.info("request %d", number)
    if number == 250:
        try:
            {}["missing"]
        except KeyError:
            logger.exception("failed")
    if number % 100 == 99:
        sys.stdin.readline()
"""
LOKI = "auth_enabled: false\nlimits_config: {reject_old_samples: false}\n"
PROMTAIL = """clients: [{{url: 'http://loki:3100/loki/api/v1/push'}}]
scrape_configs:
- job_name: app
  static_configs: [{{targets: [localhost], labels: {{job: app, __path__: '{path}'}}}}]
"""
PORTS = [word for name in ("prometheus", "loki", "promtail") for word in ("--listen", f"{name}=127.0.0.1:0")]


def lines(loki: str, query: str) -> list[str]:
    found = fetch_json(f"{loki}/loki/api/v1/query_range", query=query, since="1h", limit="5000")
    return [line for stream in found["data"]["result"] for _, line in stream["values"]]


def test_what_an_application_logs_is_found_once_though_the_engine_is_killed(guide: Path, tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text("")
    (tmp_path / "loki").mkdir()
    (tmp_path / "loki" / "local-config.yaml").write_text(LOKI)
    (tmp_path / "promtail.yml").write_text(PROMTAIL.format(path=tmp_path / "app.log"))
    snippet = guide / "snippets" / "app_logging.py"
    application = subprocess.Popen(
        [sys.executable, "-c", APPLICATION, str(snippet)],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    with application:
        assert application.stdin is not None
        for turn in range(5):
            ready = tmp_path / f"ready{turn}"
            command = [*ENGINE, "run", "--data-dir", "data", "--ready-file", str(ready), *PORTS]
            with running(command, tmp_path / f"log{turn}", cwd=tmp_path) as process:
                ports = wait_for("the engine", lambda: json.loads(ready.read_text()) if ready.exists() else None)  # noqa: B023
                loki = f"http://{ports['loki']}"
                last = f"request {turn * 100 + 99}"
                wait_for(f"the line {last!r}", lambda: lines(loki, f'{{job="app"}} |= "{last}\\""'))  # noqa: B023
                if turn < 4:
                    application.stdin.write(b"\n")
                    application.stdin.flush()
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    continue
                application.stdin.write(b"\n")
                told = [json.loads(line) for line in lines(loki, '{job="app"}')]
                numbers = sorted(int(one["message"].split()[1]) for one in told if one["level"] == "INFO")
                assert numbers == list(range(500))
                (error,) = lines(loki, '{job="app"} | json | level="ERROR"')
                assert "KeyError: 'missing'" in json.loads(error)["exception"]
                assert fetch(f"http://{ports['promtail']}/ready") == b"Ready"
                assert str(tmp_path / "app.log").encode() in fetch(f"http://{ports['promtail']}/targets")
