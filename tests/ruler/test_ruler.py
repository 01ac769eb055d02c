"""The ruler: alerts over lines, what rules write, tenants, and what a restart and a reload leave alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from engine.foundation.errors import ConfigError
from engine.foundation.values import Url
from engine.logs.config.limits import Limits
from engine.logs.config.settings import NOBODY
from engine.relabel.config import RelabelAction, RelabelConfig
from engine.remote.config import RemoteWriteConfig
from engine.ruler.config import Names, RemoteWrites, RulerConfig
from engine.ruler.ruler import Ruler
from engine.ruler.rules import LogRules
from engine.testing.manual_clock import ManualClock
from promql.model.durations import Duration
from tests.ruler.bench import MINUTE, START, bench, phases, rules_of

ERRORS = 'sum by (job) (count_over_time({job="app"} |= "error" [5m]))'
OWN = RemoteWrites(enabled=True, clients={"main": RemoteWriteConfig(url=Url("http://prometheus:9090/api/v1/write"))})


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


async def test_an_alert_over_lines_waits_fires_and_ends(clock: ManualClock) -> None:
    async with bench(clock) as at:
        ruler = at.ruler(rules := rules_of(
            RulerConfig(external_labels={"cluster": "here"}),
            fake=f"{{alert: Errors, expr: '{ERRORS} > 1', for: 2m, labels: {{severity: page}}, "
            "annotations: {summary: '{{ $labels.job }} has {{ $value }} in {{ $externalLabels.cluster }}'}}",
        ))  # fmt: skip
        await ruler.apply(rules)
        at.push("error a", "error b", "fine", job="app")
        await clock.advance(MINUTE)
        assert (phases(ruler), at.told) == (["pending"], [])
        await clock.advance(2 * MINUTE)
        assert phases(ruler) == ["firing"]
        assert at.told[0].labels.as_dict() == {"alertname": "Errors", "job": "app", "severity": "page"}
        assert dict(at.told[0].annotations) == {"summary": "app has 2 in here"}
        assert at.told[0].generator_url.startswith("http://here:3100/graph?g0.expr=sum+by+%28job%29")
        await clock.advance(5 * MINUTE)
        assert (phases(ruler), at.told[-1].ends_at // 10**6 <= clock.now_ms()) == ([], True)
        await ruler.stop()


async def test_a_template_asks_in_logql(clock: ManualClock) -> None:
    async with bench(clock) as at:
        text = '{{ with query `sum(count_over_time({job="app"}[5m]))` }}{{ . | first | value }}{{ end }}'
        rules = rules_of(RulerConfig(), fake=f"{{alert: Errors, expr: '{ERRORS} > 1', annotations: {{of: '{text}'}}}}")
        ruler = at.ruler(rules)
        await ruler.apply(rules)
        at.push("error a", "error b", "fine", job="app")
        await clock.advance(MINUTE)
        assert dict(at.told[0].annotations) == {"of": "3"}
        await ruler.stop()


async def test_what_rules_write_goes_to_this_process_where_its_url_is_a_clients(clock: ManualClock) -> None:
    relabelled = msgspec.structs.replace(
        OWN.clients["main"],
        write_relabel_configs=(
            RelabelConfig(
                source_labels=("__name__",), regex=RelabelConfig().regex, target_label="from", replacement="logs"
            ),
            RelabelConfig(action=RelabelAction("labeldrop"), regex=type(RelabelConfig().regex)("secret")),
        ),
    )
    async with bench(clock) as at:
        config = RulerConfig(remote_write=RemoteWrites(enabled=True, clients={"main": relabelled}))
        ruler = at.ruler(
            rules := rules_of(config, fake=f"{{record: app:errors, expr: '{ERRORS}', labels: {{secret: x}}}}")
        )
        await ruler.apply(rules)
        at.push("error a", job="app")
        await clock.advance(6 * MINUTE)
        (values,) = at.samples("app:errors").values()
        assert list(at.samples("app:errors")) == ['{from="logs", job="app"}']
        assert values[:5] == [1.0] * 5
        assert math.isnan(values[-1]), "the series ends when there is nothing to count"
        await ruler.stop()


@pytest.mark.parametrize("config", [RulerConfig(), RulerConfig(remote_write=RemoteWrites(clients=OWN.clients))])
async def test_what_rules_write_is_kept_nowhere_else(clock: ManualClock, config: RulerConfig) -> None:
    async with bench(clock) as at:
        ruler = at.ruler(rules := rules_of(config, fake=f"{{record: app:errors, expr: '{ERRORS}'}}"))
        await ruler.apply(rules)
        at.push("error a", job="app")
        await clock.advance(2 * MINUTE)
        (view,) = ruler.tenants[NOBODY].manager.groups()
        assert (view.rules[0].health, at.samples("app:errors")) == ("ok", {})
        await ruler.stop()


async def test_a_tenants_limits_turn_its_writing_off_and_let_lines_come_late(clock: ManualClock) -> None:
    limits = Limits(ruler_remote_write_disabled=True, ruler_evaluation_delay_duration=Duration(MINUTE))
    async with bench(clock, limits) as at:
        rules = rules_of(RulerConfig(remote_write=OWN), fake=f"{{alert: Errors, expr: '{ERRORS} > 0'}}")
        ruler = at.ruler(rules)
        await ruler.apply(rules)
        await clock.advance(MINUTE - 1)
        at.push("error a", job="app")
        await clock.advance(MINUTE)
        assert phases(ruler) == [], "it is looked at as of a minute ago"
        await clock.advance(MINUTE)
        assert (phases(ruler), at.samples("ALERTS")) == (["firing"], {})
        await ruler.stop()


async def test_tenants_are_apart_and_some_are_not_evaluated(clock: ManualClock) -> None:
    rule = "{alert: Any, expr: 'sum(count_over_time({job=\"app\"}[5m])) > 0'}"
    async with bench(clock) as at:
        config = RulerConfig(enabled_tenants=Names("a, b"), disabled_tenants=Names("b"))
        ruler = at.ruler(rules := rules_of(config, a=rule, b=rule, c=rule))
        await ruler.apply(rules)
        at.push("x", tenant="a", job="app")
        at.push("x", tenant="b", job="app")
        await clock.advance(MINUTE)
        assert list(ruler.tenants) == ["a"]
        assert len(at.told) == 1
        await ruler.stop()


async def test_a_query_that_fails_is_the_rules_health_and_ends_nothing(clock: ManualClock) -> None:
    rules = rules_of(
        RulerConfig(),
        fake="{record: broken, expr: 'sum by (__error__) (count_over_time({job=\"app\"} | json [5m]))'}\n"
        "{alert: Any, expr: 'sum(count_over_time({job=\"app\"}[5m])) > 0'}",
    )
    async with bench(clock) as at:
        ruler = at.ruler(rules)
        await ruler.apply(rules)
        at.push("no json", job="app")
        await clock.advance(MINUTE)
        (view,) = ruler.tenants[NOBODY].manager.groups()
        assert [rule.health for rule in view.rules] == ["err", "ok"]
        assert "JSONParserErr" in view.rules[0].last_error
        assert phases(ruler) == ["firing"]
        await ruler.stop()


async def test_after_a_restart_lines_tell_since_when_an_alert_is_active(clock: ManualClock) -> None:
    rule = "{alert: Any, expr: 'sum by (job) (count_over_time({job=\"app\"}[40m])) > 0', for: 20m, labels: {severity: page}}"
    async with bench(clock) as at:
        rules = rules_of(RulerConfig(), fake=rule)
        at.push("x", job="app")
        await clock.advance(25 * MINUTE)
        ruler = at.ruler(rules)
        await ruler.apply(rules)
        await clock.advance(2 * MINUTE)
        assert phases(ruler) == ["pending"]
        await clock.advance(MINUTE)
        assert phases(ruler) == ["firing"], "it was active 20 minutes before already"
        await ruler.stop()


async def test_without_a_past_an_alert_waits_for_all_of_its_time(clock: ManualClock) -> None:
    rule = "{alert: Any, expr: 'sum by (job) (count_over_time({job=\"app\"}[40m])) > 0', for: 20m}"
    async with bench(clock) as at:
        ruler = at.ruler(rules := rules_of(RulerConfig(), fake=rule))
        await ruler.apply(rules)
        at.push("x", job="app")
        await clock.advance(19 * MINUTE)
        assert phases(ruler) == ["pending"]
        await clock.advance(2 * MINUTE)
        assert phases(ruler) == ["firing"]
        await ruler.stop()


async def test_files_are_looked_at_again_and_a_mistake_leaves_everything_as_it_was(clock: ManualClock) -> None:
    first = rules_of(RulerConfig(), fake=f"{{alert: Errors, expr: '{ERRORS} > 1'}}")
    second = rules_of(RulerConfig(), fake=f"{{alert: Others, expr: '{ERRORS} > 1'}}")
    answers: list[LogRules | ConfigError | None] = [None, ConfigError("r.yml:1:1: no"), second]
    asked: list[LogRules] = []

    async def read(rules: LogRules) -> LogRules | None:
        asked.append(rules)
        answer = answers.pop(0)
        if isinstance(answer, ConfigError):
            raise answer
        return answer

    async with bench(clock) as at:
        ruler = at.ruler(first)
        await ruler.apply(first)
        ruler.start(at.supervisor, read)
        await clock.advance(2 * MINUTE)
        assert (_names(ruler), ruler.good, len(asked)) == (["Errors"], False, 2)
        await clock.advance(MINUTE)
        assert (_names(ruler), ruler.good, ruler.syncs["periodic"]) == (["Others"], True, 3)
        await ruler.stop()


async def test_what_was_read_for_an_older_configuration_does_not_replace_a_newer_one(clock: ManualClock) -> None:
    first, late, newer = (rules_of(RulerConfig(), fake=f"{{alert: {name}, expr: '1'}}") for name in ("A", "B", "C"))
    async with bench(clock) as at:
        ruler = at.ruler(first)
        await ruler.apply(first)

        async def read(_: LogRules) -> LogRules:
            if ruler.rules is first:
                await ruler.apply(newer)
            return late if ruler.syncs["periodic"] == 1 else newer

        ruler.start(at.supervisor, read)
        await clock.advance(MINUTE)
        assert _names(ruler) == ["C"]
        await ruler.stop()


async def test_rules_that_go_end_their_alerts_and_the_tenant_stays_ready_for_others(clock: ManualClock) -> None:
    async with bench(clock) as at:
        rules = rules_of(RulerConfig(), fake=f"{{alert: Errors, expr: '{ERRORS} > 0'}}")
        ruler = at.ruler(rules)
        await ruler.apply(rules)
        at.push("error", job="app")
        await clock.advance(MINUTE)
        assert phases(ruler) == ["firing"]
        await ruler.apply(LogRules(RulerConfig(), Path("/rules")))
        assert (phases(ruler), _names(ruler)) == ([], [])
        await ruler.apply(rules)
        await clock.advance(MINUTE)
        assert phases(ruler) == ["firing"]
        await ruler.stop()


def _names(ruler: Ruler) -> Sequence[str]:
    return [rule.name for view in ruler.tenants[NOBODY].manager.groups() for rule in view.rules]
