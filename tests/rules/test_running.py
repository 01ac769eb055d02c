"""Alerting rules at work: what they fill in, and how often."""

from __future__ import annotations

import pytest

from engine.rules.ports import Parts
from engine.rules.running import FAILED, RunningAlerting, generator_url
from engine.testing.manual_clock import ManualClock
from promql.model.labels import Labels
from promql.model.results import Result
from tests.rules.fakes import FakeEvaluator, FakeStore, Told, alerting, vector


class Counting:
    """Fills in templates with the number of the call; `text` is what it gives instead."""

    def __init__(self, text: str = "") -> None:
        self.calls = 0
        self.text = text

    async def __call__(self, name: str, text: str, labels: Labels, value: float, time: int) -> str:
        self.calls += 1
        return self.text or str(self.calls)


def running(expand: Counting, text: str, values: list[float], annotation: str = "{{ x }}") -> RunningAlerting:
    def answer(time: int) -> Result:
        return vector(({"job": "a"}, values[time]))(time)

    evaluate = FakeEvaluator({"x": answer})
    parts = Parts(clock=ManualClock(), store=FakeStore(), evaluate=evaluate, expand=expand, notify=Told())
    rule = alerting("Down", "x", labels={"l": text}, annotations={"a": annotation})
    return RunningAlerting(rule, parts, 0, restored=True)


async def test_the_same_sample_is_filled_in_once() -> None:
    expand = Counting()
    rule = running(expand, "{{ y }}", [1.0, 1.0, 2.0, 1.0])
    for time in (0, 1):
        await rule.evaluate(time)
    assert expand.calls == 2
    await rule.evaluate(2)
    assert expand.calls == 4
    await rule.evaluate(3)
    assert expand.calls == 6


@pytest.mark.parametrize(
    "text",
    [
        '{{ query "x" }}',
        "{{ $externalLabels.a }}",
        "{{ .ExternalLabels.a }}",
        "{{ now }}",
        "{{ . }}",
        "{{ printf `%v` $ }}",
        "{{ with $x := . }}{{ $x }}{{ end }}",
    ],
)
async def test_templates_that_may_change_are_filled_in_every_time(text: str) -> None:
    expand = Counting()
    rule = running(expand, "plain", [1.0, 1.0], annotation=text)
    for time in (0, 1):
        await rule.evaluate(time)
    assert expand.calls == 2


@pytest.mark.parametrize("text", ["{{ $labels.known_now }} at {{ $value }}. Unknown.", "{{ .Value | humanize }}!"])
async def test_templates_of_the_sample_alone_are_filled_in_once(text: str) -> None:
    expand = Counting()
    rule = running(expand, "Now, plain. $", [1.0, 1.0], annotation=text)
    for time in (0, 1):
        await rule.evaluate(time)
    assert expand.calls == 1


async def test_templates_that_fail_fail_every_time() -> None:
    expand = Counting(FAILED + "why>")
    rule = running(expand, "plain", [1.0, 1.0])
    for time in (0, 1):
        await rule.evaluate(time)
    assert expand.calls == 2


async def test_plain_texts_are_not_filled_in_at_all() -> None:
    expand = Counting()
    rule = running(expand, "plain", [1.0], annotation="100%")
    await rule.evaluate(0)
    assert expand.calls == 0
    [alert] = rule.alerts.active
    assert (alert.labels.get("l"), alert.annotations) == ("plain", (("a", "100%"),))


async def test_a_large_result_lets_others_run_in_between() -> None:
    class Yielding(ManualClock):
        yields = 0

        async def sleep(self, seconds: float) -> None:
            self.yields += 1
            await super().sleep(seconds)

    clock = Yielding()
    evaluate = FakeEvaluator({"x": vector(*(({"n": str(number)}, 1.0) for number in range(1000)))})
    parts = Parts(clock=clock, store=FakeStore(), evaluate=evaluate, expand=Counting(), notify=Told())
    rule = RunningAlerting(alerting("Down", "x"), parts, 0, restored=True)
    await rule.evaluate(0)
    assert clock.yields == 10
    assert len(rule.alerts.active) == 1000


def test_the_page_of_an_expression_is_escaped_as_go_does() -> None:
    assert generator_url("http://a/b", 'up{job="x"} > 0 * 2') == (
        "http://a/b/graph?g0.expr=up%7Bjob%3D%22x%22%7D+%3E+0+%2A+2&g0.tab=1"
    )
