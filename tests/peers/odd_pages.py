"""A small server of odd pages, and the jobs that scrape them. Each client walks through a page's stages by itself."""

from __future__ import annotations

import gzip
import json
import math
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.exporters.exposition.protobuf_pages import bucket, exemplar, family, histogram, scalar, summary


def pages(now: int) -> dict[str, list[bytes]]:
    """Each page's stages by its name; `now` is Unix ms."""
    return {
        "plain": [b"# HELP a An a.\n# TYPE a counter\na 1\nb NaN\n"],
        "goes_and_comes": [b"a 1\nb 1\n", b"a 2\nb 2\n", b"a 3\n", b"a 4\n", b"a 5\nb 5\n"],
        "same_twice": [b"a 1\na 1\n"],
        "differs_twice": [b"a 1\na 2\n"],
        "two_spellings": [b'a{x="1"} 1\na{x="1",} 2\n', b'a{x="1",} 2\n'],
        "bad_line": [b"a 1\nb 2\n", b"a 1\nb 2\n", b"a 1\nbad{\n", b"a 1\nbad{\n", b"a 1\nb 2\n"],
        "bad_from_the_first": [b"bad{\n"],
        "stamped": [b"s 1 %d\nt 5\n" % (now - 3000), b"s 2 %d\nt 5\n" % now, b"t 5\n"],
        "stamp_comes_later": [b"s 1\nt 5\n", b"s 2\nt 5\n", b"s 3 %d\nt 5\n" % (now + 550_000)],
        "far_future": [b"s 1 %d\nt 5\n" % (now + 3_600_000)],
        "stamps_ignored": [b"s 1 %d\nt 5\n" % (now - 3000)],
        "no_value_for_a_label": [b'm{a="",b="x"} 1\n'],
        "not_unique": [b'ok 1\na{b="1",b="2"} 1\n'],
        "blank_before_name": [b"ok 1\n  a 1\n"],
        "collides": [b'm{job="x",exported_job="y",instance="",zone="e"} 1\n'],
        "honored": [b'm{job="x",instance="",zone="e"} 1\nn 1\n'],
        "sample_limit": [b"a 1\nb 2\n", b"a 1\nb 2\n", b"a 1\nb 2\nc 3\nd 4\n", b"a 1\nb 2\nc 3\nd 4\n", b"a 1\nb 2\n"],
        "label_limit": [b'ok 1\nm{zz="1",y="2"} 1\n'],
        "name_length": [b'ok 1\nm{zzzzzzzzzzzz="1"} 1\n'],
        "value_length": [b'm{z="' + "é".encode() * 70 + b'"} 1\n'],
        "bad_name_by_rule": [b"ok 1\nm 1\n"],
        "no_name_by_rule": [b"ok 1\nm 1\n"],
        "dropped_by_rule": [b"ok 1\nm 1\n"],
        "mapped_by_rule": [b'm{a_x="1",a_y="2"} 1\n'],
        "empty": [b""],
        "comes_back": [b"a 1\n", b"", b"a 1\n"],
        "openmetrics": [b'# TYPE a counter\na_total 1 # {id="7"} 1\na_created 5\n# EOF\n'],
        "openmetrics_cut": [b"a 1\n"],
        "gzipped": [b"a 1\n"],
        "body_limit": [b"a 12345\n"],
        "target_limit": [b"a 1\n"],
        "twins": [b"a 1\n"],
        "status": [b""],
        "cut_short": [b"a 1\n"],
        "hangs_up": [b""],
        "slow": [b""],
        "slow_body": [b""],
        "redirects": [b""],
        "redirects_refused": [b""],
        "redirects_on": [b""],
        "guarded": [b"a 1\n"],
        "in_protobuf": [
            FAMILIES + family("g", "gauge", scalar("gauge", 1, {"a": 'q"\\\n'}), scalar("gauge", 2, {"a": ""})),
            FAMILIES + family("g", "gauge", scalar("gauge", 3, {"b": "x"}, ms=now)),
        ],
        "in_protobuf_cut": [FAMILIES + b"\x7f\x0a"],
        "in_protobuf_badly_named": [FAMILIES + family("g g", "gauge", scalar("gauge", 1))],
        "in_protobuf_empty": [family("g g", "gauge")],
    }


FAMILIES = (
    family("c_total", "counter", scalar("counter", 5, {}, exemplar(2, 0.5, {"id": "7"}, 1)), help_="Some.")
    + family("u", "untyped", scalar("untyped", math.nan))
    + family("s", "summary", summary(4, 2.5, {0.5: 1, 1: 2, 0.999: 3}, {"a": "b"}), summary(0, 0, {}))
    + family("h", "histogram", histogram(7, 3.5, bucket(1e-9, 1), bucket(1, 3), bucket(1e6, 6), pairs={"a": "b"}))
    + family("full", "histogram", histogram(7, 3.5, bucket(0.25, 1), bucket(math.inf, 7)))
    + family("bare", "histogram", histogram(2, 1))
)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages = pages(int(time.time() * 1000))
        self.asked: Counter[tuple[str, str]] = Counter()
        self.closing = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are part of the game."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        name = urlsplit(self.path).path.strip("/")
        stages = self.server.pages.get(name, [b"a 1\n"])
        client = (name, self.headers["User-Agent"])
        stage = min(self.server.asked[client], len(stages) - 1)
        self.server.asked[client] += 1
        getattr(self, f"answer_{name}", self.answer)(stages[stage])

    def answer(self, body: bytes, status: int = 200, reason: str | None = None, **headers: str) -> None:
        self.send_response(status, reason)
        for header, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(header.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def answer_openmetrics(self, body: bytes) -> None:
        self.answer(body, Content_Type="application/openmetrics-text; version=1.0.0")

    answer_openmetrics_cut = answer_openmetrics

    def answer_gzipped(self, body: bytes) -> None:
        self.answer(gzip.compress(body), Content_Encoding="gzip")

    def answer_status(self, body: bytes) -> None:
        self.answer(body, 503, "Come Later")

    def answer_cut_short(self, body: bytes) -> None:
        self.answer(body, Content_Length="100")
        self.close_connection = True

    def answer_hangs_up(self, body: bytes) -> None:
        self.close_connection = True

    def answer_slow(self, body: bytes) -> None:
        self.server.closing.wait(1.5)

    def answer_slow_body(self, body: bytes) -> None:
        self.answer(b"a 1\n", Content_Length="100")
        self.wfile.flush()
        self.server.closing.wait(1.5)

    def answer_redirects(self, body: bytes) -> None:
        self.answer(body, 302, Location="/redirects")

    answer_redirects_refused = answer_redirects

    def answer_redirects_on(self, body: bytes) -> None:
        self.answer(body, 307, Location="guarded?from=redirects_on")

    def answer_guarded(self, body: bytes) -> None:
        """A sample that tells the credentials."""
        self.answer(f'a{{by="{self.headers["Authorization"]}",path="{self.path}"}} 1\n'.encode())

    def answer_in_protobuf(self, body: bytes) -> None:
        self.answer(body, Content_Type="application/vnd.google.protobuf")

    answer_in_protobuf_cut = answer_in_protobuf_badly_named = answer_in_protobuf_empty = answer_in_protobuf

    def do_POST(self) -> None:
        """Tokens for whoever asks, under /token."""
        length = int(self.headers["Content-Length"])
        sent = dict(parse_qsl(self.rfile.read(length).decode())) | {"by": self.headers["Authorization"]}
        if self.path != "/token":
            self.answer(b"no", 503, "Come Later")
            return
        token = "-".join(f"{name}:{sent[name]}" for name in sorted(sent)).replace(" ", "+")
        body = json.dumps({"access_token": token, "token_type": "bearer", "expires_in": 3600}).encode()
        self.answer(body, Content_Type="application/json")

    def log_message(self, *args: object) -> None:
        """Quiet."""


def config(port: int) -> str:
    """A prometheus.yml (as JSON, which is YAML) with a job for each page and some that reach none."""
    here = f"127.0.0.1:{port}"

    def job(name: str, *targets: str, labels: dict[str, str] | None = None, **keys: Any) -> dict[str, Any]:
        group = {"targets": targets or [here], "labels": labels or {}}
        return {"job_name": name, "metrics_path": f"/{name}", "static_configs": [group], **keys}

    zone = {"zone": "w"}
    named_m = {"source_labels": ["__name__"], "regex": "m"}
    special = [
        job("stamps_ignored", honor_timestamps=False),
        job("collides", labels=zone),
        job("honored", labels=zone, honor_labels=True),
        job("sample_limit", sample_limit=3),
        job("label_limit", label_limit=4),
        job("name_length", label_name_length_limit=10),
        job("value_length", label_value_length_limit=60),
        job("bad_name_by_rule", metric_relabel_configs=[{**named_m, "target_label": "__name__", "replacement": "m-x"}]),
        job("no_name_by_rule", metric_relabel_configs=[{**named_m, "target_label": "__name__", "replacement": ""}]),
        job("dropped_by_rule", metric_relabel_configs=[{**named_m, "action": "drop"}]),
        job("mapped_by_rule", metric_relabel_configs=[{"regex": "a_(.)", "action": "labelmap", "replacement": "b_$1"}]),
        job("body_limit", body_size_limit="8B"),
        job("target_limit", here, "127.0.0.1:9", target_limit=1),
        job("twins", static_configs=[{"targets": [here], "labels": {"__tmp": n}} for n in "122"]),
        job("redirects_refused", follow_redirects=False),
        job("redirects_on", basic_auth={"username": "me", "password": "pw"}),
        job("guarded", authorization={"type": "Own", "credentials": "x y"}),
        job("guarded_by_token", metrics_path="/guarded", oauth2={
            "client_id": "me", "client_secret": "pw", "token_url": f"http://{here}/token", "scopes": ["a", "b"],
        }),
        job("no_token", metrics_path="/guarded", oauth2={
            "client_id": "me", "client_secret": "pw", "token_url": f"http://{here}/status",
        }),
        job("through_a_proxy", "nobody.invalid:81", metrics_path="/guarded", proxy_url=f"http://{here}"),
        job("no_proxy_there", proxy_url="http://127.0.0.1:9"),
        job("refused", "127.0.0.1:9"),
        job("parameters", params={"a b": ["c&d", "e"], "x": ["/é"]}, metrics_path="/x?y z#é"),
        job("parameter_by_rule", params={"a": ["1", "2"]}, relabel_configs=[{"target_label": "__param_a", "replacement": "9"}]),
        job("no_leading_slash", metrics_path="metrics"),
        job("odd_host", "a b:1"),
        job("odd_port", "127.0.0.1:abc"),
        job("large_port", "127.0.0.1:99999"),
        job("default_ports", "[::1]", "127.0.0.9"),
        job("secure_by_default", "127.0.0.9", scheme="https"),
        job("plain_under_https", scheme="https"),
        job("unknown_scheme", relabel_configs=[{"target_label": "__scheme__", "replacement": "ftp"}]),
        job("unknown_scheme_without_port", "x", relabel_configs=[{"target_label": "__scheme__", "replacement": "ftp"}]),
        job("dropped", "x:1", here, relabel_configs=[{"action": "drop", "source_labels": ["__address__"], "regex": "x.*"}]),
        job("no_address", "x:1", relabel_configs=[{"target_label": "__address__", "replacement": ""}]),
        job("slash_by_rule", "x:1", relabel_configs=[{"target_label": "__address__", "replacement": "x/y"}]),
        job("instance_by_rule", relabel_configs=[{"target_label": "instance", "replacement": "me"}]),
        job("own_interval", relabel_configs=[{"target_label": "__scrape_interval__", "replacement": "2s"}]),
        job("odd_interval", relabel_configs=[{"target_label": "__scrape_interval__", "replacement": "x"}]),
    ]  # fmt: skip
    named = {entry["job_name"] for entry in special}
    jobs = [job(name) for name in pages(0) if name not in named] + special
    return json.dumps({"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": jobs})
