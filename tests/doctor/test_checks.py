"""What the doctor finds, from answers as the originals and we give them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engine.doctor import alerts, lines, queries, samples, targets
from engine.doctor.ports import Ailment, Check, Sample, span
from engine.doctor.table import CHECKS, examined
from engine.foundation.errors import RemoteError
from tests.unprivileged import unprivileged


@dataclass
class Told:
    """A stack that answers what it was told to; nothing else is wrong with it."""

    pages: Mapping[tuple[str, str], Any] = field(default_factory=dict)
    samples: Mapping[str, Sequence[Sample]] = field(default_factory=dict)

    async def get(self, component: str, path: str) -> tuple[int, Any]:
        found = self.pages.get((component, path.partition("?")[0]), (404, "404 page not found"))
        if isinstance(found, Exception):
            raise found
        return found

    async def query(self, expr: str) -> Sequence[Sample]:
        return next((hits for part, hits in self.samples.items() if part in expr), ())


def data(**of: Any) -> tuple[int, Any]:
    return 200, {"status": "success", "data": of}


async def found(check: Check, stack: Told) -> list[Ailment]:
    return [one async for one in check(stack)]


UP = {"health": "up", "lastError": "", "scrapePool": "a", "scrapeUrl": "http://a:1/metrics"}
TARGETS = ("prometheus", "/api/v1/targets")


@pytest.mark.parametrize("check", [check for name, check in CHECKS.items() if "targets" not in name])
async def test_a_stack_without_trouble_has_none(check: Check) -> None:
    assert [one for one in await found(check, Told()) if one.hurts] == []


@pytest.mark.parametrize(
    ("error", "step"),
    [
        ("dial tcp: lookup backend-api on 127.0.0.53:53: no such host", "start the service that has this name"),
        ("dial tcp 127.0.0.1:9999: connect: connection refused", "start the service"),
        ("context deadline exceeded", "scrape_timeout"),
        ("server returned HTTP status 401 Unauthorized", "basic_auth"),
        ("server returned HTTP status 404 Not Found", "metrics_path"),
        ("server returned HTTP status 503 Service Unavailable", "log of the service"),
        ("x509: certificate signed by unknown authority", "ca_file"),
        ("sample limit exceeded", "metric_relabel_configs"),
        ('expected value after metric, got "INVALID"', "first bad line"),
    ],
)
async def test_a_target_that_is_down_has_a_cause_and_a_next_step(error: str, step: str) -> None:
    down = {"health": "down", "lastError": error, "scrapePool": "app", "scrapeUrl": "http://x:9999/metrics"}
    (one,) = await found(targets.check, Told({TARGETS: data(activeTargets=[UP, down])}))
    assert "http://x:9999/metrics (job app)" in one.text
    assert error in one.text
    assert step in one.step


async def test_targets_with_one_cause_are_told_together() -> None:
    down = [
        {"health": "down", "lastError": "connection refused", "scrapePool": "a", "scrapeUrl": f"http://{n}/metrics"}
        for n in range(5)
    ]
    (one,) = await found(targets.check, Told({TARGETS: data(activeTargets=down)}))
    assert "and 2 more" in one.text


async def test_what_a_probe_does_not_reach_is_told_though_its_target_is_up() -> None:
    failed = {"probe_success == 0": [Sample({"job": "blackbox", "instance": "https://shop.example/health"}, 0.0)]}
    (one,) = await found(targets.check, Told({TARGETS: data(activeTargets=[UP])}, failed))
    assert one.text == "probes fail: https://shop.example/health (job blackbox)"
    assert one.hurts


async def test_what_two_jobs_tell_of_one_thing_is_said_once() -> None:
    missed = [Sample({"rule_group": "a.yml;slow", "job": job}, 7.0) for job in ("prometheus", "again")]
    told = (await examined(Told(samples={"iterations_missed": missed})))["alerts are late"]
    assert [one.text for one in told if one.hurts] == ["7 turns of a.yml;slow were missed in an hour"]


async def test_no_target_at_all_is_told() -> None:
    assert "nothing is scraped" in (await found(targets.check, Told()))[0].text


async def test_samples_that_were_refused_are_counted() -> None:
    stack = Told(samples={"out_of_order": [Sample({}, 3.0), Sample({}, 4.0)]})
    (one,) = [one for one in await found(samples.check, stack) if one.hurts]
    assert one.text.startswith("7 times in an hour")


async def test_a_refused_configuration_and_a_damaged_log_are_told() -> None:
    runtime = data(corruptionCount=2, reloadConfigSuccess=False)
    pages = {("prometheus", "/api/v1/status/runtimeinfo"): runtime}
    texts = [one.text for one in await found(samples.check, Told(pages)) if one.hurts]
    assert len(texts) == 2
    assert "2 damaged places" in texts[0]


async def test_a_stretch_without_samples_is_told_with_its_time() -> None:
    times = [1_700_000_000 + 300 * step for step in (0, 1, 2, 14, 15)]
    answer = data(result=[{"metric": {}, "values": [[time, "6"] for time in times]}])
    stack = Told({("prometheus", "/api/v1/query_range"): answer}, {"time()": [Sample({}, times[-1])]})
    first, _ = await found(samples.check, stack)
    assert first.text == "there are no samples from about 2023-11-14 22:23 to 2023-11-14 23:23 UTC (60 min)"
    assert not first.hurts


async def test_scrapes_that_are_rarer_than_samples_last_are_no_gaps() -> None:
    times = [1_700_000_000 + 600 * step for step in range(100)]
    answer = data(result=[{"metric": {}, "values": [[time, "6"] for time in times]}])
    own = {"time()": [Sample({}, times[-1])], "prometheus_build_info": [Sample({}, 1.0)]}
    assert await found(samples.check, Told({("prometheus", "/api/v1/query_range"): answer}, own)) == []


async def test_that_nobody_scrapes_the_engine_itself_is_worth_knowing() -> None:
    assert [one.hurts for one in await found(samples.check, Told())] == [False]
    assert await found(samples.check, Told(samples={"prometheus_build_info": [Sample({}, 1.0)]})) == []


@pytest.mark.parametrize("flags", [{"agent": "true"}, {"enable-feature": "exemplar-storage,agent"}])
async def test_of_an_agent_nothing_is_said_that_only_a_query_could_tell(flags: dict[str, str]) -> None:
    assert await found(samples.check, Told({("prometheus", "/api/v1/status/flags"): data(**flags)})) == []


async def test_servers_that_take_no_samples_are_told_with_their_words() -> None:
    server = {"name": "central", "url": "http://c/write", "waiting": 7, "moreInLog": True, "sent": 9, "refused": 2}
    told = data(servers=[{**server, "problem": "connection refused"}], withheld=["http://away/write"])
    pages = {("prometheus", "/api/v1/status/remote_write"): told}
    away, waits, refused = (one for one in await found(samples.check, Told(pages)) if "nobody scrapes" not in one.text)
    assert (away.hurts, "http://away/write" in away.text) == (False, True)
    assert waits.text == "7 samples and more in the log wait for central (http://c/write): connection refused"
    assert refused.text == "2 of 9 samples were refused for good by central (http://c/write)"


def test_a_folder_that_may_not_be_written_to_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    pages = {
        ("prometheus", "/api/v1/status/runtimeinfo"): data(CWD=str(tmp_path)),
        ("prometheus", "/api/v1/status/flags"): data(**{"storage.tsdb.path": "."}),
    }
    told = unprivileged(lambda: asyncio.run(found(samples.check, Told(pages))))
    tmp_path.chmod(0o700)
    assert "may not write to" in told[-1].text


async def test_notifications_that_failed_are_counted_where_nobody_scrapes_the_alertmanager() -> None:
    page = 'alertmanager_notifications_failed_total{integration="slack"} 3\n'
    pages = {("alertmanager", "/api/v2/status"): (200, {}), ("alertmanager", "/metrics"): (200, page)}
    (one,) = await found(alerts.check, Told(pages))
    assert one.text == "3 notifications by slack failed since the start"


async def test_files_that_are_not_followed_are_told_by_name() -> None:
    def target(**of: Any) -> dict[str, Any]:
        return {
            "kind": "File",
            "job": "j",
            "discovered": {"__path__": "/l/*"},
            "ready": True,
            "details": {},
            "dropped": "",
            **of,
        }

    skipped = target(details={"/l/a": "skipped: permission denied", "/l/b": "1 of 1 bytes", "/l/c": "skipped: no text"})
    told = {"targets": [skipped, target(ready=False), target(dropped="no labels are left")]}
    ailments = await found(lines.check, Told({("promtail", "/service-discovery"): (200, told)}))
    assert [(one.text, one.hurts) for one in ailments] == [
        ("/l/a is not followed: permission denied", True),
        ("/l/c is not followed: no text", False),
        ("no file is at /l/* (job j)", False),
        ("a target of job j is not read: no labels are left", True),
    ]


async def test_a_source_of_targets_that_fails_is_told_where_its_targets_are_missed() -> None:
    sources = [{"source": "promtail: docker", "error": "no daemon"}, {"source": "consul", "error": "refused"}]
    stack = Told({("prometheus", "/api/v1/status/discovery"): data(failing=sources), TARGETS: data(activeTargets=[UP])})
    assert [one.text for one in await found(targets.check, stack)] == ["discovery fails: consul: refused"]
    assert [one.text for one in await found(lines.check, stack)] == ["discovery fails: promtail: docker: no daemon"]


async def test_slow_rules_failing_rules_and_nobody_to_tell_are_three_troubles() -> None:
    rule = {"name": "R", "health": "err", "lastError": "many-to-many", "type": "alerting"}
    group = {"name": "g", "file": "r.yml", "interval": 15, "evaluationTime": 20.0, "rules": [rule]}
    pages = {("prometheus", "/api/v1/rules"): data(groups=[group])}
    texts = [one.text for one in await found(alerts.check, Told(pages)) if one.hurts]
    assert len(texts) == 3
    assert "many-to-many" in texts[0]
    assert "20 s of the 15 s" in texts[1]


async def test_a_rule_over_lines_that_fails_is_a_trouble_too() -> None:
    rule = {"name": "R", "health": "err", "lastError": "pipeline error", "type": "alerting"}
    group = {"name": "g", "file": "app.yml", "interval": 60, "evaluationTime": 0.1, "rules": [rule]}
    pages = {("prometheus", "/prometheus/api/v1/rules"): data(groups=[group])}
    assert [one.text for one in await found(alerts.check, Told(pages)) if one.hurts] == [
        "the rule R fails: pipeline error"
    ]


async def test_what_was_withheld_is_worth_knowing_and_no_trouble() -> None:
    pages = {
        ("alertmanager", "/api/v2/status"): (200, {}),
        ("alertmanager", "/api/v2/notifications/withheld"): (200, [{}]),
    }
    (one,) = await found(alerts.check, Told(pages))
    assert not one.hurts
    assert "--deliver" in one.step


async def test_lines_that_were_refused_are_told_with_the_limit() -> None:
    page = 'loki_discarded_samples_total{reason="rate_limited",tenant="fake"} 12\nloki_other{a="b"} 5\n'
    pages = {("loki", "/ready"): (200, "ready"), ("loki", "/metrics"): (200, page)}
    (one,) = await found(lines.check, Told(pages))
    assert one.text == "12 lines were refused (rate_limited) since the start"


async def test_a_promtail_that_is_not_ready_says_why_and_one_that_is_not_there_is_none() -> None:
    assert await found(lines.check, Told({("promtail", "/ready"): RemoteError("refused")})) == []
    pages = {("promtail", "/ready"): (500, "Not ready: Unable to find any logs to tail.\n")}
    assert "Unable to find any logs" in (await found(lines.check, Told(pages)))[0].text


async def test_slow_answers_are_told_and_large_metrics_are_worth_knowing() -> None:
    pages = {("prometheus", "/api/v1/status/tsdb"): data(seriesCountByMetricName=[{"name": "m", "value": 50_000}])}
    slow = {"http_request_duration": [Sample({"handler": "/api/v1/query"}, 12.0)]}
    first, second = await found(queries.check, Told(pages, slow))
    assert (first.hurts, second.hurts) == (True, False)
    assert "12 s" in first.text
    assert "m alone has 50000 series" in second.text


@pytest.mark.parametrize(("seconds", "text"), [(0.25, "250 ms"), (45, "45 s"), (180, "3 min"), (9000, "2.5 h")])
def test_spans_are_short(seconds: float, text: str) -> None:
    assert span(seconds) == text
