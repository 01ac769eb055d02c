"""Series of remote clients get sources by job and instance, and lanes by their instants."""

from __future__ import annotations

from engine.remote.places import COLUMN_BITS, Places
from engine.tsdb.store import Store
from promql.model.labels import Labels
from tests.remote.client import labels

BEAT = 15_000


def named(**more: str) -> Labels:
    return Labels.of({"__name__": "m"}, **more)


def learn(places: Places, time: int, *series: Labels) -> list[str]:
    """The keys of the sources that these series got."""
    numbers = places.learn({labels(one): one for one in series}, [time] * len(series))
    return [places.lanes[number >> COLUMN_BITS].source.key for number in numbers]


def target(at: int, **more: str) -> list[Labels]:
    return [named(job="j", instance=str(at), i=str(i), **more) for i in range(3)]


def test_each_job_and_instance_has_a_source_of_its_own() -> None:
    places = Places(Store.open(None))
    first, other = learn(places, 0, *target(1)), learn(places, 0, *target(2))
    assert set(first) == {'remote {instance="1", job="j"} 0'}
    assert set(other) == {'remote {instance="2", job="j"} 0'}
    assert learn(places, 0, named()) == ["remote {} 0"]


def test_series_with_instants_of_their_own_get_a_lane_of_their_own() -> None:
    places = Places(Store.open(None))
    (one,) = set(learn(places, 0, *target(1, replica="a")))
    (two,) = set(learn(places, 7000, *target(1, replica="b")))
    assert (one[-2:], two[-2:]) == (" 0", " 1")
    assert set(learn(places, 7000, named(job="j", instance="1", late="x"))) == {two}


def test_a_new_series_joins_the_lane_whose_beat_leads_to_its_instant() -> None:
    places = Places(Store.open(None))
    learn(places, 0, *target(1, replica="a"))
    learn(places, 7000, *target(1, replica="b"))
    for at in (1, 2, 3):
        places.lanes[0].note(at * BEAT)
        places.lanes[1].note(at * BEAT + 7000)
    new = named(job="j", instance="1", new="x")
    assert learn(places, 5 * BEAT + 7000 + 2, new)[0].endswith(" 1")


def test_there_are_at_most_so_many_lanes() -> None:
    places = Places(Store.open(None))
    for at in range(100):
        learn(places, at * at * 1000, named(i=str(at)))
    assert len(places.lanes) == 16


def test_a_series_keeps_its_lane_over_a_restart_and_in_another_spelling() -> None:
    store = Store.open(None)
    places = Places(store)
    learn(places, 0, *target(1))
    series = target(1, replica="b")[0]
    (before,) = learn(places, 7000, series)
    again = Places(store)
    assert learn(again, 99, series) == [before]
    turned = {labels(list(series.pairs)[::-1]): series}
    assert again.lanes[again.learn(turned, [5])[0] >> COLUMN_BITS].source.key == before


def test_two_spellings_of_a_new_series_are_one_column() -> None:
    places = Places(Store.open(None))
    series = named(a="1")
    one, two = places.learn({labels(list(pairs)): series for pairs in (series.pairs, series.pairs[::-1])}, [0, 7])
    assert one == two


def test_a_series_that_is_scraped_too_gets_a_remote_source_besides() -> None:
    store = Store.open(None)
    store.source("scraped").columns([named()])
    assert learn(Places(store), 0, named()) == ["remote {} 0"]
    assert [source.key for source in store.writers(named())] == ["scraped", "remote {} 0"]


def test_what_is_not_asked_for_is_forgotten_and_found_again() -> None:
    places = Places(Store.open(None))
    series = {labels(named()): named()}
    (number,) = places.learn(series, [0])
    assert places.known == {labels(named()): number}
    places.turn(601.0)
    assert places.known == {}
    assert places.learn(series, [1]) == [number]
    for at in (2, 3):
        places.turn(601.0 * at)
    assert places.known == {}
    assert places.learn(series, [2]) == [number]
