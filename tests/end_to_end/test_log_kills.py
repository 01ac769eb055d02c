"""An engine that is killed while lines are pushed to it over HTTP: each that was answered 204 is there, and once."""

from __future__ import annotations

import http.client
import json
import random
import signal
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from tests.end_to_end.processes import ENGINE, fetch_json, running, wait_for

LOKI = "auth_enabled: false\nlimits_config: {max_entries_limit_per_query: 1000000}\n"
FLAGS = ["--loki-config", "loki.yaml", "--data-dir", "data", "--listen", "loki=127.0.0.1:0"]
SENDERS, ROUNDS = 3, 3


class Sender:
    """Pushes numbered lines, each push to two streams, and now and then asks for all to be sealed."""

    def __init__(self, name: int) -> None:
        self.name = name
        self.numbers = count()
        self.answered: list[int] = []
        self.unanswered: set[int] = set()

    def lines(self, push: int) -> list[str]:
        return [f"sender {self.name} push {push} line {line}" for line in range(4)]

    def send(self, port: int) -> None:
        """Until the engine is gone."""
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for push in self.numbers:
            try:
                self._post(connection, "/loki/api/v1/push", self._body(push))
                self.answered.append(push)
                if push % 40 == 39:
                    self._post(connection, "/flush", b"")
            except (OSError, http.client.HTTPException):
                if self.answered[-1:] != [push]:
                    self.unanswered.add(push)
                return

    def _body(self, push: int) -> bytes:
        first, *rest = [[str(time.time_ns()), line] for line in self.lines(push)]
        streams = [
            {"stream": {"job": "kills", "sender": str(self.name)}, "values": [first]},
            {"stream": {"job": "kills"}, "values": rest},
        ]
        return json.dumps({"streams": streams}).encode()

    def _post(self, connection: http.client.HTTPConnection, path: str, body: bytes) -> None:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        with connection.getresponse() as answer:
            assert (answer.status, answer.read()) == (204, b"")


def port_of(ready: Path) -> int:
    def told() -> int | None:
        return int(json.loads(ready.read_text())["loki"].rpartition(":")[2]) if ready.exists() else None

    return wait_for("the engine", told)


def killed(process: subprocess.Popen[bytes], ready: Path, senders: list[Sender], after: int) -> None:
    """Let all of them push, and kill the engine after so many more pushes."""
    port, before = port_of(ready), sum(len(one.answered) for one in senders)
    with ThreadPoolExecutor(len(senders)) as pool:
        sending = [pool.submit(sender.send, port) for sender in senders]
        wait_for("pushes", lambda: sum(len(one.answered) for one in senders) >= before + after)
        process.send_signal(signal.SIGKILL)
        process.wait()
        for one in sending:
            one.result()


def test_every_line_that_was_answered_is_there_once_after_kills(tmp_path: Path) -> None:
    (tmp_path / "loki.yaml").write_text(LOKI)
    chance, senders = random.Random(11), [Sender(name) for name in range(SENDERS)]
    for turn in range(ROUNDS + 1):
        ready = tmp_path / f"ready{turn}"
        command = [*ENGINE, "run", *FLAGS, "--ready-file", str(ready)]
        with running(command, tmp_path / f"log{turn}", cwd=tmp_path) as process:
            if turn < ROUNDS:
                killed(process, ready, senders, chance.randint(60, 200))
                continue
            url = f"http://127.0.0.1:{port_of(ready)}/loki/api/v1/query_range"
            found = fetch_json(url, query='{job="kills"}', since="1h", limit="1000000")
    lines = Counter(line for stream in found["data"]["result"] for _, line in stream["values"])
    wanted = {line for sender in senders for push in sender.answered for line in sender.lines(push)}
    # A push that was not answered any more may have been logged, but then all of it.
    pushes = [set(sender.lines(push)) for sender in senders for push in sender.unanswered]
    logged = {line for push in pushes if push <= lines.keys() for line in push}
    assert lines == Counter(wanted | logged)
