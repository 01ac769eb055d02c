"""All scenarios on the manual clock, at once."""

from __future__ import annotations

import asyncio
import math

import msgspec
import pytest

from engine.alerting.kept.silences import Silence, SilenceMatcher
from engine.alerting.kept.store import AlertReport
from engine.foundation.clock import SECOND
from promql.model.labels import Labels
from tests.alerting.scenarios import LAST, SCENARIOS, Scenario, Step, config
from tests.alerting.world import World, world


async def take(here: World, scenario: Scenario, step: Step, silences: dict[str, Silence]) -> None:
    labels, now = scenario.labels(step), here.clock.now_ns()
    match step.what:
        case "silence":
            matchers = tuple(SilenceMatcher(name, value, op) for name, op, value in scenario.matchers(step))
            begin = now + round(step.delay * SECOND)
            silences[scenario.name] = await kept(
                here, Silence("", matchers, begin, begin + round(step.lasts * SECOND), now, "me", "x")
            )
        case "change":
            known, end = silences[scenario.name], now + round(step.lasts * SECOND)
            silences[scenario.name] = await kept(here, msgspec.structs.replace(known, ends_at=end))
        case "expire":
            await here.manager.silences.expire(silences[scenario.name].id)
        case "fire":
            here.fire(**labels)
        case "resolve":
            known = [one.starts_at for one, _ in here.manager.statuses() if one.labels == Labels.of(labels)]
            here.manager.receive([AlertReport(labels, {}, min(known, default=now), now)])
        case "note":
            here.manager.receive([AlertReport(labels, {"note": "new"}, None, now + 10**6 * SECOND)])
        case "say":
            here.manager.receive([AlertReport(labels, {}, None, None)])
        case "began":
            here.manager.receive([AlertReport(labels, {}, now - 60 * SECOND, now + 10**6 * SECOND)])
        case what:
            raise AssertionError(what)


async def kept(here: World, silence: Silence) -> Silence:
    found = here.manager.silences.get(await here.manager.silences.set(silence))
    assert found is not None
    return found


async def until(here: World, when: float) -> None:
    """Second by second, as all groups have their turns at the same instants, and are told a few at a time."""
    while (now := here.seconds(here.clock.now_ns())) < when:
        await here.clock.advance(1000 * (min(when, math.floor(now) + 1) - now))
        for _ in range(5):
            await here.clock.settle()


async def played() -> dict[str, list[tuple[float, str, str]]]:
    """What was told in each scenario, by time, receiver and text."""
    script = sorted(
        ((step.at, at, one, step) for one in SCENARIOS for at, step in enumerate(one.steps)), key=lambda e: e[:2]
    )
    silences: dict[str, Silence] = {}
    async with world(config("http://{}.example.com/")) as here:
        for when, _, scenario, step in script:
            await until(here, when)
            await take(here, scenario, step, silences)
        await until(here, LAST)
        told = here.told()
    mine = {name: one for one in SCENARIOS for name in (one.name, *one.receivers)}
    found: dict[str, list[tuple[float, str, str]]] = {one.name: [] for one in SCENARIOS}
    for time, receiver, text in told:
        found[mine[receiver].name].append((round(time, 3), receiver, text))
    return found


@pytest.fixture(scope="module")
def told() -> dict[str, list[tuple[float, str, str]]]:
    return asyncio.run(played())


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_receivers_are_told_what_the_script_says(
    scenario: Scenario, told: dict[str, list[tuple[float, str, str]]]
) -> None:
    assert sorted(told[scenario.name]) == sorted(scenario.told)
