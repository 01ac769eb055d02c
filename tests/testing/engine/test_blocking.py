"""The same without an event loop."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.testing.blocking import BlockingEngine
from engine.testing.errors import TestEngineError
from tests.testing.engine.files import Hits, project


def test_a_test_without_a_loop_has_the_same_calls(tmp_path: Path) -> None:
    app = Hits()
    with BlockingEngine(**project(tmp_path)) as engine:
        engine.add_target(app, job="api")
        engine.scrape_now()
        assert engine.query("hits_total").value == 30
        app.broken = True
        assert engine.wait_until('ALERTS{alertstate="firing"}').value == 1
        engine.assert_firing("ServiceDown", job="api")
        engine.advance(15)
        assert [one.receiver for one in engine.notifications] == ["team"]
        assert engine.series("up")[0].values[-1] == 0
        assert {alert.name for alert in engine.alerts} == {"ServiceDown"}


def test_the_report_tells_targets_alerts_and_values_over_time(tmp_path: Path) -> None:
    app = Hits()
    with BlockingEngine(**project(tmp_path)) as engine:
        engine.add_target(app, job="api")
        engine.advance("5m")
        app.broken = True
        engine.advance("5m")
        engine.query("up")
        engine.query("nothing_of_this_name")
        told = engine.report().splitlines()
    assert told[0] == "10m have gone by"
    assert told[1] == "target http://api:80/metrics (api): down: the application failed: RuntimeError('switched off')"
    assert "ServiceDown" in told[2]
    assert told[3] == "up"
    assert set(told[4].split()[0]) == {"▁", "█"}
    assert told[4].endswith('0 to 1  up{instance="api:80", job="api"}')
    assert told[6] == "  nothing at any time"


async def test_inside_of_a_loop_it_says_what_to_write_instead() -> None:
    with pytest.raises(TestEngineError, match=r"use `async with engine\.testing\.engine\.Engine"), BlockingEngine():
        pass


def test_an_engine_that_has_ended_says_so() -> None:
    with BlockingEngine() as engine:
        pass
    with pytest.raises(TestEngineError, match="the engine has ended with its `with` block"):
        engine.query("up")


def test_a_hundred_engines_leave_no_file_open(tmp_path: Path) -> None:
    options: Any = project(tmp_path)

    def one() -> None:
        with BlockingEngine(**options) as engine:
            engine.add_target(Hits(), job="api")
            engine.advance("30s")

    one()
    gc.collect()
    files = psutil.Process().num_fds()
    for _ in range(100):
        one()
    assert psutil.Process().num_fds() <= files
