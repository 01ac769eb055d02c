"""Hours of alerting in milliseconds: when who is told what."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.alerting.kept.silences import Silence, SilenceMatcher
from engine.foundation.clock import SECOND
from engine.foundation.errors import ConfigError
from engine.testing.manual_clock import ManualClock
from tests.alerting.world import HOUR, START_MS, World, alert, parsed, webhook, world


def one_route(more: str = "", **settings: object) -> str:
    times = {"group_wait": "30s", "group_interval": "5m", "repeat_interval": "4h"} | settings
    options = ", ".join(f"{key}: {value}" for key, value in times.items())
    return f"route: {{receiver: team, group_by: [alertname], {options}}}\nreceivers: [{webhook('team')}]\n{more}"


async def test_alerts_that_begin_together_are_told_together_after_the_group_wait() -> None:
    async with world(one_route()) as w:
        w.fire(alertname="A", i="1")
        await w.wait(10)
        w.fire(alertname="A", i="2")
        await w.wait(100)
        assert w.told() == [(30, "team", "firing 1 2")]


async def test_an_alert_that_began_long_ago_is_told_at_once() -> None:
    async with world(one_route()) as w:
        w.fire(started=-31, alertname="A", i="1")
        await w.wait(0)
        assert w.told() == [(0, "team", "firing 1")]


async def test_an_old_alert_hastens_the_group_that_it_joins() -> None:
    async with world(one_route()) as w:
        w.fire(alertname="A", i="1")
        await w.wait(10)
        w.fire(started=-60, alertname="A", i="2")
        await w.wait(1)
        assert w.told() == [(10, "team", "firing 1 2")]


async def test_a_later_alert_waits_for_the_groups_next_turn() -> None:
    async with world(one_route()) as w:
        w.fire(alertname="A", i="1")
        await w.wait(40)
        w.fire(started=-1000, alertname="A", i="2")
        await w.wait(400)
        assert w.told() == [(30, "team", "firing 1"), (330, "team", "firing 1 2")]


async def test_turns_are_counted_from_the_first_flush_whether_or_not_anything_happens() -> None:
    async with world(one_route()) as w:
        w.fire(alertname="A", i="1")
        await w.wait(900)
        w.fire(alertname="A", i="2")
        await w.wait(100)
        assert [at for at, _, _ in w.told()] == [30, 930]


async def test_a_repeat_interval_that_is_a_multiple_of_the_group_interval_slips_by_one_turn() -> None:
    async with world(one_route(group_wait="0s", group_interval="2s", repeat_interval="4s")) as w:
        w.fire(alertname="A", i="1")
        await w.wait(13)
        assert [at for at, _, _ in w.told()] == [0, 6, 12]


async def test_a_resolved_alert_is_told_once_and_its_group_goes() -> None:
    async with world(one_route()) as w:
        w.fire(alertname="A", i="1")
        await w.wait(60)
        w.resolve(alertname="A", i="1")
        await w.wait(2 * HOUR)
        assert w.told() == [(30, "team", "firing 1"), (330, "team", "resolved 1")]
        assert w.manager.groups() == []
        assert w.manager.running.dispatcher.groups() == []


async def test_one_of_two_resolving_is_told_beside_the_one_that_fires() -> None:
    async with world(one_route()) as w:
        w.fire(alertname="A", i="1")
        w.fire(alertname="A", i="2")
        await w.wait(60)
        w.resolve(alertname="A", i="1")
        await w.wait(600)
        assert [what for _, _, what in w.told()] == ["firing 1 2", "firing (1 resolved) 2"]


async def test_an_alert_that_resolves_before_the_group_wait_is_never_told() -> None:
    async with world(one_route()) as w:
        w.fire(alertname="A", i="1")
        await w.wait(10)
        w.resolve(alertname="A", i="1")
        await w.wait(HOUR)
        assert w.told() == []


async def test_a_flap_inside_one_group_interval_is_not_told() -> None:
    async with world(one_route()) as w:
        w.fire(alertname="A", i="1")
        await w.wait(60)
        w.resolve(alertname="A", i="1")
        await w.wait(60)
        w.fire(alertname="A", i="1")
        await w.wait(HOUR)
        assert w.told() == [(30, "team", "firing 1")]


async def test_who_wants_no_resolved_alerts_hears_of_the_next_firing_again() -> None:
    text = one_route().replace(webhook("team"), webhook("team", send_resolved=False))
    async with world(text) as w:
        w.fire(alertname="A", i="1")
        await w.wait(60)
        w.resolve(alertname="A", i="1")
        await w.wait(600)
        w.fire(alertname="A", i="1")
        await w.wait(600)
        assert [what for _, _, what in w.told()] == ["firing 1", "firing 1"]


async def test_an_alert_that_is_not_sent_again_resolves_at_its_end() -> None:
    async with world(one_route()) as w:
        w.manager.put_alerts([alert(ends=100, alertname="A", i="1")])
        await w.wait(600)
        assert [what for _, _, what in w.told()] == ["firing 1", "resolved 1"]


async def test_who_resolves_while_silenced_is_never_told_and_the_next_firing_waits_for_the_repeat() -> None:
    async with world(one_route()) as w:
        w.fire(alertname="A", i="1")
        await w.wait(60)
        await silence(w, 600)
        w.resolve(alertname="A", i="1")
        await w.wait(1200)
        w.fire(alertname="A", i="1")
        await w.wait(1200)
        assert [what for _, _, what in w.told()] == ["firing 1"]
        await w.wait(3 * HOUR)
        assert [what for _, _, what in w.told()] == ["firing 1"]


async def test_the_end_of_a_silence_is_no_news() -> None:
    async with world(one_route()) as w:
        w.fire(alertname="A", i="1")
        await w.wait(60)
        await silence(w, 600)
        await w.wait(2 * HOUR)
        assert [what for _, _, what in w.told()] == ["firing 1"]


async def test_a_silence_before_the_first_flush_delays_the_first_message_to_its_end() -> None:
    async with world(one_route()) as w:
        await silence(w, 600)
        w.fire(alertname="A", i="1")
        await w.wait(HOUR)
        assert w.told() == [(630, "team", "firing 1")]


async def test_an_inhibited_alert_is_told_when_its_source_resolves() -> None:
    rules = "inhibit_rules: [{source_matchers: [severity=page], target_matchers: [severity=warn], equal: [host]}]"
    async with world(one_route(rules)) as w:
        w.fire(alertname="Down", severity="page", host="h")
        w.fire(alertname="Slow", severity="warn", host="h")
        w.fire(alertname="Slow", severity="warn", host="other", i="o")
        await w.wait(60)
        assert sorted(what for _, _, what in w.told()) == ["firing Down", "firing o"]
        w.resolve(alertname="Down", severity="page", host="h")
        await w.wait(600)
        assert [what for _, _, what in w.told()][2:] == ["resolved Down", "firing Slow o"]


async def test_a_route_is_mute_in_its_mute_intervals_and_outside_its_active_ones() -> None:
    text = f"""
route:
  receiver: team
  group_wait: 0s
  group_interval: 1h
  routes:
  - {{receiver: night, matchers: [to=night], mute_time_intervals: [office]}}
  - {{receiver: day, matchers: [to=day], active_time_intervals: [office]}}
receivers: [{webhook("team")}, {webhook("night")}, {webhook("day")}]
time_intervals: [{{name: office, time_intervals: [{{times: [{{start_time: "09:00", end_time: "17:00"}}]}}]}}]
"""  # the clock starts at 22:13 UTC
    async with world(text) as w:
        w.fire(alertname="A", to="day")
        await w.wait(1)
        assert w.told() == []
        await w.wait(12 * HOUR)
        assert w.told() == [(11 * HOUR, "day", "firing A")]
        w.fire(alertname="B", to="night")
        await w.wait(1)
        assert "night" not in {receiver for _, receiver, _ in w.told()}
        await w.wait(8 * HOUR)
        assert w.told()[-1] == (19 * HOUR + 1, "night", "firing B")


async def test_a_new_config_repeats_nothing_and_tells_new_receivers() -> None:
    async with world(one_route()) as w:
        w.fire(alertname="A", i="1")
        await w.wait(60)
        other = f"route: {{receiver: new, group_by: [alertname]}}\nreceivers: [{webhook('new')}]"
        for text in (one_route(), other):
            await w.manager.adopt(w.manager.prepare(parsed(text), Path()))
            await w.wait(10)
        assert w.told() == [(30, "team", "firing 1"), (70, "new", "firing 1")]


async def test_a_config_that_cannot_be_used_leaves_the_old_one_in_force(tmp_path: Path) -> None:
    (tmp_path / "bad.tmpl").write_text("{{ nofunc }}")
    async with world(one_route()) as w:
        w.fire(alertname="A", i="1")
        bad = one_route("templates: ['*.tmpl']")
        with pytest.raises(ConfigError, match=r'template: bad\.tmpl:1: function "nofunc" not defined'):
            w.manager.prepare(parsed(bad), tmp_path)
        assert not w.manager.reload_successful
        await w.wait(60)
        assert w.told() == [(30, "team", "firing 1")]


async def test_a_restart_shows_again_what_was_only_shown(tmp_path: Path) -> None:
    """It was withheld, and this start might have been allowed to deliver it."""
    clock = ManualClock(START_MS)
    for _ in range(2):
        async with world(one_route(), tmp_path, clock) as w:
            w.fire(alertname="A", i="1")
            await w.wait(60)
            heard = w.told()
    assert len(heard) == 1


async def test_continue_tells_the_next_route_too_and_each_keeps_its_own_timer() -> None:
    text = f"""
route:
  receiver: team
  group_wait: 10s
  routes:
  - {{receiver: pager, matchers: [severity=page], continue: true, group_wait: 0s}}
  - {{receiver: mail, matchers: [severity=page]}}
receivers: [{webhook("team")}, {webhook("pager")}, {webhook("mail")}]
"""
    async with world(text) as w:
        w.fire(alertname="A", severity="page")
        await w.wait(20)
        assert w.told() == [(0, "pager", "firing A"), (10, "mail", "firing A")]


async def silence(w: World, seconds: float) -> str:
    matchers = (SilenceMatcher("alertname", "A", "="),)
    now = w.clock.now_ns()
    return await w.manager.silences.set(Silence("", matchers, now, now + round(seconds * SECOND), 0, "me", "why"))
