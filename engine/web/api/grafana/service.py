"""What the handlers of Grafana's API have in common: sources, dashboards, who may come in."""

from __future__ import annotations

import hmac
import secrets
from base64 import b64decode
from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import Struct, field

from engine.dashboards.library import Library
from engine.dashboards.view.panel import Desk
from engine.foundation.values import Secret

VERSION: Final = "9.4.7"
COOKIE: Final = "grafana_session"
_MOST_SESSIONS: Final = 100
_UNGUARDED: Final = (
    "Unauthorized: other machines can come to this port, and no password is set: set GF_SECURITY_ADMIN_PASSWORD"
)


class Account(Struct, frozen=True, kw_only=True):
    """Who may come in. `password` None lets everybody in at the ports in `loopback`, where only this machine can come.

    `anonymous` ones may read, and write where `anonymous_writes`.
    """

    user: str = "admin"
    password: Secret | None = None
    anonymous: bool = False
    anonymous_writes: bool = False
    org: str = "Main Org."
    loopback: frozenset[str] = frozenset()
    """The components at whose ports it can: the first port may be open to others while Grafana's is not."""


class Service(Struct, frozen=True, kw_only=True):
    """`reload` reads all provisioning files again."""

    desk: Desk
    library: Library
    account: Account
    root_url: str
    prefix: str
    theme: str
    timezone: str
    home: str
    sign_up: bool
    reload: Callable[[], Awaitable[None]]
    sessions: dict[str, str] = field(default_factory=dict)

    def look(self) -> None:
        """At the files, if it is time to."""
        self.library.look(self.desk.clock.monotonic())

    def knows(self, user: str, password: str, port: str = "grafana") -> bool:
        """Whether these are the credentials; any are, where no password is set and only this machine can ask."""
        if self.account.password is None:
            return port in self.account.loopback
        same = hmac.compare_digest(user.encode(), self.account.user.encode())
        return hmac.compare_digest(password.encode(), self.account.password.reveal().encode()) and same

    def session(self, user: str) -> str:
        """A new one, whose cookie stands for the password."""
        token = secrets.token_urlsafe(24)
        while len(self.sessions) >= _MOST_SESSIONS:
            self.sessions.pop(next(iter(self.sessions)))
        self.sessions[token] = user
        return token

    def admits(self, authorization: str, cookie: str, *, writes: bool, port: str) -> str:
        """Empty where whoever asks at this component's port may come in, to write if it `writes`; else why not."""
        if cookie and cookie in self.sessions:
            return ""
        kind, _, rest = authorization.partition(" ")
        if kind.lower() == "basic":
            user, _, password = _decoded(rest).partition(":")
            return "" if self.knows(user, password, port) else "Invalid username or password"
        if authorization:
            return "Invalid API key"
        if self.account.password is None and port in self.account.loopback:
            return ""
        if self.account.anonymous and (self.account.anonymous_writes or not writes):
            return ""
        return _UNGUARDED if self.account.password is None else "Unauthorized"


def _decoded(text: str) -> str:
    try:
        return b64decode(text, validate=True).decode(errors="replace")
    except ValueError:
        return ""
