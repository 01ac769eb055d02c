"""The one account that there is, and what whoever comes may do."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from msgspec import Struct

from engine.foundation.values import Secret

_DAY: Final = 86_400.0


class Role(IntEnum):
    """Each may do what those before it may."""

    GUEST = 0
    """Sees the dashboards of a port that nobody guards, and of data what that port tells everybody."""
    VIEWER = 1
    """Asks every data source, as in Grafana."""
    EDITOR = 2
    """Saves dashboards, and changes sources through the proxy where Grafana lets it."""
    ADMIN = 3
    """Is told of data sources and users."""
    OWNER = 4
    """The account itself; nobody who did not say who they are."""


class Account(Struct, frozen=True, kw_only=True):
    """Who may come in. `password` None lets everybody in at the ports in `loopback`, where only this machine can come.

    `anonymous` is what those may do who name nobody. A session ends `lifetime` seconds after it began, and `patience`
    seconds after it was last used. `slows_guessing` refuses all passwords for a while after some wrong ones.
    """

    user: str = "admin"
    password: Secret | None = None
    anonymous: Role = Role.GUEST
    org: str = "Main Org."
    loopback: frozenset[str] = frozenset()
    """The components at whose ports it can: the first port may be open to others while Grafana's is not."""
    lifetime: float = 30 * _DAY
    patience: float = 7 * _DAY
    slows_guessing: bool = True
    secure_cookie: bool = False
    """Also where the engine itself speaks no TLS, since somebody before it does."""

    def has_credentials_of(self, other: Account) -> bool:
        return (self.user, self.password) == (other.user, other.password)
