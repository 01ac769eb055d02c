"""Alerts, silences and the journal over kills of the real process at moments that it does not choose."""

from __future__ import annotations

import json
import random
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any

from tests.end_to_end.processes import (
    ENGINE,
    Received,
    fetch,
    fetch_json,
    free_port,
    running,
    wait_for,
    webhook_server,
)

KILLS = 4
CONFIG = """
route: {{receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: hook, webhook_configs: [{{url: '{url}/hook'}}]}}]
"""
FAR = "2035-01-01T00:00:00Z"


@contextmanager
def engine(folder: Path, port: int) -> Iterator[Popen[bytes]]:
    command = [
        *ENGINE, "run", f"--config={folder / 'prometheus.yml'}", f"--alertmanager-config={folder / 'am.yml'}",
        f"--data-dir={folder / 'data'}", "--listen=node=off", f"--web.listen-address=127.0.0.1:{free_port()}",
        f"--listen=alertmanager=127.0.0.1:{port}",
    ]  # fmt: skip
    with running(command, folder / "log") as process:
        wait_for("the engine", lambda: fetch(f"http://127.0.0.1:{port}/-/ready"))
        yield process


def post(url: str, body: object) -> bytes:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: bytes = response.read()
        return answer


class Client:
    """Tells of alerts and makes silences, each in a new version at every turn, and remembers what was answered."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._version = 0
        self.answered: dict[str, int] = {}
        self.silences: set[str] = set()

    def run(self) -> None:
        """Until nobody answers."""
        try:
            while True:
                self._turn()
        except (urllib.error.URLError, OSError):
            return

    def _turn(self) -> None:
        self._version += 1
        names = [f"A{(self._version + at) % 40}" for at in range(7)]
        alerts = [
            {"labels": {"alertname": name}, "annotations": {"version": str(self._version)}, "endsAt": FAR}
            for name in names
        ]
        post(f"{self._url}/alerts", alerts)
        self.answered.update(dict.fromkeys(names, self._version))
        if self._version % 5 == 0:
            matchers = [{"name": "nothing", "value": str(self._version), "isRegex": False}]
            body = {
                "matchers": matchers,
                "startsAt": FAR,
                "endsAt": "2036-01-01T00:00:00Z",
                "createdBy": "",
                "comment": "",
            }
            self.silences.add(json.loads(post(f"{self._url}/silences", body))["silenceID"])


def versions(url: str) -> dict[str, int]:
    found: list[dict[str, Any]] = fetch_json(f"{url}/alerts")
    return {one["labels"]["alertname"]: int(one["annotations"].get("version", 0)) for one in found}


def told_once(url: str, hook: Received) -> bool:
    """Heard, and in the journal."""
    steady = next(one for one in fetch_json(f"{url}/alerts") if one["labels"]["alertname"] == "Steady")
    trail = fetch_json(f"{url}/alerts/{steady['fingerprint']}/trail")
    return bool(times_told(hook)) and bool(trail["next"][0]["told"])


def times_told(hook: Received) -> int:
    return sum(body["groupLabels"]["alertname"] == "Steady" for body in hook.at("/hook"))


def test_what_was_answered_is_there_after_each_kill_and_nobody_is_told_twice(tmp_path: Path) -> None:
    moments = random.Random(7)
    port = free_port()
    url = f"http://127.0.0.1:{port}/api/v2"
    (tmp_path / "prometheus.yml").write_text("")
    with webhook_server() as (address, hook):
        (tmp_path / "am.yml").write_text(CONFIG.format(url=address))
        client = Client(url)
        for turn in range(KILLS + 1):
            with engine(tmp_path, port) as process:
                found = versions(url)
                assert {name: version for name, version in client.answered.items() if found[name] < version} == {}
                assert client.silences <= {one["id"] for one in fetch_json(f"{url}/silences")}
                if turn == 0:
                    post(f"{url}/alerts", [{"labels": {"alertname": "Steady"}, "endsAt": FAR}])
                    wait_for("the first notification", lambda: told_once(url, hook))
                busy = threading.Thread(target=client.run)
                busy.start()
                threading.Event().wait(moments.uniform(0.05, 0.5))
                process.send_signal(signal.SIGKILL)
                process.wait()
                busy.join()
        assert client.answered
        assert client.silences
        assert times_told(hook) == 1
