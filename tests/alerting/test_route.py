from __future__ import annotations

import pytest

from engine.alerting.config.resolve import build_route
from engine.alerting.matching.grammar import Grammar
from engine.alerting.routing.route import Route
from engine.foundation.clock import SECOND
from promql.model.labels import Labels
from tests.alerting.world import parsed


def tree(text: str) -> Route:
    written = parsed(f"route: {text}").route
    assert written is not None
    return build_route(written, Grammar.BOTH)


ROUTES = tree("""
  receiver: default
  group_by: [alertname, cluster]
  routes:
  - matchers: [owner="team-A"]
    receiver: A
    group_wait: 11s
    routes:
    - {match: {env: testing}, receiver: A-testing, group_by: ['...']}
    - {match: {env: production}, receiver: A-production, continue: true, group_wait: 1m}
    - {match_re: {env: "produ.*"}, receiver: A-also, group_interval: 7m}
    - {match: {group_by: none}, group_by: []}
  - match_re: {owner: team-(B|C)}
    receiver: BC
    group_by: [foo]
    repeat_interval: 2h
""")


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({}, ["default"]),
        ({"owner": "team-X"}, ["default"]),
        ({"owner": "team-A"}, ["A"]),
        ({"owner": "team-A", "env": "unknown"}, ["A"]),
        ({"owner": "team-A", "env": "testing"}, ["A-testing"]),
        ({"owner": "team-A", "env": "production"}, ["A-production", "A-also"]),
        ({"owner": "team-A", "env": "produce"}, ["A-also"]),
        ({"owner": "team-C"}, ["BC"]),
        ({"owner": "xteam-C"}, ["default"]),
    ],
)
def test_an_alert_goes_to_the_deepest_routes_that_match(labels: dict[str, str], receivers: list[str]) -> None:
    assert [route.receiver for route in ROUTES.match(Labels.of(labels))] == receivers


def only(**labels: str) -> Route:
    [found] = ROUTES.match(Labels.of(labels))
    return found


def test_what_a_route_does_not_say_it_inherits() -> None:
    route = only(owner="team-A", env="produce")
    assert route.group_by == {"alertname", "cluster"}
    assert (route.group_wait, route.group_interval) == (11 * SECOND, 7 * 60 * SECOND)
    assert route.repeat_interval == 4 * 3600 * SECOND


def test_an_empty_grouping_inherits_and_a_real_one_replaces() -> None:
    assert only(owner="team-A", group_by="none").group_by == {"alertname", "cluster"}
    assert only(owner="team-B").group_by == {"foo"}


def test_three_dots_group_by_all_labels() -> None:
    labels = Labels.of(owner="team-A", env="testing", x="y")
    [route] = ROUTES.match(labels)
    assert route.group_labels(labels) == labels


def test_a_list_below_three_dots_groups_by_the_list_alone() -> None:
    root = tree("{receiver: a, group_by: ['...'], routes: [{match: {x: y}, group_by: [x]}]}")
    labels = Labels.of(x="y", z="1")
    assert root.match(labels)[0].group_labels(labels) == Labels.of(x="y")


def test_time_intervals_and_continue_are_not_inherited() -> None:
    root = tree("{receiver: a, routes: [{match: {x: y}, mute_time_intervals: [t], continue: true, routes: [{}]}]}")
    [route] = root.match(Labels.of(x="y"))
    assert (route.mute_intervals, route.continues) == ((), False)


@pytest.mark.parametrize(
    ("labels", "key"),
    [
        ({}, "{}:{}"),
        ({"alertname": "x"}, '{}:{alertname="x"}'),
        ({"owner": "team-A", "env": "testing"}, '{}/{owner="team-A"}/{env="testing"}:{env="testing", owner="team-A"}'),
        ({"owner": "team-B", "foo": 'q"\n'}, '{}/{owner=~"^(?:team-(B|C))$"}:{foo="q\\"\\n"}'),
    ],
)
def test_group_keys_are_the_originals_down_to_the_doubled_anchors(labels: dict[str, str], key: str) -> None:
    [route] = ROUTES.match(Labels.of(labels))
    assert route.group_key(route.group_labels(Labels.of(labels))) == key


def test_group_labels_stand_in_the_order_of_their_printed_text() -> None:
    root = tree("{receiver: a, group_by: ['...']}")
    assert root.group_key(Labels.of(a="1", a1="2")) == '{}:{a1="2", a="1"}'


def test_siblings_with_equal_matchers_share_a_key_but_not_a_place() -> None:
    root = tree("{receiver: a, routes: [{match: {x: y}, continue: true}, {matchers: [x=y]}]}")
    first, second = root.match(Labels.of(x="y"))
    assert first.key == second.key
    assert first.place != second.place
