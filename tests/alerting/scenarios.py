"""What happens to alerts, and what receivers are told of it: the same script for the manual clock and the real program.

Groups wait 1 s and have a turn every 2 s, so turns are at odd seconds; what happens, happens at even ones, a second away
from any turn. Each scenario has a label, routes and receivers of its own, so that all can run at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Step:
    """At `at` seconds `what` happens to the alert `name`: fire, resolve, silence (all of the scenario, or `more` as
    matchers), expire (that silence).
    """

    at: float
    what: str
    name: str = ""
    more: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Scenario:
    """`told`: when, which receiver, what, as `firing a (b resolved)`. `routes` are children of the scenario's route;
    `settings` those of the receiver; `receivers` are more of them, as YAML.
    """

    name: str
    steps: Sequence[Step]
    told: Sequence[tuple[float, str, str]]
    route: str = "group_by: [s]"
    settings: str = ""
    receivers: Sequence[str] = ()


def fire(at: float, name: str, **more: str) -> Step:
    return Step(at, "fire", name, more)


def resolve(at: float, name: str, **more: str) -> Step:
    return Step(at, "resolve", name, more)


def silence(at: float, **matchers: str) -> Step:
    return Step(at, "silence", "", matchers)


def expire(at: float) -> Step:
    return Step(at, "expire")


LAST: Final = 12.0
"""When all is over, in seconds."""
INHIBITED: Final = "{source_matchers: [i=root], target_matchers: ['i=~\"leaf.*\"'], equal: [s]}"

SCENARIOS: Final = (
    Scenario("rise", [fire(0, "a"), resolve(2, "a")], [(1, "rise", "firing a"), (3, "rise", "resolved a")]),
    Scenario(
        "joins", [fire(0, "a"), fire(2, "b")], [(1, "joins", "firing a"), (3, "joins", "firing a b")]
    ),
    Scenario(
        "leaves",
        [fire(0, "a"), fire(0, "b"), resolve(2, "a"), resolve(4, "b")],
        [(1, "leaves", "firing a b"), (3, "leaves", "firing (a resolved) b"), (5, "leaves", "resolved b")],
    ),
    Scenario("flap", [fire(0, "a"), resolve(2, "a"), fire(2.2, "a")], [(1, "flap", "firing a")]),
    Scenario("blip", [fire(0, "a"), resolve(0.2, "a")], []),
    Scenario(
        "again",
        [fire(0, "a"), resolve(2, "a"), fire(4, "a"), resolve(6, "a")],
        [(1, "again", "firing a"), (3, "again", "resolved a"), (5, "again", "firing a"), (7, "again", "resolved a")],
    ),
    Scenario("resolved-in-silence", [fire(0, "a"), silence(2), resolve(4, "a"), expire(6)], [(1, "resolved-in-silence", "firing a")]),
    Scenario(
        "silence-ends", [silence(0), fire(0, "a"), fire(0, "b"), expire(4)], [(5, "silence-ends", "firing a b")]
    ),
    Scenario(
        "silenced-in-part",
        [fire(0, "a"), fire(0, "b"), silence(2, i="a"), resolve(4, "b")],
        [(1, "silenced-in-part", "firing a b"), (5, "silenced-in-part", "resolved b")],
    ),
    Scenario(
        "inhibited",
        [fire(0, "root"), fire(0, "leaf"), resolve(4, "root")],
        [(1, "inhibited", "firing root"), (5, "inhibited", "firing leaf (root resolved)")],
    ),
    Scenario(
        "resolved-while-inhibited",
        [fire(0, "leaf"), fire(2, "root"), resolve(4, "leaf"), resolve(6, "root")],
        [
            (1, "resolved-while-inhibited", "firing leaf"),
            (3, "resolved-while-inhibited", "firing root"),
            (7, "resolved-while-inhibited", "resolved root"),
        ],
    ),
    Scenario(
        "repeats",
        [fire(0, "a")],
        [(1, "repeats", "firing a"), (7, "repeats", "firing a")],
        route="group_by: [s], repeat_interval: 5s",
    ),
    Scenario("one-way", [fire(0, "a"), fire(0, "b"), resolve(2, "a"), resolve(4, "b"), fire(6, "a")],
        [(1, "one-way", "firing a b"), (7, "one-way", "firing a")], settings="send_resolved: false"),
    Scenario(
        "apart",
        [fire(0, "a"), fire(0, "b"), resolve(2, "b")],
        [(1, "apart", "firing a"), (1, "apart", "firing b"), (3, "apart", "resolved b")],
        route="group_by: ['...']",
    ),
    Scenario(
        "twice",
        [fire(0, "a", severity="page"), fire(2, "b"), resolve(4, "a", severity="page")],
        [
            (1, "twice-page", "firing a"),
            (1, "twice", "firing a"),
            (3, "twice", "firing a b"),
            (5, "twice-page", "resolved a"),
            (5, "twice", "firing (a resolved) b"),
        ],
        route="group_by: [s], routes: [{receiver: twice-page, matchers: [severity=page], continue: true}, {receiver: twice}]",
        receivers=["twice-page"],
    ),
    Scenario("muted", [fire(0, "a"), resolve(4, "a")], [], route="group_by: [s], mute_time_intervals: [always]"),
    Scenario("closed", [fire(0, "a")], [], route="group_by: [s], active_time_intervals: [never]"),
    Scenario("open", [fire(0, "a")], [(1, "open", "firing a")], route="group_by: [s], active_time_intervals: [never, always]"),
    Scenario(
        "many", [fire(0, "a"), fire(0, "b"), fire(0, "c")], [(1, "many", "firing a")], settings="max_alerts: 1"
    ),
    Scenario(
        "notes",
        [fire(0, "a"), Step(2, "note", "a"), fire(4, "b")],
        [(1, "notes", "firing a"), (5, "notes", "firing a b")],
    ),
    Scenario(
        "leaves-and-joins",
        [fire(0, "a"), resolve(2, "a"), fire(2, "b")],
        [(1, "leaves-and-joins", "firing a"), (3, "leaves-and-joins", "firing (a resolved) b")],
    ),
    Scenario("times-out", [Step(0, "say", "a")], [(1, "times-out", "firing a"), (5, "times-out", "resolved a")]),
    Scenario("kept-alive", [Step(0, "say", "a"), Step(2, "say", "a"), Step(4, "say", "a")],
        [(1, "kept-alive", "firing a"), (9, "kept-alive", "resolved a")]),
    Scenario("old", [Step(0, "began", "a")], [(0, "old", "firing a")], route="group_by: [s], group_wait: 3s"),
)  # fmt: skip


def config(url: str) -> str:
    """All scenarios' routes and receivers; `url` has a place for the receiver's name."""
    routes, receivers = [], ["- {name: nobody}"]
    for one in SCENARIOS:
        routes.append(f"  - {{receiver: {one.name}, matchers: [s={one.name}], {one.route}}}")
        for name in (one.name, *one.receivers):
            settings = f", {one.settings}" if one.settings else ""
            receivers.append(f"- {{name: {name}, webhook_configs: [{{url: '{url.format(name)}'{settings}}}]}}")
    return "\n".join([
        "global: {resolve_timeout: 4s}",
        "route:",
        "  receiver: nobody",
        "  group_wait: 1s",
        "  group_interval: 2s",
        "  repeat_interval: 1h",
        "  routes:",
        *routes,
        f"inhibit_rules: [{INHIBITED}]",
        "time_intervals: [{name: always, time_intervals: [{}]}, {name: never, time_intervals: [{years: ['1990']}]}]",
        "receivers:",
        *receivers,
    ])  # fmt: skip
