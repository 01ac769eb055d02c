"""What is news about alerts, and what is told of it."""

from __future__ import annotations

from engine.alerting.alert import Alert
from engine.app.process.alertnews import MOST, AlertNews, News
from engine.testing.manual_clock import ManualClock
from promql.model.labels import Labels

SECOND = 1_000_000_000


class World:
    def __init__(self) -> None:
        self.clock = ManualClock(1_000_000)
        self.told: list[News] = []
        self.hear = AlertNews(self.clock, self.told.append)

    def alert(self, name: str = "Down", ends: float = 240, **said: str) -> Alert:
        now = self.clock.now_ns()
        labels = Labels.of({"alertname": name, "job": "api"})
        return Alert(labels, tuple(said.items()), now, now + round(ends * SECOND), now)


def test_an_alert_is_news_when_it_begins_and_when_it_is_over() -> None:
    world = World()
    world.hear([world.alert(summary="api is\ndown")])
    world.hear([world.alert()])
    world.hear([world.alert(ends=-1)])
    world.hear([world.alert(ends=-2)])
    assert [news.lines() for news in world.told] == [
        ['firing: Down {job="api"}: api is down'],
        ['resolved: Down {job="api"}'],
    ]


async def test_one_that_is_told_of_no_more_is_news_when_it_comes_back() -> None:
    world = World()
    world.hear([world.alert(ends=240)])
    await world.clock.advance(241_000)
    world.hear([world.alert()])
    assert [len(news.firing) for news in world.told] == [1, 1]


def test_an_end_without_a_beginning_is_no_news() -> None:
    world = World()
    world.hear([world.alert(ends=-1)])
    assert world.told == []


def test_of_hundreds_the_first_are_told_and_the_others_counted() -> None:
    world = World()
    world.hear([world.alert(f"A{number}") for number in range(100)])
    (news,) = world.told
    assert len(news.lines()) == MOST
    assert news.lines()[-1] == "and 91 more alerts"
