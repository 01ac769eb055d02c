from __future__ import annotations

import pytest

from engine.alerting.matching.classic import parse_matchers
from engine.alerting.routing.inhibit import Inhibitor, InhibitRule
from engine.foundation.clock import SECOND
from promql.model.labels import Labels
from tests.alerting.world import START, alert

NOW = START + 10 * SECOND


def rule(source: str, target: str, *equal: str) -> InhibitRule:
    return InhibitRule(tuple(parse_matchers(source)), tuple(parse_matchers(target)), equal)


CASES = [
    ("a source with equal labels inhibits", rule("s=1", "t=1", "e"), {"s": "1", "e": "x"}, {"t": "1", "e": "x"}, True),
    ("other values do not", rule("s=1", "t=1", "e"), {"s": "1", "e": "x"}, {"t": "1", "e": "y"}, False),
    ("two missing labels are equal", rule("s=1", "t=1", "e"), {"s": "1"}, {"t": "1"}, True),
    ("a missing one differs from a value", rule("s=1", "t=1", "e"), {"s": "1", "e": "x"}, {"t": "1"}, False),
    ("all equal labels count", rule("s=1", "t=1", "e", "f"), {"s": "1", "e": "x", "f": "1"}, {"t": "1", "e": "x"}, False),
    ("without equal labels any source will do", rule("s=1", "t=1"), {"s": "1", "z": "1"}, {"t": "1", "z": "2"}, True),
    ("who is no target is free", rule("s=1", "t=1"), {"s": "1"}, {"u": "1"}, False),
    ("nobody inhibits himself", rule("s=1", "s=1"), {"s": "1"}, {"s": "1"}, False),
    ("two that match both sides do not inhibit each other", rule("s=1", "t=1"), {"s": "1", "t": "1", "i": "1"}, {"s": "1", "t": "1", "i": "2"}, False),
    ("a two-sided source inhibits a mere target", rule("s=1", "t=1"), {"s": "1", "t": "1"}, {"t": "1", "i": "2"}, True),
    ("a mere source inhibits a two-sided target", rule("s=1", "t=1"), {"s": "1"}, {"s": "1", "t": "1"}, True),
    ("a rule without matchers takes everybody for both, and inhibits nobody", rule("", ""), {"a": "1"}, {"b": "1"}, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given_rule", "source", "target", "inhibited"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_inhibition(given_rule: InhibitRule, source: dict[str, str], target: dict[str, str], inhibited: bool) -> None:
    inhibitor = Inhibitor([given_rule])
    firing = alert(**source)
    inhibitor.learn(firing)
    assert inhibitor.inhibited_by(Labels.of(target), NOW) == (firing.fingerprint if inhibited else None)


def test_a_source_that_has_resolved_frees_its_targets() -> None:
    inhibitor = Inhibitor([rule("s=1", "t=1")])
    inhibitor.learn(alert(ends=10, s="1"))
    assert inhibitor.inhibited_by(Labels.of(t="1"), NOW - 1) is not None
    assert inhibitor.inhibited_by(Labels.of(t="1"), NOW) is None


def test_a_source_that_fires_again_inhibits_again() -> None:
    inhibitor = Inhibitor([rule("s=1", "t=1")])
    inhibitor.learn(alert(ends=5, s="1"))
    inhibitor.collect(NOW)
    assert inhibitor.inhibited_by(Labels.of(t="1"), NOW) is None
    inhibitor.learn(alert(ends=20, s="1"))
    assert inhibitor.inhibited_by(Labels.of(t="1"), NOW) is not None


def test_the_first_rule_that_holds_names_the_source() -> None:
    inhibitor = Inhibitor([rule("s=1", "t=1"), rule("s=2", "t=1")])
    inhibitor.learn(alert(s="2"))
    inhibitor.learn(alert(s="1"))
    assert inhibitor.inhibited_by(Labels.of(t="1"), NOW) == alert(s="1").fingerprint
