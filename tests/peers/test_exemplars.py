"""Exemplars beside Prometheus: scraped and received, asked for, and there after a restart; bodies are compared as bytes."""

from __future__ import annotations

import struct
import urllib.error
import urllib.parse
import urllib.request
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final

import pytest

from tests.end_to_end.processes import fetch_json, free_port, wait_for
from tests.peers.test_remote_write import RECEIVE, engine, named, prometheus
from tests.remote.client import EXEMPLAR, chunk, label, packed, post, series, varint

pytestmark = pytest.mark.peer

NOW: Final = 1_700_000_000_000
FEATURE: Final = "--enable-feature=exemplar-storage"
CONFIG: Final = "storage: {exemplars: {max_exemplars: 4}}"
QUERIES: Final = (
    {"query": "m"},
    {"query": "rate(m[5m]) + on() group_left() other"},
    {"query": 'm{a="2"}'},
    {"query": '{__name__=~".+"}', "start": str(NOW / 1000 + 2), "end": str(NOW / 1000 + 3)},
    {"query": "nothing"},
    {"query": "1"},
    {"query": "m{"},
    {"query": ""},
    {"query": "m", "start": "x"},
    {"query": "m", "start": "2", "end": "1"},
)


def traced(value: float, time: int, **labels: str) -> bytes:
    text = b"".join(label(name, one) for name, one in labels.items())
    return chunk(EXEMPLAR, text + b"\x11" + struct.pack("<d", value) + b"\x18" + varint(time))


def steps() -> list[bytes]:
    """Requests: exemplars with samples and alone, repeated, too old, too long, of nobody, and more than there is room."""
    return [
        packed(series(named(a="1"), (NOW, 1.0), more=traced(0.5, NOW, trace="a", empty="")))
        , packed(series(named(a="1"), more=traced(0.5, NOW, trace="a")))
        , packed(series(named(a="1"), more=traced(0.7, NOW - 1, trace="b")))
        , packed(series(named(a="9"), more=traced(0.7, NOW, trace="b")))
        , packed(series(named(a="2"), (NOW, 1.0), more=traced(1e-7, NOW + 2123, trace="<&>") + traced(2.0, NOW + 2500, z="1", b="2")))
        , packed(series(named(a="1"), (NOW + 9, 1.0), more=traced(float("nan"), NOW + 2001, trace="ü" * 123)))
        , packed(series(named(a="1"), more=traced(3.0, NOW + 3000, trace="ü" * 124)))
        , packed(series(named(a="1"), more=traced(1e21, NOW + 3000)))
    ]  # fmt: skip


def asked(port: int, params: dict[str, str]) -> tuple[int, bytes]:
    url = f"http://127.0.0.1:{port}/api/v1/query_exemplars?{urllib.parse.urlencode(params)}"
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_what_is_received_is_kept_in_a_ring_and_over_a_restart(tmp_path: Path) -> None:
    flags = (RECEIVE, FEATURE)
    with prometheus(tmp_path, CONFIG, *flags) as real, engine(tmp_path, *flags, config=CONFIG) as ours:
        for body in steps():
            assert post(ours, body).status == post(real, body).status
            for query in QUERIES:
                assert asked(ours, query) == asked(real, query), query
    with prometheus(tmp_path, CONFIG, *flags) as real, engine(tmp_path, *flags, config=CONFIG) as ours:
        for query in QUERIES:
            assert asked(ours, query) == asked(real, query), query


def test_without_the_feature_nothing_is_kept(tmp_path: Path) -> None:
    with prometheus(tmp_path, CONFIG, RECEIVE) as real, engine(tmp_path, RECEIVE, config=CONFIG) as ours:
        for body in steps():
            assert post(ours, body).status == post(real, body).status
        for query in QUERIES:
            assert asked(ours, query) == asked(real, query), query


class Page(BaseHTTPRequestHandler):
    """A page of OpenMetrics whose exemplars bear times."""

    def do_GET(self) -> None:
        body = b"""# TYPE m counter
m_total{a="1"} 1 # {trace="a",empty=""} 0.5 1700000000.25
m_total{a="2"} 1 # {} 7 1700000001
# TYPE h histogram
h_bucket{le="1"} 1 # {trace="x",span="y z"} 0.25 1700000002.123
h_bucket{le="+Inf"} 1
# EOF
"""
        self.send_response(200)
        self.send_header("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Tests say enough."""


def test_what_is_scraped_is_kept_with_the_labels_of_its_series(tmp_path: Path) -> None:
    port = free_port()
    target = f"static_configs: [{{targets: ['127.0.0.1:{port}']}}]"
    config = f"global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: a\n  {target}\n"
    with ThreadingHTTPServer(("127.0.0.1", port), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with prometheus(tmp_path, config, FEATURE) as real, engine(tmp_path, FEATURE, config=config) as ours:
            for one in (real, ours):
                wait_for("two scrapes", partial(_scraped_twice, f"http://127.0.0.1:{one}/api/v1/query"))
            for query in ('{job="a"}', 'm_total{a="2"} or h_bucket'):
                status, body = asked(ours, {"query": query})
                assert (status, body) == asked(real, {"query": query})
                assert b"seriesLabels" in body
        server.shutdown()


def _scraped_twice(url: str) -> bool:
    return bool(fetch_json(url, query='count_over_time(up{job="a"}[1m]) > 1')["data"]["result"])
