"""Loki's component as its file configures it: what the file allows is what requests get."""

from __future__ import annotations

import pytest

from engine.app.components.logpart import LogPart
from engine.foundation.values import GoDuration
from engine.foundation.workers import InlineWorkers
from engine.logql.lines import StreamLines
from engine.logs.config.document import LokiConfig, QuerierConfig
from engine.logs.config.limits import Limits
from engine.logs.config.settings import NOBODY, LogSettings
from engine.logs.errors import PushRefusedError
from engine.query.logs.engine import Asked
from engine.query.logs.limits import AskedTooMuchError
from engine.query.logs.tail import Tails, TailWanted
from engine.testing.manual_clock import ManualClock
from promql.model.labels import Labels

SECOND = 10**9


def part(clock: ManualClock, limits: Limits | None = None, querier: QuerierConfig | None = None) -> LogPart:
    config = LokiConfig(auth_enabled=False, limits_config=limits or Limits(), querier=querier or QuerierConfig())
    return LogPart(None, LogSettings(config), clock, InlineWorkers())


async def test_queries_need_the_required_labels_and_pushes_the_enforced_ones(manual_clock: ManualClock) -> None:
    loki, now = part(manual_clock, Limits(required_labels=("team",), enforced_labels=("env",))), manual_clock.now_ns()
    with pytest.raises(PushRefusedError, match="is missing required labels env"):
        loki.service.intake.push(NOBODY, [StreamLines(Labels.of(team="a"), [now], [b"x"])])
    loki.service.intake.push(NOBODY, [StreamLines(Labels.of(env="dev"), [now], [b"x"])])
    asked = Asked(now - SECOND, now + SECOND, SECOND)
    with pytest.raises(AskedTooMuchError, match=r"missing required matchers \[team\]"):
        await loki.queries.range(NOBODY, '{env="dev"}', asked)
    assert len((await loki.queries.range(NOBODY, '{env="dev", team=""}', asked)).result) == 1  # type: ignore[arg-type]


async def test_a_tail_lasts_as_long_as_the_file_says(manual_clock: ManualClock) -> None:
    loki = part(manual_clock, querier=QuerierConfig(tail_max_duration=GoDuration(0)))
    frames = Tails(loki.queries, loki.service.arrivals).follow(
        NOBODY, TailWanted('{job="a"}', manual_clock.now_ns(), 10)
    )
    assert len([frame async for frame in frames]) == 1  # the first look, and no second


async def test_streams_are_forgotten_when_they_were_idle_as_the_file_says(manual_clock: ManualClock) -> None:
    loki = part(manual_clock, Limits(max_global_streams_per_user=1))
    loki.service.intake.push(NOBODY, [StreamLines(Labels.of(job="a"), [manual_clock.now_ns()], [b"x"])])
    other = StreamLines(Labels.of(job="b"), [manual_clock.now_ns()], [b"x"])
    await manual_clock.advance(1_799_000)
    loki.service.maintain()
    with pytest.raises(PushRefusedError, match="Maximum active stream limit exceeded"):
        loki.service.intake.push(NOBODY, [other])
    await manual_clock.advance(2000)
    loki.service.maintain()
    loki.service.intake.push(NOBODY, [other])
