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
    matchers, whose values may begin with `!`, `~` or `!~`; for `lasts` seconds from `delay` on), change (that silence's
    end), expire (that silence).
    """

    at: float
    what: str
    name: str = ""
    more: Mapping[str, str] | None = None
    lasts: float = 3600
    delay: float = 0


@dataclass(frozen=True)
class Scenario:
    """`told`: when, which receiver, what, as `firing a (b resolved)`. `route` are settings of the scenario's route;
    `kind` is how its receiver is told, `settings` are those of that; `more` are other integrations of the receiver;
    `receivers` are others that are told by webhook.
    """

    name: str
    steps: Sequence[Step]
    told: Sequence[tuple[float, str, str]]
    route: str = "group_by: [s]"
    kind: str = "webhook"
    settings: str = ""
    more: str = ""
    receivers: Sequence[str] = ()

    def labels(self, step: Step) -> dict[str, str]:
        """Of the alert to which the step happens."""
        return {"alertname": self.name, "s": self.name, "i": step.name, **(step.more or {})}

    def matchers(self, step: Step) -> list[tuple[str, str, str]]:
        """Name, operator and value of the silence that the step makes."""
        found = []
        for name, value in {"s": self.name, **(step.more or {})}.items():
            bare = value.lstrip("!~")
            found.append((name, OPERATORS[value[: len(value) - len(bare)]], bare))
        return found


OPERATORS: Final = {"": "=", "!": "!=", "~": "=~", "!~": "!~"}


def fire(at: float, name: str, **more: str) -> Step:
    return Step(at, "fire", name, more)


def resolve(at: float, name: str, **more: str) -> Step:
    return Step(at, "resolve", name, more)


def silence(at: float, lasts: float = 3600, delay: float = 0, **matchers: str) -> Step:
    return Step(at, "silence", "", matchers, lasts, delay)


def change(at: float, lasts: float) -> Step:
    return Step(at, "change", lasts=lasts)


def expire(at: float) -> Step:
    return Step(at, "expire")


LAST: Final = 12.0
"""When all is over, in seconds."""
INHIBITED: Final = """
- {source_matchers: [i=root], target_matchers: ['i=~"leaf.*"'], equal: [s]}
- {source_matchers: [role=boss], target_matchers: ['role=~"worker|boss"'], equal: [s, host]}
"""
SUMMARY: Final = "{{ .Status }}{{ range .Alerts }} {{ .Labels.i }}={{ .Status }}{{ end }}"
"""What a message and the subject of a letter say."""
KINDS: Final = {
    "webhook": "webhook_configs: [{{url: '{url}'{settings}}}]",
    "slack": "slack_configs: [{{api_url: '{url}', text: '{summary}'{settings}}}]",
    "mail": "email_configs: [{{to: '{name}@example.com', from: me@example.com, smarthost: '{smarthost}', "
    "require_tls: false, html: '', text: '{summary}', headers: {{Subject: '{summary}'}}{settings}}}]",
}
BROKEN: Final = "pagerduty_configs: [{routing_key: k, description: '{{ .NoSuchField }}'}]"
"""An integration that always fails, and at once."""

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
    Scenario(
        "blink", [fire(0, "a"), resolve(2, "a"), fire(2.3, "a"), resolve(2.6, "a")],
        [(1, "blink", "firing a"), (3, "blink", "resolved a")],
    ),
    Scenario("unheard-of", [resolve(0, "a")], []),
    Scenario("resolved-twice", [fire(0, "a"), resolve(2, "a"), resolve(4, "a")],
        [(1, "resolved-twice", "firing a"), (3, "resolved-twice", "resolved a")]),
    Scenario(
        "one-by-one",
        [*(fire(0, name) for name in "abc"), resolve(2, "a"), resolve(4, "b"), resolve(6, "c")],
        [(1, "one-by-one", "firing a b c"), (3, "one-by-one", "firing (a resolved) b c"),
         (5, "one-by-one", "firing (b resolved) c"), (7, "one-by-one", "resolved c")],
    ),
    Scenario("mail", [fire(0, "a"), fire(2, "b"), resolve(4, "a"), resolve(6, "b")],
        [(1, "mail", "firing a"), (3, "mail", "firing a b"), (5, "mail", "firing (a resolved) b"), (7, "mail", "resolved b")],
        kind="mail", settings="send_resolved: true"),
    Scenario("mail-of-fires", [fire(0, "a"), resolve(2, "a")], [(1, "mail-of-fires", "firing a")], kind="mail"),
    Scenario("slack", [fire(0, "a"), fire(2, "b"), resolve(4, "a"), resolve(6, "b")],
        [(1, "slack", "firing a"), (3, "slack", "firing a b"), (5, "slack", "firing (a resolved) b"), (7, "slack", "resolved b")],
        kind="slack", settings="send_resolved: true"),
    Scenario("slack-of-fires", [fire(0, "a"), fire(0, "b"), resolve(2, "a"), resolve(4, "b"), fire(6, "b")],
        [(1, "slack-of-fires", "firing a b"), (7, "slack-of-fires", "firing b")], kind="slack"),
    Scenario("one-fails", [fire(0, "a"), fire(0, "b"), resolve(2, "a"), fire(4, "c"), resolve(6, "b")],
        [(1, "one-fails", "firing a b"), (3, "one-fails", "firing (a resolved) b"), (5, "one-fails", "firing (a resolved) b c"),
         (7, "one-fails", "firing (a resolved) (b resolved) c")], more=BROKEN),
    Scenario("mail-and-one-fails", [fire(0, "a"), resolve(2, "a"), fire(4, "a")],
        [(1, "mail-and-one-fails", "firing a"), (3, "mail-and-one-fails", "resolved a"), (5, "mail-and-one-fails", "firing a")],
        kind="mail", settings="send_resolved: true", more=BROKEN),
    Scenario("retried", [fire(0, "a"), resolve(4, "a")], [(1, "retried", "firing a"), (5, "retried", "resolved a")]),
    Scenario("two-ways", [fire(0, "a"), resolve(2, "a")],
        [(1, "two-ways", "firing a"), (1, "two-ways", "firing a"), (3, "two-ways", "resolved a")],
        more="slack_configs: [{api_url: '{url}', text: '" + SUMMARY + "'}]"),
    Scenario("comes-back-after-silence", [fire(0, "a"), silence(2), resolve(4, "a"), expire(6), fire(8, "a")],
        [(1, "comes-back-after-silence", "firing a")]),
    Scenario("silence-runs-out", [silence(0, 4), fire(0, "a")], [(5, "silence-runs-out", "firing a")]),
    Scenario("silence-begins-later", [fire(0, "a"), silence(0, delay=2), fire(4, "b"), expire(6)],
        [(1, "silence-begins-later", "firing a"), (7, "silence-begins-later", "firing a b")]),
    Scenario("silence-shortened", [silence(0), fire(0, "a"), change(2, 2)], [(5, "silence-shortened", "firing a")]),
    Scenario("silence-lengthened", [silence(0, 4), fire(0, "a"), change(2, 6)], [(9, "silence-lengthened", "firing a")]),
    Scenario("silenced-but-for-one", [silence(0, i="!a"), fire(0, "a"), fire(0, "b")], [(1, "silenced-but-for-one", "firing a")]),
    Scenario("silenced-by-pattern", [silence(0, i="~a.*"), fire(0, "a1"), fire(0, "a2"), fire(0, "ba"), expire(4)],
        [(1, "silenced-by-pattern", "firing ba"), (5, "silenced-by-pattern", "firing a1 a2 ba")]),
    Scenario("silenced-where-absent", [silence(0, team=""), fire(0, "a"), fire(0, "b", team="x")], [(1, "silenced-where-absent", "firing b")]),
    Scenario("times-out-in-silence", [Step(0, "say", "a"), silence(2), expire(6)], [(1, "times-out-in-silence", "firing a")]),
    Scenario("source-in-silence", [silence(0, i="root"), fire(0, "root"), fire(0, "leaf"), fire(2, "other")],
        [(3, "source-in-silence", "firing other")]),
    Scenario("inhibited-on-and-off",
        [fire(0, "leaf"), fire(2, "root"), resolve(4, "root"), fire(6, "root"), resolve(8, "root")],
        [(1, "inhibited-on-and-off", "firing leaf"), (3, "inhibited-on-and-off", "firing root"),
         (5, "inhibited-on-and-off", "firing leaf (root resolved)"), (7, "inhibited-on-and-off", "firing root"),
         (9, "inhibited-on-and-off", "firing leaf (root resolved)")]),
    Scenario("inhibited-at-one-host",
        [fire(0, "b", role="boss", host="1"), fire(0, "w1", role="worker", host="1"), fire(0, "w2", role="worker", host="2")],
        [(1, "inhibited-at-one-host", "firing b w2")]),
    Scenario("inhibited-where-both-lack-it", [fire(0, "b", role="boss"), fire(0, "w", role="worker")],
        [(1, "inhibited-where-both-lack-it", "firing b")]),
    Scenario("bosses-do-not-inhibit-bosses", [fire(0, "b1", role="boss"), fire(0, "b2", role="boss")],
        [(1, "bosses-do-not-inhibit-bosses", "firing b1 b2")]),
    Scenario("source-alone-resolves-first", [fire(0, "root"), fire(0, "leaf"), resolve(2, "leaf"), resolve(4, "root")],
        [(1, "source-alone-resolves-first", "firing root"), (5, "source-alone-resolves-first", "resolved root")]),
    Scenario("repeats-at-each-turn", [fire(0, "a"), resolve(6, "a")],
        [(1, "repeats-at-each-turn", "firing a"), (3, "repeats-at-each-turn", "firing a"), (5, "repeats-at-each-turn", "firing a"),
         (7, "repeats-at-each-turn", "resolved a")], route="group_by: [s], repeat_interval: 1s"),
    Scenario("repeats-after-news", [fire(0, "a"), fire(4, "b")],
        [(1, "repeats-after-news", "firing a"), (5, "repeats-after-news", "firing a b"), (11, "repeats-after-news", "firing a b")],
        route="group_by: [s], repeat_interval: 5s"),
    Scenario("repeats-without-the-silenced", [fire(0, "a"), fire(0, "b"), silence(2, i="b")],
        [(1, "repeats-without-the-silenced", "firing a b"), (7, "repeats-without-the-silenced", "firing a")],
        route="group_by: [s], repeat_interval: 5s"),
    Scenario("by-two-labels", [fire(0, "a", host="1"), fire(0, "b", host="2"), fire(0, "c"), fire(2, "d", host="2")],
        [(1, "by-two-labels", "firing a"), (1, "by-two-labels", "firing b"), (1, "by-two-labels", "firing c"),
         (3, "by-two-labels", "firing b d")], route="group_by: [s, host]"),
    Scenario("no-list-inherits", [fire(0, "a", host="1"), fire(0, "b", host="2")],
        [(1, "no-list-inherits", "firing a b")], route="group_by: [s], routes: [{matchers: [s=no-list-inherits], group_by: []}]"),
    Scenario("same-twice", [fire(0, "a", severity="page"), resolve(2, "a", severity="page")],
        [(1, "same-twice", "firing a"), (1, "same-twice", "firing a"), (3, "same-twice", "resolved a"), (3, "same-twice", "resolved a")],
        route="group_by: [s], routes: [{match: {severity: page}, continue: true}, {match_re: {severity: 'page|call'}}]"),
    Scenario("own-times", [fire(0, "a", severity="page"), fire(2, "b", severity="page"), resolve(6, "a", severity="page")],
        [(3, "own-times", "firing a b"), (7, "own-times", "firing (a resolved) b")],
        route="group_by: [s], routes: [{match: {severity: page}, group_wait: 3s, group_interval: 4s}]"),
    Scenario("muted-child", [fire(0, "a", severity="low"), fire(0, "b")], [(1, "muted-child", "firing b")],
        route="group_by: [s], routes: [{match: {severity: low}, mute_time_intervals: [never, always]}]"),
    Scenario("muted-parent-is-not-inherited", [fire(0, "a", severity="low"), fire(0, "b")],
        [(1, "muted-parent-is-not-inherited", "firing a")],
        route="group_by: [s], mute_time_intervals: [always], routes: [{match: {severity: low}}]"),
)  # fmt: skip


def config(url: str, smarthost: str = "mail.example.com:25") -> str:
    """All scenarios' routes and receivers; `url` has a place for the receiver's name."""
    routes, receivers = [], ["- {name: nobody}"]
    for one in SCENARIOS:
        routes.append(f"  - {{receiver: {one.name}, matchers: [s={one.name}], {one.route}}}")
        for name in (one.name, *one.receivers):
            kind, more = (one.kind, one.more) if name == one.name else ("webhook", "")
            settings = f", {one.settings}" if one.settings else ""
            filled = KINDS[kind].format(
                url=url.format(name), name=name, smarthost=smarthost, summary=SUMMARY, settings=settings
            )
            others = f", {more.replace('{url}', url.format(name))}" if more else ""
            receivers.append(f"- {{name: {name}, {filled}{others}}}")
    return "\n".join([
        "global: {resolve_timeout: 4s}",
        "route:",
        "  receiver: nobody",
        "  group_wait: 1s",
        "  group_interval: 2s",
        "  repeat_interval: 1h",
        "  routes:",
        *routes,
        f"inhibit_rules: {INHIBITED}",
        "time_intervals: [{name: always, time_intervals: [{}]}, {name: never, time_intervals: [{years: ['1990']}]}]",
        "receivers:",
        *receivers,
    ])  # fmt: skip
