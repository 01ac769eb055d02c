"""Deletions and snapshots beside the real Prometheus: answers, and what is left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from engine.tsdb.store import Store
from promql.model.matchers import Matcher, MatchOp
from tests.end_to_end.processes import fetch_json
from tests.peers.http_pair import Request, http_pair
from tests.peers.stamped_pair import StampedPair, stamped_pair
from tests.peers.test_http_api import different, form

pytestmark = pytest.mark.peer
ADMIN = "/api/v1/admin/tsdb"
REQUESTS = [
    *(Request("POST", f"{ADMIN}/delete_series{query}", body="") for query in (
        "", "?match[]=", "?match[]=up{", "?match[]=up[5m]", "?match[]=nope", "?match[]=nope&match[]=up{", "?match[]=nope&start=x",
        "?match[]=nope&end=x", "?match[]=nope&start=5&end=2", "?match[]={a=~'('}", "?match[]=up&end=1", "?start=x",
    )),
    *(Request(method, f"{ADMIN}{path}") for method, path in product(
        ("GET", "HEAD", "OPTIONS", "DELETE"), ("/delete_series", "/snapshot", "/clean_tombstones"))),
    *(Request(method, f"{ADMIN}/{path}", body="") for method in ("POST", "PUT") for path in (
        "clean_tombstones", "snapshot?skip_head=x", "snapshot?skip_head=yes", "delete_series?match[]=nope", "nope", "",
    )),
    form(f"{ADMIN.removeprefix('/api/v1')}/delete_series", "match[]=nope"),
    form(f"{ADMIN.removeprefix('/api/v1')}/delete_series", "match[]=nope{"),
    form(f"{ADMIN.removeprefix('/api/v1')}/snapshot", "skip_head=x"),
    Request("PUT", f"{ADMIN}/delete_series", (("Content-Type", "application/x-www-form-urlencoded"),), "match[]=up{"),
    Request("POST", f"{ADMIN}/delete_series", (("Accept-Encoding", "gzip"),), ""),
]  # fmt: skip
NAME = re.compile(r'\{"status":"success","data":\{"name":"(\d{8}T\d{6}Z-[0-9a-f]{16})"\}\}')


def test_answers_are_the_same(tmp_path: Path) -> None:
    with http_pair(tmp_path, "--web.enable-admin-api") as pair:
        wrong = [different(pair, request) for request in REQUESTS]
        assert not any(wrong), "\n".join(filter(None, wrong))
        for query in ("", "?skip_head=", "?skip_head=T", "?skip_head=false"):
            for answer in pair.ask(Request("POST", f"{ADMIN}/snapshot{query}", body="")):
                assert (answer.status, bool(NAME.fullmatch(answer.body))) == (200, True), answer.body


def test_answers_are_the_same_where_the_api_is_off(tmp_path: Path) -> None:
    with http_pair(tmp_path, settled=False) as pair:
        wrong = [different(pair, request) for request in REQUESTS]
        assert not any(wrong), "\n".join(filter(None, wrong))


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[StampedPair]:
    with stamped_pair(tmp_path, "--web.enable-admin-api") as made:
        yield made


def delete(pair: StampedPair, selector: str, start: float | None = None, end: float | None = None) -> None:
    edges = {"start": start, "end": end}
    given = {name: str(pair.real.base + at) for name, at in edges.items() if at is not None}
    for side in (pair.real, pair.ours):
        assert side.post(f"{ADMIN}/delete_series", **{"match[]": selector}, **given) == 200


def test_what_is_left_and_what_may_follow_is_the_same(pair: StampedPair) -> None:
    for at in range(4):
        pair.put(f"m {at} {at}", f"other {at} {at}")
    delete(pair, "m", 1, 2)
    assert pair.same("m") == [(0, "0"), (3, "3")]
    delete(pair, "m", 2.5)
    assert pair.same("m") == [(0, "0")]
    pair.put("m 3 3")  # again
    pair.put("m 7 3")  # the same time with another value
    pair.put("m 7 2.7")  # older than what was deleted
    assert pair.same("m") == [(0, "0")]
    pair.put("m 7 4")
    assert pair.same("m") == [(0, "0"), (4, "7")]
    delete(pair, "{job='page'}", 0, 100)
    assert pair.same("m") == pair.same("other") == []
    pair.put("m 8 9.5")
    assert pair.same("m") == [(9.5, "8")]
    for side in (pair.real, pair.ours):
        assert side.metric("prometheus_target_scrapes_sample_duplicate_timestamp_total") > 0
        assert side.metric("prometheus_target_scrapes_sample_out_of_order_total") > 0
        assert side.post(f"{ADMIN}/clean_tombstones") == 200
    assert pair.same("m") == [(9.5, "8")]


def test_a_snapshot_is_where_it_is_said_to_be_and_opens_with_all_that_was_stored(pair: StampedPair) -> None:
    pair.put("m 1 1")
    pair.put("m 2 2")
    delete(pair, "m", 0, 1)
    assert pair.ours.post(f"{ADMIN}/snapshot") == 200
    (snapshot,) = (pair.ours.folder / "data" / "snapshots").iterdir()
    store = Store.open(snapshot / "metrics")
    names = store.label_values("__name__", None, 0, 2**60)
    assert names == fetch_json(f"{pair.ours.url}/api/v1/label/__name__/values")["data"]
    ends = {labels.get("__name__") for labels in store.series([Matcher("__name__", MatchOp.EQUAL, "m")], 0, 2**60)}
    assert ends == {"m"}
    store.close()
