"""An engine that another program starts and forgets."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path

from tests.end_to_end.processes import ANYWHERE, ENGINE, fetch, wait_for


def test_an_engine_ends_cleanly_when_the_program_that_started_it_closes_its_pipe(tmp_path: Path) -> None:
    config, ready = tmp_path / "prometheus.yml", tmp_path / "ready.json"
    config.write_text("scrape_configs: []\n")
    command = [
        *ENGINE, "run", "--config", str(config), "--data-dir", ":memory:", "--ready-file", str(ready),
        "--exit-on-stdin-close", *ANYWHERE,
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        wait_for("the engine", ready.exists)
        assert fetch(f"http://{json.loads(ready.read_text())['prometheus']}/-/ready")
        process.stdin.write(b"words that nobody hears\n")
        process.stdin.flush()
        assert process.poll() is None
        process.stdin.close()
        assert process.wait(20) == 0
    assert sorted(one.name for one in tmp_path.iterdir()) == ["prometheus.yml", "ready.json"]
    for address in json.loads(ready.read_text()).values():
        with socket.socket() as port:
            port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that are over may linger there
            port.bind(("127.0.0.1", int(address.rpartition(":")[2])))


def test_standard_input_that_is_no_pipe_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "prometheus.yml"
    config.write_text("scrape_configs: []\n")
    command = [*ENGINE, "run", "--config", str(config), "--data-dir", ":memory:", "--exit-on-stdin-close"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "--exit-on-stdin-close: standard input is no pipe, so nobody could close it" in done.stderr
