"""All scenarios on the manual clock, at once."""

from __future__ import annotations

import asyncio

import pytest

from engine.alerting.silences import Silence, SilenceMatcher
from engine.alerting.store import AlertReport
from engine.foundation.clock import SECOND
from tests.alerting.scenarios import LAST, SCENARIOS, Scenario, Step, config
from tests.alerting.world import START, World, world


async def take(here: World, scenario: Scenario, step: Step, silences: dict[str, str]) -> None:
    labels = {"alertname": scenario.name, "s": scenario.name, "i": step.name, **(step.more or {})}
    now = here.clock.now_ns()
    match step.what:
        case "silence":
            wanted = {"s": scenario.name, **(step.more or {})}
            matchers = tuple(SilenceMatcher(name, value, "=") for name, value in wanted.items())
            silences[scenario.name] = await here.manager.silences.set(
                Silence("", matchers, now, now + 3600 * SECOND, now, "me", "x")
            )
        case "expire":
            await here.manager.silences.expire(silences[scenario.name])
        case "fire":
            here.fire(**labels)
        case "resolve":
            here.resolve(**labels)
        case "note":
            here.manager.receive([AlertReport(labels, {"note": "new"}, None, now + 10**6 * SECOND)])
        case "say":
            here.manager.receive([AlertReport(labels, {}, None, None)])
        case "began":
            here.manager.receive([AlertReport(labels, {}, now - 60 * SECOND, now + 10**6 * SECOND)])
        case what:
            raise AssertionError(what)


async def played() -> dict[str, list[tuple[float, str, str]]]:
    """What was told in each scenario, by time, receiver and text."""
    script = sorted(
        ((step.at, at, one, step) for one in SCENARIOS for at, step in enumerate(one.steps)), key=lambda e: e[:2]
    )
    silences: dict[str, str] = {}
    async with world(config("http://{}.example.com/")) as here:
        for when, _, scenario, step in script:
            await here.clock.advance(when * 1000 - (here.clock.now_ns() - START) / 1e6)
            await take(here, scenario, step, silences)
        await here.clock.advance(LAST * 1000 - (here.clock.now_ns() - START) / 1e6)
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
