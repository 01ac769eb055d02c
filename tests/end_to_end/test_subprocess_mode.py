"""An engine that another program starts and forgets."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path
from subprocess import PIPE

from tests.end_to_end.processes import ANYWHERE, ENGINE, fetch, wait_for


def test_engines_end_cleanly_when_the_program_that_started_them_closes_its_pipe(tmp_path: Path) -> None:
    """Two beside each other and with the same files, as the workers of a test suite start them: nothing of them is left."""
    config = tmp_path / "prometheus.yml"
    config.write_text("scrape_configs: []\n")
    ready = [tmp_path / name for name in ("one.json", "two.json")]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(started(config, path), cwd=tmp_path, env=environment, stdin=PIPE, stderr=PIPE)
            )
            for path in ready
        ]
        for path in ready:
            wait_for("the engine", path.exists)
        for process, path in zip(processes, ready, strict=True):
            assert fetch(f"http://{json.loads(path.read_text())['prometheus']}/-/ready")
            assert process.stdin is not None
            process.stdin.write(b"words that nobody hears\n")
            process.stdin.flush()
            assert process.poll() is None
            process.stdin.close()
            assert process.wait(20) == 0
    assert sorted(one.name for one in tmp_path.iterdir()) == ["one.json", "prometheus.yml", "two.json"]
    addresses = [address for path in ready for address in json.loads(path.read_text()).values()]
    assert len(set(addresses)) == len(addresses)
    for address in addresses:
        with socket.socket() as port:
            port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that are over may linger there
            port.bind(("127.0.0.1", int(address.rpartition(":")[2])))


def started(config: Path, ready: Path) -> list[str]:
    return [
        *ENGINE, "run", "--config", str(config), "--data-dir", ":memory:", "--ready-file", str(ready),
        "--exit-on-stdin-close", *ANYWHERE,
    ]  # fmt: skip


def test_standard_input_that_is_no_pipe_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "prometheus.yml"
    config.write_text("scrape_configs: []\n")
    command = [*ENGINE, "run", "--config", str(config), "--data-dir", ":memory:", "--exit-on-stdin-close"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "--exit-on-stdin-close: standard input is no pipe, so nobody could close it" in done.stderr
