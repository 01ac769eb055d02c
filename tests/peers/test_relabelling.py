"""Hundreds of jobs with rules made up by chance: both make the same targets, drop the same, and keep the same series."""

from __future__ import annotations

import json
import random
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

import pytest

from engine.config.prometheus import parse_prometheus
from tests.end_to_end.processes import fetch_json, serving, wait_for
from tests.peers.alone import both

pytestmark = pytest.mark.peer
NEVER: Final = {"scrape_interval": "100y"}
TARGET_JOBS: Final = 400
METRIC_JOBS: Final = 40
NAMES: Final = ("a", "b", "ab", "long_name", "__meta_x", "__meta_xy", "__tmp")
VALUES: Final = ("", "x", "y", "foo", "Foo-Bar", "foo;bar", "10.0.0.1:80", "é", "straße", "line\nbreak", "$1", "a.b.c")
REGEXES: Final = (
    "(.*)", "x", "x|y", "f(o+)", "(?i)FOO(-(bar))?", "(?P<name>[a-z]+).*", "([^:]+)(?::(\\d+))?", "(.+);(.*)", "",
    ".", "\\w+", "[[:alpha:]]+", "\\p{L}+", "(?s).*", "(a)|(b)|__meta_(.+)", "l.*", "^foo$", "(\\pL)(.*)", "[^b].*",
)  # fmt: skip
TEMPLATES: Final = (
    "$1", "${1}", "${1}x", "$1x", "$$1", "$name", "${name}_$2", "$01", "${0}", "$0-$1", "$1é", "é$1", "$", "${", "${1",
    "$-", "a$2b", "plain", "", "$99999999999", "${é}", "$1$2$3", "$$$$", "${1}:${2}", "$١",
)  # fmt: skip
TARGET_LABELS: Final = (*NAMES, "$1", "${1}_t", "l_$1", "${name}", "job", "instance", "x$2")
PAGE: Final = b"".join(
    b'%s{a="%s",b="%s",le="0.5"} %d\n' % (name, a, b, number)
    for number, (name, a, b) in enumerate([
        (b"foo", b"x", b"y"), (b"foo_total", b"Foo-Bar", b""), (b"ab", b"foo;bar", b"\xc3\xa9"), (b"l", b"10.0.0.1:80", b"x"),
    ])
)  # fmt: skip


def rule(chance: random.Random) -> dict[str, Any]:
    """One that is right, with keys that its action takes."""
    action = chance.choice([
        "replace", "replace", "replace", "keep", "drop", "keepequal", "dropequal", "hashmod", "labelmap", "labeldrop",
        "labelkeep", "lowercase", "uppercase",
    ])  # fmt: skip
    made: dict[str, Any] = {"action": action}
    if action not in ("labelmap", "labeldrop", "labelkeep"):
        made["source_labels"] = chance.sample(NAMES, chance.randint(0, 2))
    if action in ("replace", "keep", "drop", "labelmap", "labeldrop", "labelkeep", "lowercase"):
        made["regex"] = chance.choice(REGEXES)
    if action in ("replace", "hashmod", "lowercase", "uppercase", "keepequal", "dropequal"):
        made["target_label"] = chance.choice(TARGET_LABELS if action == "replace" else NAMES)
    if action == "replace":
        made["replacement"] = chance.choice(TEMPLATES)
    if action == "labelmap":
        made["replacement"] = chance.choice(["$1", "m_$1", "${1}_m", "m_$2$1"])
    if action == "hashmod":
        made["modulus"] = chance.choice([1, 7, 1000, 2**40])
    if action == "replace" and chance.random() < 0.3:
        made["separator"] = chance.choice(["", "-", "é"])
    return made


def changes_nothing(job: dict[str, Any]) -> bool:
    return {rule["action"] for rule in job.get("relabel_configs", [])} <= {"keep", "drop", "keepequal", "dropequal"}


def config(page: str) -> dict[str, Any]:
    """Seeded, so that every run asks the same."""
    chance = random.Random(42)
    jobs: list[dict[str, Any]] = []
    for template in TEMPLATES:
        relabelled = {
            "action": "replace", "source_labels": ["a"], "regex": "(f)(?P<name>o+)", "target_label": "t",
            "replacement": template,
        }  # fmt: skip
        group = {"targets": ["127.0.0.1:9"], "labels": {"a": "foo", "t": "before"}}
        name = f"t{len(jobs)}"
        jobs.append({"job_name": name, **NEVER, "static_configs": [group], "relabel_configs": [relabelled]})
    while len(jobs) < TARGET_JOBS:
        labels = {name: chance.choice(VALUES) for name in chance.sample(NAMES, 4)}
        job = {
            "job_name": f"t{len(jobs)}",
            **NEVER,
            "static_configs": [{"targets": ["127.0.0.1:9", "[::1]:9"], "labels": labels}],
            "relabel_configs": [rule(chance) for _ in range(chance.randint(1, 4))],
        }
        if right(job):
            jobs.append(job)
    while len(jobs) < TARGET_JOBS + METRIC_JOBS:
        job = {
            "job_name": f"m{len(jobs)}",
            "static_configs": [{"targets": [page]}],
            "metric_relabel_configs": [rule(chance) for _ in range(chance.randint(1, 3))],
        }
        if right(job):
            jobs.append(job)
    return {"global": {"scrape_interval": "2s"}, "scrape_configs": jobs}


def right(job: dict[str, Any]) -> bool:
    return not any(finding.fatal for finding in parse_prometheus(json.dumps({"scrape_configs": [job]})).findings)


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


def shown(port: int) -> tuple[dict[str, Any], dict[str, Any], list[Any]]:
    """Labels and URL of each job's targets, what was dropped, and the series of pages; nothing before all were scraped.

    On a busy machine a page may come too late: its turn comes again.
    """
    data = fetch_json(f"http://127.0.0.1:{port}/api/v1/targets")["data"]
    active: dict[str, Any] = {}
    for one in data["activeTargets"]:
        active.setdefault(one["scrapePool"], []).append((one["scrapeUrl"], one["labels"]))
        late = one["health"] == "unknown" or "deadline exceeded" in one["lastError"]
        if one["scrapePool"].startswith("m") and late:
            return {}, {}, []
    dropped: dict[str, Any] = {}
    for one in data["droppedTargets"]:
        dropped.setdefault(one["discoveredLabels"].get("job", ""), []).append(one["discoveredLabels"])
    series = fetch_json(f"http://127.0.0.1:{port}/api/v1/series", **{"match[]": '{__name__=~".+"}'})["data"]
    return in_order(active), in_order(dropped), sorted(series, key=str)


def in_order(by_job: dict[str, Any]) -> dict[str, Any]:
    return {job: sorted(found, key=str) for job, found in sorted(by_job.items())}


def test_both_make_the_same_of_the_same_rules(tmp_path: Path) -> None:
    with serving(Page) as place:
        written = config(place)
        plain = {job["job_name"] for job in written["scrape_configs"] if changes_nothing(job)}
        with both(tmp_path, json.dumps(written)) as (real, ours):

            def all_scraped(port: int) -> Any:
                found = shown(port)
                return found if found[0] else None

            theirs = wait_for("the original's targets", lambda: all_scraped(real))
            found = wait_for("our targets", lambda: all_scraped(ours))
    assert found[0].keys() == theirs[0].keys()
    for job, targets in found[0].items():
        assert (job, targets) == (job, theirs[0][job])
    assert sum(map(len, found[1].values())) == sum(map(len, theirs[1].values()))
    # 2.42 shows what relabelling made of a label as if it had been discovered; where it makes nothing, all is the same.
    unchanged = [job for job in found[1] if job in plain]
    assert len(unchanged) > 20
    assert {job: found[1][job] for job in unchanged} == {job: theirs[1].get(job) for job in unchanged}
    assert found[2] == theirs[2]
