"""Remote write: the receiver beside Prometheus's, and what real clients send."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any, Final

import pytest

from promql.model.staleness import STALE_NAN
from tests.end_to_end.processes import fetch, fetch_json, free_port, running, wait_for
from tests.peers.alone import engine, program, prometheus
from tests.remote.client import (  # fmt: skip
    EXEMPLAR,
    HISTOGRAM,
    METADATA,
    SAMPLE,
    Answer,
    chunk,
    label,
    labels,
    packed,
    post,
    series,
    varint,
    write,
)

pytestmark = pytest.mark.peer

NOW: Final = 1_700_000_000_000
LATER: Final = NOW + 7_200_000
HOUR: Final = 3_600_000
RECEIVE: Final = "--web.enable-remote-write-receiver"
EVERYTHING: Final = '{__name__=~".+"}[3h]'


def named(**more: str) -> bytes:
    return labels({"__name__": "m"} | more)


def pairs(*found: tuple[str, str]) -> bytes:
    return series(labels(found), (LATER, 2.0))


NUMBER: Final = b"\x11" + struct.pack("<d", 1.0)
STEPS: Final[dict[str, bytes]] = {
    "nothing": packed(b""),
    "no bytes": b"",
    "garbage": b"garbage here",
    "a length beyond the end": packed(b"\x0a\x20abc"),
    "another wire type": packed(b"\x08\x20"),
    "text": packed(b"hello world"),
    "an unknown field": packed(b"\x7a\x03abc"),
    "an overflow": packed(b"\x0a" + b"\xff" * 11),
    "no samples": packed(series(named(a="0"))),
    "a first sample": packed(series(named(a="1"), (NOW, 1.0))),
    "the same again": packed(series(named(a="1"), (NOW, 1.0))),
    "another value": packed(series(named(a="1"), (NOW, 2.0))),
    "an older one": packed(series(named(a="1"), (NOW - 1, 2.0))),
    "too old": packed(series(named(a="2"), (NOW - HOUR - 1, 2.0))),
    "just not too old": packed(series(named(a="2"), (NOW - HOUR, 2.0))),
    "two values in one request": packed(series(named(a="3"), (NOW + 5, 2.0), (NOW + 5, 1.0))),
    "backwards in one request": packed(series(named(a="4"), (NOW + 5, 2.0), (NOW + 4, 1.0), (NOW + 6, 3.0))),
    "a series twice": packed(series(named(a="5"), (NOW, 2.0)) + series(named(a="5"), (NOW + 9, 1.0))),
    "one of three refused": packed(series(named(a="6"), (NOW, 2.0)) + series(named(a="1"), (NOW - 20, 1.0)) + series(named(a="7"), (NOW, 2.0))),
    "bounds are taken once": packed(series(named(a="8"), (LATER, 2.0)) + series(named(a="9"), (NOW, 1.0))),
    "an empty label": packed(pairs(("__name__", "e"), ("x", ""))),
    "no name": packed(pairs(("x", "unnamed"))),
    "a label twice, once empty": packed(pairs(("__name__", "d"), ("x", "1"), ("x", ""))),
    "labels not sorted": packed(pairs(("z", "d"), ("__name__", "u"), ("a", "1"))),
    "odd names": packed(pairs(("__name__", "a name"), ("a-b", "1"))),
    "before 1970": packed(series(named(a="n"), (-5, 2.0))),
    "no time": packed(chunk(1, named(a="t") + chunk(SAMPLE, b"\x09" + struct.pack("<d", 4.0)))),
    "an exemplar": packed(series(named(a="x"), (LATER, 2.0), more=chunk(EXEMPLAR, label("i", "x") + NUMBER + b"\x18" + varint(NOW)))),
    "metadata": packed(chunk(METADATA, b"\x08\x01" + chunk(2, b"m") + chunk(4, b"help"))),
    "fields turned": packed(chunk(1, chunk(SAMPLE, b"\x10" + varint(LATER) + b"\x09" + struct.pack("<d", 4.0)) + named(a="f"))),
    "not a number": packed(series(named(a="nan"), (LATER, float("nan")))),
    "a stale marker": packed(series(named(a="s"), (LATER, 1.0)) + series(named(a="s"), (LATER + 1, float(STALE_NAN)))),
    "zero": packed(series(named(a="z"), (LATER, 0.0), (LATER + 5, 0.0))),
}  # fmt: skip
OURS_IS_400: Final[
    dict[str, bytes]
] = {  # 2.42 says 500, and its client sends the same for ever; later releases say 400
    "no labels": packed(series(b"", (LATER, 2.0))),
    "only an empty label": packed(pairs(("x", ""))),
    "a label twice": packed(pairs(("__name__", "d"), ("x", "1"), ("x", "2"))),
    "a native histogram": packed(series(named(a="h"), more=chunk(HISTOGRAM, b""))),
}


def told(answer: Answer) -> tuple[int, str, str | None, str | None]:
    return answer.status, answer.body, answer.headers.get("content-type"), answer.headers.get("x-content-type-options")


def stored(port: int) -> list[Any]:
    url = f"http://127.0.0.1:{port}/api/v1/query"
    found = fetch_json(url, query=EVERYTHING, time=str(LATER // 1000 + 10))["data"]["result"]
    return sorted(found, key=json.dumps)


def test_every_request_is_answered_as_by_prometheus_and_leaves_the_same(tmp_path: Path) -> None:
    with prometheus(tmp_path, "", RECEIVE) as real, engine(tmp_path, RECEIVE) as ours:
        for method in ("GET", "PUT"):
            assert told(post(ours, b"", method=method)) == told(post(real, b"", method=method))
        for name, body in STEPS.items():
            assert told(post(ours, body)) == told(post(real, body)), name
        for name, body in OURS_IS_400.items():
            status, *answer = told(post(real, body))
            assert (status, told(post(ours, body))) == (500, (400, *answer)), name
        assert stored(ours) == stored(real)


LATE: Final = "storage: {tsdb: {out_of_order_time_window: 10m}}"
LATE_STEPS: Final[dict[str, bytes]] = {
    "in order": packed(series(named(a="1"), (NOW, 1.0)) + series(named(a="2"), (NOW, 1.0))),
    "late": packed(series(named(a="1"), (NOW - 1000, 2.0), (NOW - 600_000, 3.0))),
    "late and new": packed(series(named(a="1"), (NOW - 2000, 2.0)) + series(named(a="2"), (NOW + 5000, 3.0))),
    "new and late": packed(series(named(a="2"), (NOW + 9000, 4.0), (NOW + 7000, 5.0))),
    "another value": packed(series(named(a="2"), (NOW + 9000, 5.0))),
}
TOO_OLD: Final = packed(series(named(a="2"), (NOW + 20_000, 3.0)) + series(named(a="1"), (NOW - 700_000, 3.0)))


def test_late_samples_are_taken_within_the_window_as_by_prometheus(tmp_path: Path) -> None:
    with prometheus(tmp_path, LATE, RECEIVE) as real, engine(tmp_path, RECEIVE, config=LATE) as ours:
        for name, body in LATE_STEPS.items():
            assert told(post(ours, body)) == told(post(real, body)), name
        status, *answer = told(post(real, TOO_OLD))
        assert (status, told(post(ours, TOO_OLD))) == (500, (400, *answer))  # later releases say 400 too
        assert stored(ours) == stored(real)


def test_without_the_flag_there_is_no_receiver(tmp_path: Path) -> None:
    with prometheus(tmp_path, "") as real, engine(tmp_path) as ours:
        answer, original = write(ours, []), write(real, [])
        assert (answer.status, original.status) == (404, 404)
        assert answer.body == "remote write receiver needs to be enabled with --web.enable-remote-write-receiver\n"


FORWARDING: Final = """\
global: {{scrape_interval: 1s, external_labels: {{replica: a}}}}
scrape_configs:
- job_name: self
  static_configs: [{{targets: ['127.0.0.1:{self}']}}]
remote_write:
- url: http://127.0.0.1:{engine}/api/v1/write
  send_exemplars: true
  queue_config: {{max_samples_per_send: 300, batch_send_deadline: 200ms}}
  metadata_config: {{send_interval: 500ms}}
"""


def test_a_real_prometheus_forwards_all_its_samples(tmp_path: Path) -> None:
    with engine(tmp_path, RECEIVE) as ours:
        port = free_port()
        path = tmp_path / "real.yml"
        path.write_text(FORWARDING.format(self=port, engine=ours))
        command = [program("prometheus"), f"--config.file={path}", f"--storage.tsdb.path={tmp_path / 'real'}", f"--web.listen-address=127.0.0.1:{port}"]  # fmt: skip
        with running(command, tmp_path / "real.log"):
            scraped = f"http://127.0.0.1:{port}/api/v1/query"
            four = "timestamp(up{job='self'}) and count_over_time(up{job='self'}[1m]) >= 4"
            last = wait_for("four scrapes", lambda: fetch_json(scraped, query=four)["data"]["result"])[0]["value"][1]
            mine = wait_for("the last of them", lambda: _samples(ours, last, '{job="self",replica="a"}'))
            first = min(values[0][0] for values in mine.values())  # one that was scraped before it forwards is not sent
            wait_for("all of them", lambda: _samples(ours, last, '{replica="a"}') == _forwarded(port, first, last))
            assert len(mine) > 300
        text = fetch(f"http://127.0.0.1:{ours}/metrics").decode()
        assert 'prometheus_http_requests_total{code="204",handler="/api/v1/write"}' in text
        assert 'code="400",handler="/api/v1/write"' not in text


def _samples(port: int, until: str, selector: str) -> dict[str, Any]:
    """All samples up to an instant, by series; nothing before there is one of that instant."""
    url = f"http://127.0.0.1:{port}/api/v1/query"
    found = fetch_json(url, query=f"{selector}[1m] @ {until}")["data"]["result"]
    by_series = {json.dumps(one["metric"], sort_keys=True): one["values"] for one in found}
    newest = max((values[-1][0] for values in by_series.values()), default=0)
    return by_series if newest == float(until) else {}


def _forwarded(port: int, since: float, until: str) -> dict[str, Any]:
    """As it was sent: with the external labels."""
    return {
        json.dumps(json.loads(one) | {"replica": "a"}, sort_keys=True): kept
        for one, values in _samples(port, until, '{__name__=~".+"}').items()
        if (kept := [value for value in values if value[0] >= since])
    }


def test_vmagent_forwards_what_it_scrapes(tmp_path: Path) -> None:
    with engine(tmp_path, RECEIVE) as ours:
        port = free_port()
        path = tmp_path / "scrape.yml"
        path.write_text(
            "global: {scrape_interval: 1s}\nscrape_configs:\n"
            f"- {{job_name: engine, static_configs: [{{targets: ['127.0.0.1:{ours}']}}]}}\n"
        )
        command = [
            program("vmagent"), f"-promscrape.config={path}", f"-remoteWrite.url=http://127.0.0.1:{ours}/api/v1/write",
            f"-remoteWrite.tmpDataPath={tmp_path / 'vmagent'}", f"-httpListenAddr=127.0.0.1:{port}",
            "-remoteWrite.flushInterval=200ms",
        ]  # fmt: skip
        with running(command, tmp_path / "vmagent.log"):
            url = f"http://127.0.0.1:{ours}/api/v1/query"
            query = 'count_over_time(up{job="engine"}[1m]) >= 3'
            (up,) = wait_for("three scrapes", lambda: fetch_json(url, query=query)["data"]["result"])
            assert up["metric"] == {"instance": f"127.0.0.1:{ours}", "job": "engine"}
            build = fetch_json(url, query='prometheus_build_info{job="engine"}')["data"]["result"]
            assert build[0]["metric"]["version"] == "2.42.0"
