"""The real Prometheus and ours over the same files, asked alike; what must differ (times, ports) is made alike."""

from __future__ import annotations

import gzip
import http.client
import re
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

from tests.end_to_end.processes import ENGINE, fetch, fetch_json, free_port, running, serving, wait_for
from tests.peers.alone import program

EXTERNAL_URL: Final = "http://prom.example.com:7000/"
PAGE: Final = b"""\
# HELP requests_total Requests <all> & "more".
# TYPE requests_total counter
requests_total{code="200",path="/a&b"} 10
requests_total{code="500",path="/<x>"} 1.5
# HELP temperature Degrees.
# TYPE temperature gauge
temperature -0.0000001
# TYPE huge gauge
huge 1e21
# TYPE nothing gauge
nothing NaN
# HELP latency_seconds How long.
# TYPE latency_seconds histogram
latency_seconds_bucket{le="0.1"} 1
latency_seconds_bucket{le="+Inf"} 3
latency_seconds_sum 1.25
latency_seconds_count 3
plain{quote="a\\"b\\\\c",line="x\\ny"} 7
"""
OTHER_PAGE: Final = b"""\
# HELP requests_total Requests, in other words.
# TYPE requests_total counter
requests_total 3
# TYPE temperature untyped
temperature 5
"""
CONFIG: Final = """\
global:
  scrape_interval: 500ms
  evaluation_interval: 500ms
  external_labels: {{zone: eu}}
rule_files: [rules/*.yml]
alerting:
  alertmanagers:
  - path_prefix: /am
    static_configs: [{{targets: ['127.0.0.1:{page}', '127.0.0.1:9']}}]
scrape_configs:
- job_name: page
  static_configs:
  - targets: ['127.0.0.1:{page}']
    labels: {{team: 'a&b'}}
- job_name: other
  metrics_path: /other
  params: {{x: [1, 'a b'], a: ['<']}}
  scrape_timeout: 450ms
  basic_auth: {{username: me, password: secret}}
  static_configs: [{{targets: ['localhost:{page}']}}]
- job_name: broken
  metrics_path: /broken
  static_configs: [{{targets: ['127.0.0.1:{page}']}}]
- job_name: dropped
  static_configs: [{{targets: ['127.0.0.1:{page}', '127.0.0.1:2']}}]
  relabel_configs: [{{source_labels: [__address__], regex: '.*:2', action: drop}}]
- job_name: empty
"""
RULES: Final = """\
groups:
- name: records
  limit: 5
  rules:
  - {record: 'code:requests:sum', expr: 'sum by(code) (requests_total)'}
  - {record: labelled, expr: temperature, labels: {b: '2', a: '<1>'}}
  - {record: fails, expr: 'requests_total{job="page"} + on(job) group_left() requests_total{job="page"}'}
- name: alerts
  interval: 400ms
  rules:
  - alert: Firing
    expr: requests_total{code="200",job="page"} > 5
    labels: {severity: page, b: '{{ $value }}'}
    annotations: {summary: '{{ $labels.code }} <is> {{ $value | humanize }}', a: x}
  - {alert: Pending, expr: 'huge{job="page"} > 1', for: 1h}
  - {alert: Quiet, expr: 'up == 7'}
"""
CALM: Final = 'count(min_over_time(up{job!="broken"}[10s]) == 1) == 3'
"""On a busy machine a scrape may come to nothing: what either side then shows of it proves nothing."""
SETTLED: Final = (
    f"{CALM} and count(count_over_time(up[1m]) >= 6) == 4 and count(count_over_time(up[1s]) >= 1) == 4"
    " and count(count_over_time(up[5s]) >= 4) == 4 and count(count_over_time(ALERTS[4s] offset 1s) >= 2) == 2"
    " and count(count_over_time(labelled[4s] offset 1s) >= 2) == 3"
)
RECENT: Final = 2
"""Seconds after which it is known how a scrape went, and what followed from it."""
VECTOR: Final = '{"status":"success","data":{"resultType":"vector"'
COMPARED: Final = (
    "access-control-allow-headers", "access-control-allow-methods", "access-control-allow-origin",
    "access-control-expose-headers", "allow", "content-encoding", "content-type", "location", "x-content-type-options",
)  # fmt: skip
DECODERS: Final = {"": bytes, "gzip": gzip.decompress, "deflate": zlib.decompress}
ENTRIES: Final = re.compile(r'(?:,|(?<=\[))(?=\{"(?:metric|target|name|type)"|"\w+":\[)|(?<=\})(?=\])')
ALIKE: Final = (
    (re.compile(r"\b1[78]\d{8}(\d{3}|\.\d{1,3})?\b"), "NOW"),
    (re.compile(r'(\[NOW,"[^"]*"\])(,\1)+'), r"\1..."),  # the two scrape at moments of their own
    (re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"), "TIME"),
    (re.compile(r'"(evaluationTime|lastScrapeDuration)":[0-9.e-]+'), r'"\1":SECONDS'),
    (re.compile(r"in query (queue|execution)"), "in query queue"),  # without any time either may notice first
    (re.compile(r'"(chunkCount|minTime|maxTime)":\d+'), r'"\1":N'),
)


@dataclass(frozen=True)
class Request:
    """`NOW` in path and body stands for an instant at which both hold samples, `AGO` for one a second before."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None


@dataclass(frozen=True)
class Answer:
    """One side's answer, with what must differ made alike; `headers` are those that clients go by."""

    status: int
    body: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Server:
    """One of the two, where it listens."""

    port: int
    folder: Path
    prefix: str = ""

    def ask(self, request: Request) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.putrequest(request.method, self.prefix + request.path, skip_accept_encoding=True)
            for name, value in request.headers:
                connection.putheader(name, value)
            data = None if request.body is None else request.body.encode()
            if data is not None:
                connection.putheader("Content-Length", str(len(data)))
            connection.endheaders(data)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            text = DECODERS[found.get("content-encoding", "")](response.read()).decode()
        finally:
            connection.close()
        headers = {name: found[name] for name in COMPARED if name in found}
        return Answer(response.status, _sorted(self._alike(text), request.path), headers)

    def _alike(self, text: str) -> str:
        for pattern, same in ALIKE:
            text = pattern.sub(same, text)
        return text.replace(str(self.folder), "FOLDER").replace(f":{self.port}", ":PORT")


def _sorted(text: str, path: str) -> str:
    """Vectors come in the order in which series were made, metadata in none: both are a matter of chance."""
    if "/status/tsdb" in path:  # among equally large ones chance decides too, so names are left out
        text = re.sub(r'"name":"[^"]*"', '"name"', text)
    elif not (text.startswith(VECTOR) or "/metadata" in path):
        return text
    return "\n".join(sorted(ENTRIES.split(text)))


@dataclass(frozen=True)
class Pair:
    """Both of them; `now` is in Unix seconds. `calm` tells whether neither has failed to scrape lately."""

    real: Server
    ours: Server
    now: int
    calm: Callable[[], bool]

    def ask(self, request: Request) -> tuple[Answer, Answer]:
        """Both are asked anew, where that changes nothing, if they differ and a scrape has failed meanwhile."""
        path, body = self._filled(request.path), None if request.body is None else self._filled(request.body)
        asked = replace(request, path=path, body=body)
        answers = self._asked(asked)
        while answers[0] != answers[1] and request.method == "GET" and not self.calm():
            wait_for("scrapes that do not fail", self.calm)
            answers = self._asked(asked)
        return answers

    def _asked(self, request: Request) -> tuple[Answer, Answer]:
        return self.real.ask(request), self.ours.ask(request)

    def _filled(self, text: str) -> str:
        return text.replace("NOW", str(self.now)).replace("AGO", str(self.now - 1))


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        body = {"/metrics": PAGE, "/other": OTHER_PAGE}.get(path)
        self._answer(404 if body is None else 200, body or b"nothing here")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextmanager
def http_pair(folder: Path, *flags: str, prefix: str = "", settled: bool = True) -> Iterator[Pair]:
    """Both run until the block ends; requests are asked for below the `prefix`.

    Both have scraped and evaluated where they are `settled`: the real one begins to scrape after five seconds.
    """
    real, ours, am, node = (free_port() for _ in range(4))
    with serving(_Page) as address:
        page = address.rpartition(":")[2]
        for name in ("real", "ours"):
            (folder / name / "rules").mkdir(parents=True)
            (folder / name / "prometheus.yml").write_text(CONFIG.format(page=page))
            (folder / name / "rules" / "r.yml").write_text(RULES)
        shared = (f"--web.external-url={EXTERNAL_URL}", *flags)
        theirs = [program("prometheus"), "--config.file=prometheus.yml", f"--web.listen-address=127.0.0.1:{real}", "--storage.tsdb.path=data", *shared]  # fmt: skip
        listen = (f"prometheus=127.0.0.1:{ours}", f"alertmanager=127.0.0.1:{am}", f"node=127.0.0.1:{node}")
        mine = [*ENGINE, "run", "--config=prometheus.yml", "--data-dir=data", *shared, "--no-translate", *(f"--listen={one}" for one in listen)]  # fmt: skip
        with (
            running(theirs, folder / "real.log", folder / "real"),
            running(mine, folder / "ours.log", folder / "ours"),
        ):
            sides = Server(real, folder / "real", prefix), Server(ours, folder / "ours", prefix)
            now = wait_for("samples and alerts of both", lambda: (_settled if settled else _started)(sides))
            yield Pair(*sides, now, partial(_calm, sides) if settled else lambda: True)


def _settled(sides: Sequence[Server]) -> int | None:
    """An instant, in Unix seconds, by which both have scraped and evaluated everything, and well."""
    now = int(time.time()) - RECENT
    return now if all(_holds(side, SETTLED, now) for side in sides) else None


def _calm(sides: Sequence[Server]) -> bool:
    return all(_holds(side, CALM, time.time()) for side in sides)


def _holds(side: Server, query: str, now: float) -> bool:
    url = f"http://127.0.0.1:{side.port}{side.prefix}/api/v1/query"
    return bool(fetch_json(url, query=query, time=f"{now:.3f}")["data"]["result"])


def _started(sides: Sequence[Server]) -> int | None:
    """This instant, in Unix seconds, when both answer."""
    ready = all(fetch(f"http://127.0.0.1:{side.port}{side.prefix}/-/ready") for side in sides)
    return int(time.time()) if ready else None
