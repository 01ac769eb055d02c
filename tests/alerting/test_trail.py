"""Trails of alerts: every step is there, what repeats counts up, and the space is bounded."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alerting.alert import fingerprint
from engine.alerting.kept import trail_file
from engine.alerting.kept.silences import Silence, SilenceMatcher
from engine.alerting.kept.trail import LINES_OF_ONE, LONGEST, RETENTION, Trail, What, Where
from engine.foundation.clock import SECOND
from promql.model.labels import Labels
from tests.alerting.world import START, World, alert, webhook, world

CONFIG = f"""
route:
  receiver: team
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 1h
  routes:
  - {{receiver: pager, matchers: [severity=page], continue: true}}
  - {{receiver: night, matchers: [severity=low], mute_time_intervals: [always]}}
time_intervals: [{{name: always, time_intervals: [{{}}]}}]
inhibit_rules: [{{source_matchers: [alertname=Root], target_matchers: [alertname=Leaf]}}]
receivers: [{webhook("team")}, {webhook("pager", send_resolved=False)}, {webhook("night")}]
"""


def steps(here: World, **labels: str) -> list[tuple[float, str, str, int]]:
    """When, what, who and how often."""
    found = here.manager.explain(fingerprint(Labels.of(labels)))
    assert found is not None
    return [
        (
            here.seconds(one.first),
            one.what.value,
            "/".join(filter(None, (one.where.receiver, one.where.integration))),
            one.count,
        )
        for one in found.record.steps
    ]


def why(here: World, what: What, **labels: str) -> list[str]:
    found = here.manager.explain(fingerprint(Labels.of(labels)))
    assert found is not None
    return [one.why for one in found.record.steps if one.what is what]


async def test_an_alert_that_fires_and_resolves_is_followed_to_its_end() -> None:
    async with world(CONFIG) as here:
        here.fire(alertname="Up")
        await here.wait(60)
        here.fire(alertname="Up")
        await here.wait(600)
        here.resolve(alertname="Up")
        await here.wait(600)
        assert steps(here, alertname="Up") == [
            (0, "received", "", 2),
            (0, "routed", "team", 1),
            (0, "waiting", "team", 1),
            (30, "withheld", "team/webhook[0]", 1),
            (330, "deduplicated", "team/webhook[0]", 2),
            (660, "resolved", "", 1),
            (930, "withheld", "team/webhook[0]", 1),
        ]
        assert why(here, What.WITHHELD, alertname="Up") == [
            "firing: first notification of this group",
            "resolved: the last alert resolved",
        ]
        assert why(here, What.WAITING, alertname="Up") == ["for others to come (group_wait)"]


async def test_what_keeps_an_alert_quiet_is_named() -> None:
    async with world(CONFIG) as here:
        silence = Silence(
            "", (SilenceMatcher("alertname", "Hush", "="),), START, START + 10_000 * SECOND, START, "me", "why not"
        )
        silence_id = await here.manager.silences.set(silence)
        here.fire(alertname="Hush")
        here.fire(alertname="Root")
        here.fire(alertname="Leaf")
        here.fire(alertname="Low", severity="low")
        await here.wait(31)
        root = fingerprint(Labels.of(alertname="Root"))
        assert why(here, What.SILENCED, alertname="Hush") == [silence_id]
        assert why(here, What.INHIBITED, alertname="Leaf") == [f'by {{alertname="Root"}} ({root})']
        assert why(here, What.MUTED, alertname="Low", severity="low") == [
            "inside of the time interval always, which mutes the route"
        ]


async def test_the_route_and_each_receiver_are_told_apart() -> None:
    async with world(CONFIG) as here:
        here.fire(alertname="Up", severity="page")
        await here.wait(31)
        here.resolve(alertname="Up", severity="page")
        await here.wait(400)
        assert why(here, What.ROUTED, alertname="Up", severity="page") == ['matches the route {}/{severity="page"}']
        assert why(here, What.NOT_WANTED, alertname="Up", severity="page") == ["send_resolved is false"]


async def test_where_an_alert_stands_tells_its_next_turn_and_who_was_told() -> None:
    async with world(CONFIG) as here:
        here.fire(alertname="Up")
        await here.wait(40)
        found = here.manager.explain(fingerprint(Labels.of(alertname="Up")))
        assert found is not None
        (stand,) = found.stands
        assert (stand.receiver, here.seconds(stand.due)) == ("team", 330)
        assert [(one.integration, here.seconds(one.at), here.seconds(one.again)) for one in stand.told] == [
            ("webhook[0]", 30, 3630)
        ]
        assert here.manager.explain("0" * 16) is None


async def test_failures_are_told_with_what_was_answered() -> None:
    text = "route: {receiver: r, group_wait: 1s, group_interval: 10s}\nreceivers: [{name: r, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}]"
    async with world(text) as here:
        here.fire(alertname="Up")
        await here.wait(15)
        assert any("connection refused" in text for text in why(here, What.RETRYING, alertname="Up"))
        assert any("notify retry canceled after" in text for text in why(here, What.FAILED, alertname="Up"))


@given(
    st.lists(st.tuples(st.sampled_from(list(What)[:4]), st.sampled_from("ab"), st.sampled_from("xyz")), max_size=600)
)
def test_steps_keep_their_order_and_their_number_is_bounded(noted: list[tuple[What, str, str]]) -> None:
    trail, one = Trail(), alert(alertname="a")
    for time, (what, why, receiver) in enumerate(noted):
        trail.note(one, what, time, why, Where(receiver))
    record = trail.of(one.fingerprint)
    found = record.steps if record else ()
    assert len(trail) == len(found) <= LINES_OF_ONE
    firsts = [step.first for step in found]
    assert firsts == sorted(firsts)
    if len(found) < LINES_OF_ONE:
        assert sum(step.count for step in found) == len(noted)
    again = Trail([record] if record else [])
    assert again.of(one.fingerprint) == record


def test_the_alerts_that_were_quiet_for_longest_go_first() -> None:
    trail = Trail(limit=100)
    ones = [alert(alertname=str(number)) for number in range(120)]
    for time, one in enumerate(ones):
        trail.note(one, What.RECEIVED, time)
    assert len(trail) <= 100
    assert trail.of(ones[0].fingerprint) is None
    assert trail.of(ones[-1].fingerprint) is not None
    trail.collect(RETENTION + 110)
    assert [int(record.labels["alertname"]) for record in trail.find(())] == list(range(119, 110, -1))


async def test_trails_survive_a_restart(tmp_path: Path) -> None:
    async with world(CONFIG, tmp_path) as here:
        here.fire(alertname="Up")
        await here.wait(31)
        before = steps(here, alertname="Up")
    async with world(CONFIG, tmp_path) as here:
        after = steps(here, alertname="Up")
        assert [one[:3] for one in before] == [one[:3] for one in after if one[1] != "restored"][: len(before)]


async def test_a_file_of_trails_that_is_damaged_is_no_reason_not_to_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / trail_file.NAME).write_text("{")
    async with world(CONFIG, tmp_path) as here:
        assert list(here.manager.trail.find(())) == []
    assert "begin anew" in caplog.text


def test_a_reason_is_cut_where_it_would_fill_pages() -> None:
    trail = Trail()
    one = alert(alertname="Up")
    trail.note(one, What.FAILED, START, "x" * 10_000)
    trail.note(one, What.FAILED, START + SECOND, "x" * 20_000)
    record = trail.of(one.fingerprint)
    assert record is not None
    (step,) = record.steps
    assert (step.count, len(step.why), step.why[-1]) == (2, LONGEST, "…")


@pytest.mark.parametrize("data", [b'{"format":"trails of alerts","version":2}\n', b"{"])
def test_a_file_of_trails_that_cant_be_read_is_told(
    data: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / trail_file.NAME).write_bytes(data)
    assert list(trail_file.read(tmp_path)) == []
    assert "begin anew" in caplog.text
