"""The whole path: rule files, the query engine, the store, templates and a notifier, an hour in a moment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from engine.alerting.alert import Alert
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import InlineWorkers
from engine.query.engine import QueryEngine
from engine.rules.alertmanagers import InProcess
from engine.rules.config import Rule, RuleFile, RuleGroup
from engine.rules.load import group_specs
from engine.rules.manager import RuleManager
from engine.rules.notifier import Notifier
from engine.rules.ports import Parts
from engine.rules.templates import Expander
from engine.rules.views import AlertingView
from engine.testing.manual_clock import ManualClock
from engine.tsdb.batch import Batch
from engine.tsdb.store import Store
from promql.model.durations import Duration
from promql.model.labels import Labels

MINUTE = 60_000

FILE = RuleFile(
    groups=(
        RuleGroup(
            name="g",
            rules=(
                Rule(record="job:up:sum", expr="sum by (job) (up)"),
                Rule(
                    alert="Down",
                    expr="job:up:sum < 2",
                    for_=Duration(2 * MINUTE),
                    labels={"severity": "page"},
                    annotations={
                        "summary": "{{ $labels.job }} has {{ $value }} of "
                        '{{ with query "count(up)" }}{{ . | first | value }}{{ end }}'
                    },
                ),
                Rule(record="broken", expr="up + on() up"),
            ),
        ),
    )
)


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store.open(None)
    yield store
    store.close()


async def scrape(store: Store, clock: ManualClock, minutes: int, *values: float) -> None:
    """Let time pass, with a sample of each target a minute."""
    source = store.source("targets")
    columns = source.columns([Labels.of(__name__="up", job="api", instance=str(n)) for n in range(len(values))])
    for _ in range(minutes):
        store.append(source, [Batch(clock.now_ms(), columns, np.array(values))])
        await clock.advance(MINUTE)


async def test_an_outage_is_noticed_told_and_over(store: Store, manual_clock: ManualClock) -> None:
    supervisor = Supervisor(manual_clock)
    queries = QueryEngine(store, InlineWorkers(), manual_clock)
    notifier = Notifier(manual_clock)
    told: list[Alert] = []
    notifier.discovered([InProcess("http://localhost:9093/api/v2/alerts", told.extend)])
    notifier.start(supervisor)
    expand = Expander(queries.instant, "http://here:9090")
    parts = Parts(
        clock=manual_clock, store=store, evaluate=queries.instant, expand=expand, notify=notifier.send, external_url=""
    )
    manager = RuleManager(parts, supervisor)
    await manager.apply([])
    await manager.apply(group_specs({"f.yml": FILE}, MINUTE))

    await scrape(store, manual_clock, 3, 1.0, 1.0)
    recorded, down, broken = manager.groups()[0].rules
    assert (recorded.health, down.health, broken.health) == ("ok", "ok", "err")
    assert broken.last_error.startswith("found duplicate series for the match group {} on the right hand-side")
    assert manager.alerts() == []

    await scrape(store, manual_clock, 2, 1.0, 0.0)
    assert [alert.state for alert in manager.alerts()] == ["pending"]
    assert told == []
    await scrape(store, manual_clock, 1, 1.0, 0.0)
    down = manager.groups()[0].rules[1]
    assert isinstance(down, AlertingView)
    assert (down.state, [alert.value for alert in down.alerts]) == ("firing", [1.0])
    [firing] = told
    assert firing.labels.as_dict() == {"alertname": "Down", "job": "api", "severity": "page"}
    assert dict(firing.annotations) == {"summary": "api has 1 of 2"}

    await scrape(store, manual_clock, 1, 1.0, 1.0)
    assert manager.alerts() == []
    assert told[-1].ends_at == told[-1].updated_at
    await manager.stop()
    await supervisor.stop_all()
    assert supervisor.crashes == {}
