"""What was answered is there at the next start, whatever was torn, full or compacted meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ParamSpec, TypeVar

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alerting.alert import Alert
from engine.alerting.kept.alert_log import WASTE_BYTES, AlertLog
from engine.alerting.kept.journal import RETENTION
from engine.alerting.kept.linelog import LogWriteError
from engine.alerting.kept.store import AlertReport, AlertStore
from engine.foundation.clock import SECOND
from engine.foundation.errors import StoreError
from engine.foundation.workers import InlineWorkers
from engine.testing.manual_clock import ManualClock
from promql.model.labels import Labels
from tests.alerting.world import START, START_MS, alert, webhook, world
from tests.foundation.full import no_room

P = ParamSpec("P")
R = TypeVar("R")
MINUTE = 60 * SECOND
CONFIG = f"""
route: {{receiver: team, group_by: [alertname], group_wait: 30s, group_interval: 5m, repeat_interval: 1h}}
receivers: [{webhook("team")}]
"""


def opened(folder: Path, now: int = START) -> AlertStore:
    log = AlertLog(folder / "alerts", InlineWorkers())
    return AlertStore(log, log.read(now, 5 * MINUTE))


def put(store: AlertStore, *alerts: Alert) -> None:
    store.keep(store.put(alerts, START))


def reopened(folder: Path) -> set[Alert]:
    store = opened(folder)
    try:
        return set(store)
    finally:
        store.close()


REPORTS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(-50, 50), st.integers(1, 10**6), st.sampled_from(["", "x", "y"])),
    min_size=1,
    max_size=5,
)


@given(posts=st.lists(REPORTS, max_size=8), cut=st.integers(0, 60))
def test_every_whole_post_is_found_again_and_a_torn_one_spoils_none(
    posts: Sequence[Sequence[tuple[str, int, int, str]]], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("log")
    store, stood = opened(folder), [set[Alert]()]
    sizes = [(folder / "alerts").stat().st_size]
    for post in posts:
        put(
            store,
            *(replace(alert(starts, ends, n=name), annotations=(("says", says),)) for name, starts, ends, says in post),
        )
        stood.append(set(store))
        sizes.append((folder / "alerts").stat().st_size)
    store.close()
    end = max(sizes[-1] - cut, sizes[0])
    with (folder / "alerts").open("r+b") as file:
        file.truncate(end)
    found = reopened(folder)
    whole = max(at for at, size in enumerate(sizes) if size <= end)
    assert {one.labels for one in stood[whole]} <= {one.labels for one in found}
    if end == sizes[whole]:
        assert found == stood[whole]
    assert reopened(folder) == found


def grown(store: AlertStore, folder: Path) -> list[Alert]:
    """The alerts that were told so often that the file is worth rewriting."""
    alerts = [alert(n=str(number), job="j") for number in range(500)]
    while (folder / "alerts").stat().st_size <= WASTE_BYTES:
        put(store, *alerts)
    return alerts


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_a_file_of_repeats_is_rewritten_and_holds_the_same(tmp_path: Path) -> None:
    store = opened(tmp_path)
    alerts, file = grown(store, tmp_path), tmp_path / "alerts"
    await store.compact()
    assert file.stat().st_size < WASTE_BYTES / 8
    put(store, alert(n="late"), alerts[0])
    size = file.stat().st_size
    await store.compact()
    assert file.stat().st_size == size
    stood = set(store)
    store.close()
    assert reopened(tmp_path) == stood


class Meanwhile(InlineWorkers):
    """Does something else before the work that it was given is known to be done."""

    def __init__(self) -> None:
        self.then: Callable[[], object] = list

    async def run(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        done = function(*args, **kwargs)
        self.then()
        return done


async def test_what_comes_while_the_file_is_rewritten_is_kept(tmp_path: Path) -> None:
    workers = Meanwhile()
    log = AlertLog(tmp_path / "alerts", workers)
    store = AlertStore(log, log.read(START, MINUTE))
    put(store, alert(n="before"))
    workers.then = lambda: put(store, alert(n="meanwhile"))
    await log.compact(list(store))
    put(store, alert(n="after"))
    store.close()
    assert {one.labels.get("n") for one in reopened(tmp_path)} == {"before", "meanwhile", "after"}


def test_on_a_full_disk_the_error_is_told_and_what_was_missed_comes_with_the_next_report(tmp_path: Path) -> None:
    store = opened(tmp_path)
    put(store, alert(n="a"))
    with no_room(), pytest.raises(LogWriteError, match=r"a restart may forget them: .*no room"):
        put(store, alert(n="b"))
    assert len(store) == 2
    put(store, alert(n="b"))
    stood = set(store)
    store.close()
    assert reopened(tmp_path) == stood


async def test_a_file_that_cannot_be_rewritten_on_a_full_disk_goes_on_and_leaves_nothing_open(tmp_path: Path) -> None:
    store = opened(tmp_path)
    grown(store, tmp_path)
    files = psutil.Process().num_fds()
    with no_room(), pytest.raises(LogWriteError, match="no room"):
        await store.compact()
    assert psutil.Process().num_fds() <= files
    assert names(tmp_path) == ["alerts"]
    put(store, alert(n="later"))
    stood = set(store)
    store.close()
    assert reopened(tmp_path) == stood


async def test_a_file_of_repeats_that_was_there_at_the_start_is_rewritten_too(tmp_path: Path) -> None:
    """Else each start would let it grow to several times of what it was."""
    store = opened(tmp_path)
    grown(store, tmp_path)
    store.close()
    store = opened(tmp_path)
    await store.compact()
    store.close()
    assert (tmp_path / "alerts").stat().st_size < WASTE_BYTES / 8


async def test_alerts_are_told_on_a_full_disk_and_the_client_hears_that_they_may_be_forgotten(tmp_path: Path) -> None:
    async with world(CONFIG, tmp_path) as here:
        with no_room():
            report = AlertReport({"alertname": "Disk", "i": "a"}, {}, None, None)
            with pytest.raises(LogWriteError):
                here.manager.receive([report])
            here.manager.put_alerts([alert(alertname="Disk", i="b")])  # the rules of this process go on
        await here.wait(31)
        assert [text for _, _, text in here.told()] == ["firing a b"]


async def test_damage_costs_what_it_hit_and_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = opened(tmp_path)
    put(store, alert(n="a"))
    before = (tmp_path / "alerts").stat().st_size
    put(store, alert(n="b"))
    put(store, alert(n="c"))
    store.close()
    data = bytearray((tmp_path / "alerts").read_bytes())
    data[before + 20] ^= 0xFF
    (tmp_path / "alerts").write_bytes(data)
    with caplog.at_level(logging.WARNING):
        store = opened(tmp_path)
        assert {one.labels.get("n") for one in store} == {"a", "c"}
        assert "are damaged" in caplog.text
        caplog.clear()
        await store.compact()
        store.close()
        assert {one.labels.get("n") for one in reopened(tmp_path)} == {"a", "c"}
        assert caplog.text == ""


async def test_a_file_without_its_header_is_told_once_and_begins_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "alerts").write_bytes(bytes(100))
    with caplog.at_level(logging.WARNING):
        store = opened(tmp_path)
        put(store, alert(n="a"))
        await store.compact()
        store.close()
        caplog.clear()
        assert len(reopened(tmp_path)) == 1
        assert caplog.text == ""


def test_what_is_no_file_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "alerts").mkdir()
    with pytest.raises(StoreError, match=r"alerts: can't be read and written: Is a directory"):
        opened(tmp_path)


@pytest.mark.parametrize(
    ("ends", "updated", "found"),
    [(1_000_000, 0, 1_000_000), (240, 0, 600 + 240), (800, 100, 600 + 300), (50, 50, 50), (50, 100, 50)],
    ids=["far ahead", "of four minutes", "of more than the resolve timeout", "resolved", "resolved long since"],
)
def test_one_that_fired_may_go_on_for_as_long_as_it_was_given(
    tmp_path: Path, ends: float, updated: float, found: float
) -> None:
    store = opened(tmp_path)
    put(store, alert(0, ends, updated))
    store.close()
    store = opened(tmp_path, START + 600 * SECOND)
    assert [(one.ends_at - START) / SECOND for one in store] == [found]
    store.close()


def test_one_that_ended_longer_ago_than_the_journal_remembers_does_not_come_back(tmp_path: Path) -> None:
    store = opened(tmp_path)
    put(store, alert(0, 50, 50, n="old"), alert(0, 52, 52, n="newer"), alert(0, 1e6, 50, n="fires"))
    store.close()
    store = opened(tmp_path, START + RETENTION + 51 * SECOND)
    assert {one.labels.get("n") for one in store} == {"newer", "fires"}
    store.close()


async def test_after_a_restart_alerts_are_known_and_grouped_as_before(tmp_path: Path) -> None:
    async with world(CONFIG, tmp_path) as here:
        here.fire(alertname="Up", i="a")
        await here.wait(31)
        before = here.manager.alerts()
    async with world(CONFIG, tmp_path, ManualClock(START_MS + 40_000)) as here:
        assert here.manager.alerts() == before
        assert [group.labels for group in here.manager.groups()] == [Labels.of(alertname="Up")]
