"""The real Prometheus and ours scrape one page whose samples bear stamps; the page is changed in rounds."""

from __future__ import annotations

import re
import time
import urllib.error
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

from tests.end_to_end.processes import ENGINE, fetch, fetch_json, free_port, running, serving, wait_for
from tests.peers.alone import program

CONFIG: Final = """\
global: {{scrape_interval: 500ms}}
scrape_configs:
- job_name: page
  static_configs: [{{targets: ['{page}']}}]
{storage}
"""
Samples = list[tuple[float, str]]


@dataclass(frozen=True)
class Side:
    """One of the two; `base` is the Unix time, in seconds, that stamps are told from."""

    url: str
    folder: Path
    base: int

    def samples(self, selector: str) -> Samples:
        """Those of the only series: seconds from the base, and values."""
        found = fetch_json(f"{self.url}/api/v1/query", query=f"{selector}[1d]")["data"]["result"]
        return [(round(at - self.base, 3), value) for at, value in (found[0]["values"] if found else [])]

    def value(self, query: str) -> str | None:
        found = fetch_json(f"{self.url}/api/v1/query", query=query)["data"]["result"]
        return found[0]["value"][1] if found else None

    def post(self, path: str, **params: str) -> int:
        try:
            fetch(f"{self.url}{path}", b"", **params)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        return 200

    def metric(self, name: str) -> float:
        """The sum of a family's samples on the page about itself."""
        page = fetch(f"{self.url}/metrics").decode()
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", page, re.MULTILINE))


@dataclass
class StampedPair:
    """Both of them, and their page."""

    real: Side
    ours: Side
    _body: list[bytes]
    _round: int = field(default=0)

    def put(self, *lines: str) -> None:
        """Lines `name value seconds` of the next page; returns when both have taken all of it."""
        self.offer(*lines)
        for side in (self.real, self.ours):
            wait_for("a scrape of the page", lambda side=side: side.value("round") == str(self._round))

    def offer(self, *lines: str) -> None:
        """The next page; the round's number is on it."""
        self._round += 1
        stamped = [_stamped(line, self.real.base) for line in lines]
        self._body[0] = "\n".join([*stamped, f"round {self._round}", ""]).encode()

    def same(self, selector: str) -> Samples:
        """What both have of a series."""
        theirs, ours = self.real.samples(selector), self.ours.samples(selector)
        assert ours == theirs, selector
        return ours

    def configure(self, storage: str) -> None:
        """Reload both with these lines at the end of their configuration."""
        for side in (self.real, self.ours):
            file = side.folder / "prometheus.yml"
            file.write_text(file.read_text().partition("storage:")[0] + storage + "\n")
            assert side.post("/-/reload") == 200


@contextmanager
def stamped_pair(folder: Path, *flags: str, storage: str = "") -> Iterator[StampedPair]:
    """Both run until the block ends."""
    body, base = [b"round 0\n"], int(time.time()) - 600
    with ExitStack() as stack:
        page = stack.enter_context(_page_server(body))
        sides = []
        for name in ("real", "ours"):
            port, home = free_port(), folder / name
            home.mkdir()
            (home / "prometheus.yml").write_text(CONFIG.format(page=page, storage=storage))
            command = _real(port) if name == "real" else _ours(port)
            stack.enter_context(running([*command, *flags, "--web.enable-lifecycle"], folder / f"{name}.log", home))
            sides.append(Side(f"http://127.0.0.1:{port}", home, base))
        yield StampedPair(sides[0], sides[1], body)


def _real(port: int) -> Sequence[str]:
    return [program("prometheus"), "--config.file=prometheus.yml", f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.path=data"]  # fmt: skip


def _ours(port: int) -> Sequence[str]:
    listen = [f"--listen=prometheus=127.0.0.1:{port}", f"--listen=node=127.0.0.1:{free_port()}"]
    return [*ENGINE, "run", "--config=prometheus.yml", "--data-dir=data", "--no-translate", *listen]


def _stamped(line: str, base: int) -> str:
    name, value, seconds = line.split()
    return f"{name} {value} {round((base + float(seconds)) * 1000)}"


def _page_server(body: list[bytes]) -> AbstractContextManager[str]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body[0])))
            self.end_headers()
            self.wfile.write(body[0])

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return serving(Page)
