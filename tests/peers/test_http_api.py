"""The HTTP API of Prometheus 2.42 and ours, asked alike: status, headers and bodies are the same, byte by byte.

What differs on purpose is listed with its reason, and must differ: an entry that is not needed any more fails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from tests.peers.http_pair import Answer, Pair, Request, http_pair

pytestmark = pytest.mark.peer


def get(path: str, **params: str) -> Request:
    query = "&".join(f"{name.replace('match', 'match[]')}={quote(value, safe='')}" for name, value in params.items())
    return Request("GET", f"/api/v1{path}{'?' if params else ''}{query}")


def form(path: str, body: str, *headers: tuple[str, str]) -> Request:
    kind = headers or (("Content-Type", "application/x-www-form-urlencoded"),)
    return Request("POST", f"/api/v1{path}", kind, body)


EXPRESSIONS: Final = (
    "up", "requests_total", "temperature", "huge", "nothing", "plain", "scalar(huge)", "1e30", "0.0000001", '"a<b"', "-0",
    "requests_total[5s]", "huge[2s:1s]", "ALERTS", "code:requests:sum", "labelled", "topk(1, requests_total{job='page'})", "", "up{",
    "sum(", "foo(", "rate(up)", "requests_total + on(job) group_left() requests_total{job='page'}",
    "count_values('a-b', up)", "label_replace(up,'a','b','c','(')", "quantile(2, up)", "up offset 5", "{}", "{a=~'.*'}",
    "absent(nope)", "up @ 5 @ 6", "vector(1)", "1/0", "-1/0", "holt_winters(up[1s],2,2)", "up{a=~'('}",
    "histogram_quantile(0.5, latency_seconds_bucket)", "timestamp(up)",
)  # fmt: skip
TIMES: Final = (
    "", "x", "1e3", "1_0", "-1", "1e-3", "+5", " 5", "1e400", "0x10", "2015-07-01T20:10:51.781Z",
    "2015-07-01T22:10:51+02:00", "2015-07-01T20:10:51,781Z", "2015-07-01t20:10:51z", "2015-13-01T00:00:00Z",
    "NaN", "Inf", "1e20", ".5", "1.25", "1.0005", "-1.5", "2015-07-01T20:10:51.123456789Z", "2015-07-01T20:10:51.1234567891Z",
)  # fmt: skip
DURATIONS: Final = (
    "", "x", "0", "-1", "0.5", "1m", "1h30m", "5x", "1e30", "NaN", "Inf", "1y", "-1m", "1e9", "106752d", "1_0",
    "100000000000y", "0x1p4",
)  # fmt: skip
SELECTORS: Final = (
    "up", "{__name__=~'.+'}", "{}", "{a=''}", "up{", "requests_total{code='200'}", "nope", "up[5m]", "1", "sum(up)", "",
    " up ",
)  # fmt: skip
PAGES: Final = ("/-/healthy", "/-/ready", "/-/reload", "/-/quit", "/version", "/metrics", "/nope", "/api/v1/nope")
API: Final = (
    "/query", "/query_range", "/format_query", "/query_exemplars", "/series", "/labels", "/label/job/values", "/rules",
    "/alerts", "/targets", "/targets/metadata", "/metadata", "/scrape_pools", "/alertmanagers", "/status/config",
    "/status/flags", "/status/runtimeinfo", "/status/buildinfo", "/status/tsdb", "/status/walreplay",
)  # fmt: skip
GROUPS: Final[dict[str, list[Request]]] = {
    "instant queries": [get("/query", query=query, time="NOW") for query in EXPRESSIONS],
    "range queries": [get("/query_range", query=query, start="AGO", end="NOW", step="1") for query in EXPRESSIONS],
    "formatting": [get("/format_query", query=query) for query in EXPRESSIONS],
    "instants": [
        request
        for time in TIMES
        for request in (
            get("/query", query="vector(1)", time=time),
            get("/query", query="1", time=time),
            get("/query", query="'a'", time=time),
            get("/query_range", query="vector(1)", start=time, end="1", step="1"),
            get("/query_range", query="vector(1)", start="1", end=time, step="1"),
            get("/series", match="up", start=time),
            get("/labels", end=time),
            get("/query_exemplars", query="up", start=time),
        )
    ],
    "durations": [
        request
        for duration in DURATIONS
        for request in (
            get("/query_range", query="vector(1)", start="0", end="10", step=duration),
            get("/query", query="vector(1)", time="1", timeout=duration),
            get("/query_range", query="vector(1)", start="0", end="10", step="1", timeout=duration),
        )
    ],
    "bounds of ranges": [
        get("/query_range", query="vector(1)", start="10", end="0", step="1"),
        get("/query_range", query="vector(1)", start="0", end="11001", step="1"),
        get("/query_range", query="vector(1)", start="0", end="11000", step="1"),
        get("/query_range", query="vector(1)", start="0", end="10", step="0.0001"),
        get("/query_exemplars", query="up", start="2", end="1"),
        get("/query_exemplars", query="up{"),
        get("/query_exemplars", query="sum(up) + requests_total"),
        get("/query", query="1", time="5", stats="all"),
        get("/query", query=f"vector(1) # {'long ' * 9000}", time="5"),
    ],
    "selectors": [
        request
        for selector, path in product(SELECTORS, ("/series", "/labels", "/label/job/values"))
        for request in (get(path, match=selector), get(path, match=selector, start="AGO", end="NOW"))
    ],
    "labels and series": [
        Request("GET", f"/api/v1{path}")
        for path in (
            "/series", "/labels", "/label/job/values", "/label/a-b/values", "/label/%61/values", "/label/nope/values",
            "/label/__name__/values", "/label/job", "/labels?start=5&end=1", "/labels?start=0&end=1",
            "/series?match[]=up&start=0&end=1", "/series?match[]=up&match[]=huge", "/series?match%5B%5D=up",
            "/label/job/values?start=0&end=1", "/label/job/values?start=x", "/label//values", "/label/job/values/",
            *(f"{path}?{fault}" for path in ("/series", "/labels", "/label/job/values", "/query_exemplars")
              for fault in ("match[]=up&a=%", "match[]=up&a;b", "match[]=up&start=x&a=%zz")),
        )
    ],
    "targets": [
        Request("GET", f"/api/v1{path}")
        for path in (
            "/targets", "/targets?state=active", "/targets?state=dropped", "/targets?state=any", "/targets?state=x",
            "/targets?state=ACTIVE", "/targets?scrapePool=page", "/targets?scrapePool=nope", "/scrape_pools",
            "/targets/metadata", "/targets/metadata?limit=0", "/targets/metadata?limit=-1", "/targets/metadata?limit=x",
            "/targets/metadata?metric=huge", "/targets/metadata?metric=nope", "/targets/metadata?match_target={",
            "/targets/metadata?match_target={job=%22page%22}", "/targets/metadata?match_target={job=%22nope%22}",
            "/targets/metadata?match_target={job=%22page%22}&metric=huge&limit=1", "/metadata", "/metadata?limit=0",
            "/metadata?limit=x", "/metadata?limit=1_0", "/metadata?limit=%201", "/metadata?limit=99999999999999999999", "/metadata?metric=huge", "/metadata?metric=nope", "/metadata?metric=requests_total",
            "/alertmanagers",
        )
    ],
    "federation": [
        Request("GET", f"/federate{query}", headers)
        for query in (
            "", *(f"?match[]={quote(selector, safe='')}" for selector in (
                "up", '{job="page",__name__!~"scrape_.*|ALERTS_.*"}', '{__name__=~"requests.*|huge|nothing|plain|ALERTS|temperature|lat.*|code:.*"}', "up{",
                "nope", '{zone="eu"}', "labelled", "", "sum(up)", "{}", "{}[5m]", 'ALERTS_FOR_STATE{alertname="nope"}',
            )),
            "?match[]=up&match[]=huge&match[]=up", "?match[]=%zz", "?match[]=a;b", "?match%5B%5D=up",
        )
        for headers in ((), (("Accept-Encoding", "gzip"),))
    ],
    "rules": [
        Request("GET", f"/api/v1{path}")
        for path in ("/rules", "/rules?type=alert", "/rules?type=record", "/rules?type=x", "/rules?type=ALERT", "/alerts")
    ],
    "status": [Request("GET", f"/api/v1{path}") for path in API if path.startswith("/status")],
    "pages": [
        Request("GET", path)
        for path in (
            "/", "/-/healthy", "/-/ready", "/-/reload", "/-/quit", "/version", "/nope", "/api", "/api/v1", "/api/v1/",
            "/api/v2/x", "/-/x", "/-/", "/favicon.ico", "//api/v1/labels", "/api/v1//labels", "/api/v1/labels/",
            "/alerts", "/federate", "/graph", "/api/v1/x/../labels", "/api/v1/./nope", "/api/v1/read", "/api/v1/write", "/api/v1/admin/tsdb/snapshot",
        )
    ],
    "methods of pages": [
        Request(method, path)
        for path, method in product(PAGES, ("HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"))
        if (method, path) not in {("POST", "/-/quit"), ("PUT", "/-/quit")}
    ],
    "methods of the API": [
        Request(method, f"/api/v1{path}", body="" if method in ("POST", "PUT") else None)
        for path, method in product(API, ("HEAD", "OPTIONS", "POST", "PUT", "DELETE"))
    ],
    "bodies": [
        form("/query?time=3", "query=up&time=NOW"),
        form("/query?time=3", "query=up"),
        form("/query?time=3", ""),
        form("/query?time=3", "query=%zz"),
        form("/query?time=3", "query=%ff"),
        form("/query?time=3", "query=a;b"),
        form("/query?time=3", "query=vector(1)&query=2&time=1"),
        form("/query?query=vector(1)&time=3", "query=vector(2)"),
        form("/query?query=vector(1)&time=3", '{"query":"up"}', ("Content-Type", "application/json")),
        form("/query?time=3", "query=vector(1)", ("X-Type", "none")),
        form("/query?time=3", "query=vector(1)", ("Content-Type", "bad/")),
        form("/query?time=3", "query=vector(1)", ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")),
        form("/query?time=3", MULTIPART := '--x\r\nContent-Disposition: form-data; name="query"\r\n\r\n1\r\n--x--\r\n',
             ("Content-Type", "multipart/form-data; boundary=x")),
        *(form("/series", body) for body in ("match[]=up", "match[]=up&a=%", "match[]=up&a;b")),
        form("/series?a=%", "match[]=up"),
        form("/labels", "match[]=up"),
        form("/query_range", "query=vector(1)&start=0&end=2&step=1"),
        form("/format_query", "query=up+%2B1"),
        *(Request("GET", f"/api/v1/query?time=1&query={query}") for query in ("%zz", "1;2", "%ff", "%22%ff%22", "1&query=2")),
    ],
    "compression": [
        Request("GET", path, (("Accept-Encoding", encoding),))
        for path in ("/api/v1/labels", "/api/v1/query?query=up{", "/api/v1/nope", "/-/healthy")
        for encoding in ("gzip", "deflate", "identity", "br", "deflate, gzip", "")
    ],
    "other origins": [
        Request(method, path, (("Origin", "http://x.example.com"),))
        for method, path in product(("GET", "OPTIONS"), ("/api/v1/labels", "/-/ready"))
    ],
}  # fmt: skip

# What differs on purpose: method and path, and why.
DIFFERENT: Final = (
    (r"GET .*[?&](time|start|end)=(NaN|Inf|1e20)(&.*)?", "instants that wrap around in the original are refused"),
    (r"GET .*=0x1p4", "hexadecimal numbers are no durations here"),
    (r"GET .*stats=all", "queries take other times"),
    (r"GET .*query=up%20offset%205(&.*)?", "numbers are durations too, as in Prometheus 3"),
    (r"GET /api/v1/status/flags", "our own flags are told, under the original's names where it has them"),
    (r"GET /api/v1/status/runtimeinfo", "there are tasks and no goroutines"),
    (r"GET (/version|/api/v1/status/buildinfo)", "the build is our own"),
    (r"GET /", "the first page is our own"),
    (r"GET /graph", "not built"),
    (r"GET /alerts", "a page of our own, where the original's build has none"),
    (r"GET .*(/label/job/values/|/api/v1/labels/)", "the original leads a path with a slash behind it astray"),
    (r"GET /api/v1", "the original leads from here to where nothing is"),
    (r"GET .*(//|/\.\.?/).*", "a redirect without a page"),
    (r"\w+ /metrics", "HEAD is answered, as by the exporters"),
    (r"\w+ /api/.* from elsewhere", "pages of other origins may not read unless they are named"),
    (r"POST .* multipart", "multipart forms are not read"),
)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with http_pair(tmp_path_factory.mktemp("pair")) as made:
        yield made


def shown(request: Request) -> str:
    multipart = " multipart" if request.body == MULTIPART else ""
    elsewhere = " from elsewhere" if any(name == "Origin" for name, _ in request.headers) else ""
    return f"{request.method} {request.path}{multipart}{elsewhere}"


def known(request: Request) -> str | None:
    """The first entry of DIFFERENT that the request falls under."""
    return next((pattern for pattern, _ in DIFFERENT if re.fullmatch(pattern, shown(request))), None)


def different(pair: Pair, request: Request) -> str | None:
    """What is, or None."""
    real, ours = pair.ask(request)
    for what, theirs, mine in (
        ("status", real.status, ours.status),
        ("body", real.body, ours.body),
        ("headers", headers(request, real), headers(request, ours)),
    ):
        if theirs != mine:
            return f"{shown(request)}: {what}\n  real {theirs!r}\n  ours {mine!r}"
    return None


def headers(request: Request, answer: Answer) -> dict[str, str]:
    found = dict(answer.headers)
    if request.method == "HEAD":
        found.pop("content-type", None)
    return found


@pytest.mark.parametrize("name", GROUPS)
def test_answers_are_the_same(name: str, pair: Pair) -> None:
    wrong = [different(pair, request) for request in GROUPS[name] if known(request) is None]
    assert not any(wrong), "\n".join(filter(None, wrong))


@pytest.mark.parametrize("pattern", [pattern for pattern, _ in DIFFERENT])
def test_what_differs_on_purpose_differs(pattern: str, pair: Pair) -> None:
    asked = [request for group in GROUPS.values() for request in group if known(request) == pattern]
    assert any(different(pair, request) for request in asked)


@pytest.mark.parametrize(
    "query", ["up", "sum(up)", "1", "vector(1) + 1", "-up", "timestamp(up)", "up and up", "time()"]
)
def test_statistics_have_the_same_form_and_count_the_same_samples(query: str, pair: Pair) -> None:
    for stats in ("1", "all"):
        request = get("/query_range", query=query, start="AGO", end="NOW", step="0.5", stats=stats)
        real, ours = (json.loads(answer.body.partition('"stats":')[2][:-2]) for answer in pair.ask(request))
        assert list(real) == list(ours)
        assert list(real["timings"]) == list(ours["timings"])
        assert list(real["samples"]) == list(ours["samples"])
        assert real["samples"]["totalQueryableSamples"] == ours["samples"]["totalQueryableSamples"]


def test_lifecycle_requests_are_answered_the_same_where_they_are_allowed(tmp_path: Path) -> None:
    with http_pair(tmp_path, "--web.enable-lifecycle", settled=False) as pair:
        for method, path in product(("GET", "HEAD", "OPTIONS", "DELETE"), ("/-/reload", "/-/quit")):
            assert different(pair, Request(method, path)) is None
        for method in ("POST", "PUT"):
            assert different(pair, Request(method, "/-/reload", body="")) is None
        for side in (pair.real, pair.ours):
            (side.folder / "prometheus.yml").write_text("scrape_configs: {}")
        real, ours = pair.ask(Request("POST", "/-/reload", body=""))
        assert (real.status, ours.status) == (500, 500)
        assert all(answer.body.startswith("failed to reload config: ") for answer in (real, ours))
        assert real.headers == ours.headers
        assert different(pair, Request("PUT", "/-/quit", body="")) is None
