"""Who may do what: each combination of password, anonymous role, web config and port."""

from __future__ import annotations

from base64 import b64encode

import pytest
from msgspec.structs import replace

from engine.foundation.values import Secret
from engine.web.api.grafana.account import Account, Role
from engine.web.api.grafana.entrance import WRONG, Entrance, Given

CLOSED = Account(password=Secret("p"))
OPEN = Account(loopback=frozenset({"grafana"}))
VIEWERS, ADMINS = replace(CLOSED, anonymous=Role.VIEWER), replace(CLOSED, anonymous=Role.ADMIN)


class Hand:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


def entrance(account: Account, *, guarded: bool = False, hand: Hand | None = None) -> Entrance:
    return Entrance(account, (hand or Hand()).monotonic, lambda: guarded)


def basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("account", "guarded", "port", "header", "role"),
    [
        (CLOSED, False, "grafana", "", Role.GUEST),
        (CLOSED, False, "grafana", basic("admin", "p"), Role.OWNER),
        (CLOSED, False, "prometheus", basic("admin", "p"), Role.OWNER),
        (CLOSED, False, "grafana", basic("admin", "x"), Role.GUEST),
        (CLOSED, False, "grafana", basic("root", "p"), Role.GUEST),
        (CLOSED, False, "grafana", "Basic ???", Role.GUEST),
        (CLOSED, True, "grafana", basic("web", "w"), Role.GUEST),
        (CLOSED, True, "grafana", basic("admin", "p"), Role.OWNER),
        (VIEWERS, False, "grafana", "", Role.VIEWER),
        (VIEWERS, False, "prometheus", "", Role.VIEWER),
        (VIEWERS, False, "grafana", basic("admin", "x"), Role.GUEST),
        (VIEWERS, False, "grafana", "Bearer x", Role.GUEST),
        (VIEWERS, True, "grafana", basic("web", "w"), Role.VIEWER),
        (ADMINS, False, "grafana", "", Role.ADMIN),
        (OPEN, False, "grafana", "", Role.OWNER),
        (OPEN, False, "grafana", basic("x", "y"), Role.OWNER),
        (OPEN, False, "grafana", "Bearer x", Role.OWNER),
        (OPEN, False, "prometheus", "", Role.GUEST),
        (OPEN, False, "prometheus", basic("admin", ""), Role.GUEST),
        (OPEN, True, "prometheus", basic("web", "w"), Role.OWNER),
        (replace(OPEN, anonymous=Role.EDITOR), False, "prometheus", "", Role.EDITOR),
    ],
)
def test_a_request_may_do_what_it_is_known_for(
    account: Account, guarded: bool, port: str, header: str, role: Role
) -> None:
    found = entrance(account, guarded=guarded).admit(Given(port=port, authorization=header))
    assert found.role is role
    assert role is Role.OWNER or found.why


def test_a_session_stands_for_the_password_until_it_ends() -> None:
    hand = Hand()
    door = entrance(replace(CLOSED, lifetime=1000.0, patience=100.0), hand=hand)
    cookie, refused = door.log_in("admin", "p", Given(port="grafana"))
    assert (bool(cookie), refused) == (True, "")

    def role(at: float) -> Role:
        hand.now = at
        return door.admit(Given(port="prometheus", cookie=cookie)).role

    assert [role(at) for at in (0.0, 90.0, 180.0, 281.0)] == [Role.OWNER, Role.OWNER, Role.OWNER, Role.GUEST]
    cookie, _ = door.log_in("admin", "p", Given(port="grafana"))
    assert {role(281.0 + step) for step in range(0, 1000, 50)} == {Role.OWNER}
    assert role(1281.0) is Role.GUEST
    cookie, _ = door.log_in("admin", "p", Given(port="grafana"))
    assert role(1281.0) is Role.OWNER
    door.log_out(cookie)
    assert role(1281.0) is Role.GUEST


def test_a_reload_keeps_sessions_and_another_password_ends_them() -> None:
    door = entrance(CLOSED)
    cookie, _ = door.log_in("admin", "p", Given(port="grafana"))
    roles = []
    for account in (VIEWERS, replace(VIEWERS, password=Secret("other")), CLOSED):
        door.follow(account)
        roles.append(door.admit(Given(port="grafana", cookie=cookie)).role)
    assert roles == [Role.OWNER, Role.VIEWER, Role.GUEST]


def test_the_sessions_that_were_not_used_go_where_there_are_too_many() -> None:
    hand = Hand()
    door, given = entrance(CLOSED, hand=hand), Given(port="grafana")
    first, second = (door.log_in("admin", "p", given)[0] for _ in range(2))
    for _ in range(99):
        hand.now += 1.0
        assert door.admit(replace(given, cookie=first)).role is Role.OWNER
        door.log_in("admin", "p", given)
    assert [door.admit(replace(given, cookie=one)).role for one in (first, second)] == [Role.OWNER, Role.GUEST]


def test_nobody_guesses_a_password() -> None:
    hand = Hand()
    door, given = entrance(CLOSED, hand=hand), Given(port="grafana")
    for _ in range(5):
        assert door.log_in("admin", "x", given) == ("", WRONG)
    assert "try again in 5 min" in door.log_in("admin", "p", given)[1]
    assert "Too many" in door.admit(replace(given, authorization=basic("admin", "p"))).why
    assert door.log_in("root", "x", given) == ("", WRONG)
    for number in range(3000):
        door.log_in(f"made up {number}", "x", given)
    hand.now = 299.0
    assert "try again in 1 min" in door.log_in("admin", "p", given)[1]
    hand.now = 301.0
    assert door.log_in("admin", "p", given)[0]
    unlimited = entrance(replace(CLOSED, slows_guessing=False))
    assert [unlimited.log_in("admin", "x", given)[1] for _ in range(9)] == [WRONG] * 9
    assert unlimited.log_in("admin", "p", given)[0]


def test_without_a_password_there_is_no_session_that_could_be_carried_to_another_port() -> None:
    door = entrance(OPEN)
    assert door.log_in("x", "y", Given(port="grafana")) == ("", "")
    assert "set GF_SECURITY_ADMIN_PASSWORD" in door.log_in("x", "y", Given(port="prometheus"))[1]


def test_no_text_is_too_odd_for_a_password() -> None:
    door = entrance(CLOSED)
    for text in ("", "\ud800", "é", "p\0", "p" * 100_000):
        assert door.log_in("admin", text, Given(port="grafana"))[1]
