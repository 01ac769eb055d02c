"""Queries that a real Prometheus or VictoriaMetrics evaluates in the engine's place: its answers, marked as its own."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError

import pytest

from tests.end_to_end.processes import ENGINE, fetch, fetch_json, free_port, running, wait_for
from tests.peers.alone import engine, program, prometheus
from tests.remote.client import labels, series, write

pytestmark = pytest.mark.peer
RECEIVE: Final = "--web.enable-remote-write-receiver"
END: Final = int(time.time()) // 60 * 60 - 60
RULES: Final = """
groups:
  - name: g
    interval: 1s
    rules:
      - {record: "total:m", expr: "sum(max_over_time(m[1h]))"}
      - {alert: There, expr: "count(max_over_time(m[1h])) > 3", labels: {from: there}}
"""
QUERIES: Final = ("m", "sum by (a) (rate(m[5m]))", "m > 20", "scalar(max(m))", "'text'", "m[2m]", "absent(nope)", "-m")
WRONG: Final = ("rate(m", "m[5m] + 1", "sum(m) by", "1 + 'a'")


def samples() -> Iterator[bytes]:
    for number in range(4):
        times = range((END - 1800) * 1000, END * 1000 + 1, 15_000)
        yield series(labels({"__name__": "m", "a": str(number)}), *((at, at / 15_000 % 97 * number) for at in times))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """Ports of a Prometheus, and of an engine that has it evaluate queries; the engine keeps other samples itself."""
    there, here = tmp_path_factory.mktemp("there"), tmp_path_factory.mktemp("here")
    rules = here / "rules.yml"
    rules.write_text(RULES)
    with prometheus(there, "", RECEIVE) as real:
        assert write(real, list(samples())).status == 204
        config = f"rule_files: [{rules}]"
        with engine(here, f"--query-url=http://127.0.0.1:{real}", RECEIVE, config=config) as ours:
            assert write(ours, [series(labels({"__name__": "own"}), (END * 1000, 1.0))]).status == 204
            yield real, ours


@pytest.mark.parametrize("query", QUERIES)
def test_answers_are_those_of_the_other_server_and_say_so(query: str, both: tuple[int, int]) -> None:
    real, _ = both
    asked = {"query": query, "time": str(END)}
    there, here = (fetch_json(f"http://127.0.0.1:{port}/api/v1/query", **asked) for port in both)
    assert here.pop("infos") == [f"evaluated by http://127.0.0.1:{real}, not here"]
    assert by_labels(here) == by_labels(there)
    if query not in ("'text'", "m[2m]"):
        asked = {"query": query, "start": str(END - 900), "end": str(END), "step": "37"}
        there, here = (fetch_json(f"http://127.0.0.1:{port}/api/v1/query_range", **asked) for port in both)
        assert here.pop("infos")
        assert by_labels(here) == by_labels(there)


@pytest.mark.parametrize("query", WRONG)
def test_mistakes_are_told_as_there_with_the_name_of_who_says_so(query: str, both: tuple[int, int]) -> None:
    (there, first), (here, second) = (refused(port, query) for port in both)
    assert (here, second["errorType"]) == (there, first["errorType"])
    assert first["error"] in second["error"] or first["error"].split(": ", 2)[-1] in second["error"]
    assert f"http://127.0.0.1:{both[0]}" in second["error"]


def test_series_and_labels_are_those_of_the_other_server(both: tuple[int, int]) -> None:
    for path, asked in (
        ("series", {"match[]": "m"}),
        ("labels", {}),
        ("label/a/values", {}),
        ("label/__name__/values", {"match[]": "m{a='1'}"}),
    ):
        there, here = (fetch_json(f"http://127.0.0.1:{port}/api/v1/{path}", **asked) for port in both)
        assert here == there


def test_rules_look_at_the_other_server_too(both: tuple[int, int]) -> None:
    def firing() -> bool:
        found = fetch_json(f"http://127.0.0.1:{both[1]}/api/v1/alerts")["data"]["alerts"]
        return [one["labels"]["from"] for one in found] == ["there"]

    def healthy() -> bool:
        groups = fetch_json(f"http://127.0.0.1:{both[1]}/api/v1/rules")["data"]["groups"]
        return [rule["health"] for rule in groups[0]["rules"]] == ["ok", "ok"]

    wait_for("an alert about samples that are there", firing)
    wait_for("the rules' health", healthy)


def test_nobody_there_is_an_error_in_words(tmp_path: Path) -> None:
    with engine(tmp_path, "--query-url=http://user:secret@127.0.0.1:1/base") as ours:
        status, told = refused(ours, "up")
        assert status == 500
        assert "connection refused" in told["error"]
        assert "secret" not in json.dumps(told)


def test_how_to_speak_to_a_server_is_refused_where_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "p.yml").write_text("")
    words = ["run", "--config", "p.yml", "--data-dir", "d", "--listen", "prometheus=127.0.0.1:0"]
    done = subprocess.run(
        [*ENGINE, *words, "--query-http-config", "c.yml"], cwd=tmp_path, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "name that one with --query-url" in done.stderr


def test_what_victoriametrics_means_otherwise_is_said(tmp_path: Path) -> None:
    there = free_port()
    command = [program("victoria-metrics"), f"-storageDataPath={tmp_path / 'vm'}", f"-httpListenAddr=127.0.0.1:{there}", "-search.latencyOffset=0s"]  # fmt: skip
    with running(command, tmp_path / "vm.log"):
        wait_for("VictoriaMetrics", lambda: fetch(f"http://127.0.0.1:{there}/health"))
        assert write(there, list(samples())).status == 204
        with engine(tmp_path, f"--query-url=http://127.0.0.1:{there}") as ours:

            def found() -> Any:
                told = fetch_json(f"http://127.0.0.1:{ours}/api/v1/query", query="sum(m default 0)", time=str(END))
                return told if told["data"]["result"] else None

            told = wait_for("samples", found)  # MetricsQL, which no Prometheus reads
            assert any("VictoriaMetrics evaluated it" in info for info in told["infos"])
            asked = {"query": "m", "start": str(END - 600), "end": str(END), "step": "60"}
            url = f"http://127.0.0.1:{ours}/api/v1/query_range"
            wait_for("all series", lambda: len(fetch_json(url, **asked)["data"]["result"]) == 4)


def by_labels(answer: Any) -> Any:
    if answer["data"]["resultType"] in ("vector", "matrix"):
        answer["data"]["result"].sort(key=lambda one: sorted(one["metric"].items()))
    return answer


def refused(port: int, query: str) -> tuple[int, Any]:
    with pytest.raises(HTTPError) as caught:
        fetch(f"http://127.0.0.1:{port}/api/v1/query", query=query, time=str(END))
    with caught.value as answer:
        return answer.code, json.loads(answer.read())
