"""What a remote client was answered is kept, whatever happens to the process."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.end_to_end.processes import ENGINE, fetch, fetch_json, free_port, running, wait_for
from tests.remote.client import labels, series, write

NOW = 1_700_000_000_000
SERIES = [labels({"__name__": "m", "job": "j", "instance": str(i % 7), "i": str(i)}) for i in range(50)]


@contextmanager
def engine(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    (folder / "prometheus.yml").write_text("")
    command = [
        *ENGINE, "run", f"--config={folder / 'prometheus.yml'}", f"--data-dir={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver",
    ]  # fmt: skip
    with running(command, folder / "log") as process:
        wait_for("the engine", lambda: fetch(f"http://127.0.0.1:{port}/-/ready"))
        yield process


def test_what_was_answered_is_there_after_a_kill(tmp_path: Path) -> None:
    port = free_port()
    for turn in range(2):
        with engine(tmp_path, port) as process:
            for at in range(20 * turn, 20 * turn + 20):
                answer = write(port, [series(one, (NOW + at * 15_000, float(at))) for one in SERIES])
                assert answer.status == 204, answer.body
            process.send_signal(signal.SIGKILL)
            process.wait()
    with engine(tmp_path, port):
        query = {"query": "m[20m]", "time": str(NOW // 1000 + 40 * 15)}
        found = fetch_json(f"http://127.0.0.1:{port}/api/v1/query", **query)["data"]["result"]
    assert len(found) == len(SERIES)
    wanted = [[NOW / 1000 + at * 15, str(at)] for at in range(40)]
    assert all(one["values"] == wanted for one in found)
