"""The real Prometheus and ours scrape the same odd pages: targets, errors and every sample are the same."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from engine.config.prometheus import parse_prometheus
from engine.foundation.addresses import AddressBook
from engine.foundation.clock import SystemClock
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import ThreadWorkers
from engine.scrape.manager import ScrapeManager
from engine.tsdb.store import Store
from promql.model.labels import METRIC_NAME, quote
from promql.model.matchers import Matcher, MatchOp
from promql.model.numbers import sample
from promql.model.panel import Kind, Need
from tests.end_to_end.processes import free_port
from tests.peers.odd_pages import Server, config

PROMETHEUS: Final = shutil.which("prometheus")
PROMTOOL: Final = shutil.which("promtool")
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(PROMETHEUS is None or PROMTOOL is None, reason="prometheus and promtool are not installed"),
]
SCRAPES: Final = 7
ATTEMPTS: Final = 4
KNOWN: Final = {
    ("discoveredLabels", job): "2.42 shows what relabelling made of a label as if it had been discovered"
    for job in ("own_interval", "parameter_by_rule", "unknown_scheme")
} | {("discoveredLabels", "twins"): "two targets have one URL"}
REFUSED_HALF_WAY: Final = (
    "bad_line",
    "sample_limit",
    "label_limit",
    "name_length",
    "bad_name_by_rule",
    "no_name_by_rule",
)
LINE: Final = re.compile(r"^(\{.*\}) (\S+) (\d+)$")
Pair = tuple[Any, Any]
Samples = dict[str, dict[str, list[tuple[int, str]]]]
"""By job and target, then by series: (which scrape, value)."""


@dataclass(frozen=True)
class Seen:
    """What one of the two shows: targets by job and URL, dropped ones, metadata, samples."""

    targets: dict[tuple[str, str], dict[str, Any]]
    dropped: list[dict[str, str]]
    metadata: list[tuple[str, ...]]
    samples: Samples


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Seen, Seen]:
    """What the two show of the same pages. On a busy machine a scrape may come too late for either: then once more."""
    for _ in range(ATTEMPTS):
        real, ours = side_by_side(tmp_path_factory.mktemp("peer"))
        if beats(real) == beats(ours) and healths(real) == healths(ours):
            break
    return real, ours


def side_by_side(folder: Path) -> tuple[Seen, Seen]:
    server = Server()
    (folder / "prometheus.yml").write_text(config(server.server_port))
    try:
        port = free_port()
        real = subprocess.Popen(
            [
                str(PROMETHEUS),
                f"--web.listen-address=127.0.0.1:{port}",
                "--config.file=prometheus.yml",
                "--storage.tsdb.path=data",
                "--log.level=error",
            ],
            cwd=folder,
        )
        try:
            ours = asyncio.run(scraped_by_us(config(server.server_port), 6.0 + SCRAPES))
            told = ask(port)
        finally:
            real.terminate()
            real.wait()
        return Seen(*told, dumped(folder / "data")), ours
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()


def beats(seen: Seen) -> dict[str, list[tuple[int, str]]]:
    """Which scrapes of each target succeeded."""
    return {series: values for found in seen.samples.values() for series, values in found.items() if '"up"' in series}


def healths(seen: Seen) -> dict[tuple[str, str], str]:
    """How the last scrape of each target went, which is one that no beat tells of."""
    return {place: one["health"] for place, one in seen.targets.items()}


def ask(port: int) -> tuple[Any, ...]:
    def get(path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/{path}") as answer:
            return json.load(answer)["data"]

    targets = get("targets")
    metadata = [
        (entry["target"]["job"], entry["metric"], entry["type"], entry["help"], entry["unit"])
        for entry in get("targets/metadata")
    ]
    return (
        {(one["scrapePool"], one["scrapeUrl"]): one for one in targets["activeTargets"]},
        sorted((one["discoveredLabels"] for one in targets["droppedTargets"]), key=str),
        sorted(metadata),
    )


def dumped(data: Path) -> Samples:
    done = subprocess.run([str(PROMTOOL), "tsdb", "dump", str(data)], capture_output=True, text=True, check=True)
    rows = []
    for line in done.stdout.splitlines():
        found = LINE.match(line)
        assert found is not None, line
        rows.append((found[1], int(found[3]), found[2]))
    return by_scrape(rows)


async def scraped_by_us(text: str, seconds: float) -> Seen:
    clock, workers, store = SystemClock(), ThreadWorkers(), Store.open(None)
    supervisor = Supervisor(clock)
    manager = ScrapeManager(
        clock=clock, workers=workers, store=store, supervisor=supervisor, addresses=AddressBook(clock)
    )
    try:
        loaded = parse_prometheus(text)
        assert not loaded.findings
        await manager.apply(loaded.value.scrape_configs)
        await clock.sleep(seconds)
        active = manager.active
        targets = {
            (one.pool, one.target.url): {
                "discoveredLabels": one.target.discovered.as_dict(),
                "labels": one.target.public.as_dict(),
                "health": one.health.health,
                "lastError": one.health.last_error,
                "scrapeInterval": one.target.interval_text,
                "scrapeTimeout": one.target.timeout_text,
            }
            for one in active
        }
        metadata = [
            (one.target.public.get("job"), m.metric, m.type, m.help, m.unit) for one in active for m in one.metadata
        ]
        dropped = [labels.as_dict() for pool in manager.pools.values() for labels in pool.dropped]
        await manager.stop()
        assert not supervisor.crashes
    finally:
        await supervisor.stop_all()
        workers.close()
    every = (Matcher(METRIC_NAME, MatchOp.NOT_EQUAL, ""),)
    rows = [
        ("{" + ", ".join(f"{name}={quote(value)}" for name, value in labels) + "}", int(at), sample(float(value)))
        for one in store.select(Need(every, 0, 2**60, Kind.INSTANT))
        for _, labels, times, values in one.series()
        for at, value in zip(times, values, strict=True)
    ]
    store.close()
    return Seen(targets, sorted(dropped, key=str), sorted(metadata), by_scrape(rows))


def by_scrape(rows: list[tuple[str, int, str]]) -> Samples:
    """Samples by which scrape of their target they came with; `up` gives the beat."""
    ticks: dict[str, list[int]] = {}
    for series, at, _ in sorted(rows):
        if series.startswith('{__name__="up"'):
            ticks.setdefault(target_of(series), []).append(at)
    found: Samples = {}
    for series, at, value in sorted(rows):
        target = target_of(series)
        beat = ticks.get(target, [])
        if "scrape_duration" in series:
            continue
        number = beat.index(at) if at in beat else -1
        if number < (2 if "own_interval" in target else SCRAPES):  # that one is scraped half as often
            found.setdefault(target, {}).setdefault(series, []).append((number, value))
    return found


def target_of(series: str) -> str:
    job, instance = (re.search(rf'\b{name}="([^"]*)"', series) for name in ("job", "instance"))
    if "honored" in series or job is None or instance is None:
        return "honored"
    return f"{job[1]} {instance[1]}"


def test_targets_are_the_same(both: tuple[Seen, Seen]) -> None:
    real, ours = both
    assert real.targets.keys() == ours.targets.keys()
    for place, theirs in real.targets.items():
        for key, value in ours.targets[place].items():
            if key != "lastError" and (key, place[0]) not in KNOWN:
                assert (place, key, value) == (place, key, theirs[key])
    assert real.dropped == ours.dropped


def test_errors_are_the_same(both: tuple[Seen, Seen]) -> None:
    real, ours = both
    theirs = {place: one["lastError"] for place, one in real.targets.items()}
    assert {place: one["lastError"] for place, one in ours.targets.items()} == theirs


def test_metadata_is_the_same(both: tuple[Seen, Seen]) -> None:
    real, ours = both
    assert ours.metadata == real.metadata


def test_every_sample_is_the_same(both: tuple[Seen, Seen]) -> None:
    real, ours = both
    assert real.samples.keys() == ours.samples.keys()
    different = {
        series: (real.samples[target].get(series), ours.samples[target].get(series))
        for target in real.samples
        for series in real.samples[target].keys() | ours.samples[target].keys()
        if real.samples[target].get(series) != ours.samples[target].get(series) and not forgotten(series)
    }
    assert not different


def forgotten(series: str) -> bool:
    """2.42 gets the stale markers of a page that it refuses half-way wrong; later releases do not, nor do we.

    What stood before the fault gets none, and what was new there gets one without ever having had a sample.
    """
    return (
        any(f'job="{job}"' in series for job in REFUSED_HALF_WAY) and "scrape_" not in series and '"up"' not in series
    )
