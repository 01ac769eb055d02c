from __future__ import annotations

import pytest

from engine.alerting.kept.dedup import Now, Reason, Told, decide

NEVER_TOLD = None


def told(firing: str, resolved: str = "", at: int = 0) -> Told:
    return Told(frozenset(firing), frozenset(resolved), at)


def now(firing: str, resolved: str = "", at: int = 10, send_resolved: bool = True) -> Now:
    return Now(frozenset(firing), frozenset(resolved), at, 100, send_resolved)


CASES = [
    (NEVER_TOLD, now("a"), Reason.FIRST),
    (NEVER_TOLD, now("", "a"), Reason.QUIET_NOTHING_FIRED),
    (told("a"), now("a"), Reason.QUIET_KNOWN),
    (told("ab"), now("a"), Reason.QUIET_KNOWN),
    (told("a"), now("ab"), Reason.NEW_FIRING),
    (told("a"), now("", "a"), Reason.ALL_RESOLVED),
    (told("a"), now("", "a", send_resolved=False), Reason.ALL_RESOLVED),
    (told("", "a"), now("", "a"), Reason.QUIET_NOTHING_FIRED),
    (told("", "a"), now("", "b"), Reason.QUIET_NOTHING_FIRED),
    (told("", "a"), now("", "b", at=1000), Reason.QUIET_NOTHING_FIRED),
    (told("ab"), now("a", "b"), Reason.NEW_RESOLVED),
    (told("ab"), now("a", "b", send_resolved=False), Reason.QUIET_KNOWN),
    (told("ab", "c"), now("a", "c"), Reason.QUIET_KNOWN),
    (told("a"), now("a", at=100), Reason.QUIET_KNOWN),
    (told("a"), now("a", at=101), Reason.REPEAT),
]


@pytest.mark.parametrize(("before", "state", "reason"), CASES)
def test_the_first_rule_that_fits_decides(before: Told | None, state: Now, reason: Reason) -> None:
    assert decide(before, state) is reason


def test_quiet_reasons_do_not_notify() -> None:
    assert [r for r in Reason if not r.notifies] == [Reason.QUIET_NOTHING_FIRED, Reason.QUIET_KNOWN]
