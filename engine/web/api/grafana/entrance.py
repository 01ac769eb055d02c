"""Who comes in: passwords, sessions, and wrong tries.

Laws: what is compared takes as long whether it is right or wrong; a session is only given for a password, and ends with
it; after five wrong passwords for a user in five minutes none is looked at until the oldest is five minutes old, so
that nobody guesses (as in Grafana); all that is remembered is bounded.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
from base64 import b64decode
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from engine.web.api.grafana.account import Account, Role

_MOST_SESSIONS: Final = 100
_MOST_NAMES: Final = 1000
_MOST_TRIES: Final = 5
_WITHIN: Final = 300.0

WRONG: Final = "Invalid username or password"
_UNGUARDED: Final = (
    "Unauthorized: other machines can come to this port, and no password is set: set GF_SECURITY_ADMIN_PASSWORD"
)


class Given(Struct, frozen=True, kw_only=True):
    """What a request says of who sends it."""

    port: str
    authorization: str = ""
    cookie: str = ""


class Admission(Struct, frozen=True):
    """What they may do; for who came in by nothing that they said, why they may not do more."""

    role: Role
    why: str = ""


_OWNER: Final = Admission(Role.OWNER)


class _Session(Struct):
    began: float
    used: float


class Entrance:
    """Owns sessions and tries; `monotonic` in seconds.

    `guarded` says whether `--web.config.file` has let in whoever comes: then the header was meant for that.
    """

    def __init__(self, account: Account, monotonic: Callable[[], float], guarded: Callable[[], bool]) -> None:
        self._account = account
        self._monotonic = monotonic
        self._guarded = guarded
        self._sessions: dict[bytes, _Session] = {}
        self._wrong: OrderedDict[bytes, deque[float]] = OrderedDict()

    @property
    def account(self) -> Account:
        return self._account

    def follow(self, account: Account) -> None:
        """A reload: sessions stay, unless user or password are others."""
        if not account.has_credentials_of(self._account):
            self._sessions.clear()
            self._wrong.clear()
        self._account = account

    def admit(self, given: Given) -> Admission:
        """Whoever sends a request."""
        account = self._account
        if self._is_open(given.cookie):
            return _OWNER
        kind, _, rest = given.authorization.partition(" ")
        if kind.lower() == "basic":
            if (found := self._by_password(rest)) is not None:
                return found
        elif given.authorization and account.password is not None:
            return Admission(Role.GUEST, "Invalid API key")
        if account.password is None and (self._guarded() or given.port in account.loopback):
            return _OWNER
        return Admission(account.anonymous, _UNGUARDED if account.password is None else "Unauthorized")

    def log_in(self, user: str, password: str, given: Given) -> tuple[str, str]:
        """The cookie of a new session, and why there is none; where no password is set nobody needs one."""
        if self._account.password is None:
            refused = "" if self.admit(given).role is Role.OWNER else _UNGUARDED
            return "", refused
        refused = self._refusal(user, password)
        return ("", refused) if refused else (self._begin(), "")

    def log_out(self, cookie: str) -> None:
        self._sessions.pop(_digest(cookie), None)

    def _by_password(self, encoded: str) -> Admission | None:
        """None where the header says nothing: no password is set, or it was meant for the web config."""
        if self._account.password is None:
            return None
        user, _, password = _decoded(encoded).partition(":")
        if self._guarded():
            return _OWNER if self._is_right(user, password) else None
        refused = self._refusal(user, password)
        return Admission(Role.GUEST, refused) if refused else _OWNER

    def _refusal(self, user: str, password: str) -> str:
        """Empty where this is the account and its password."""
        now = self._monotonic()
        if (seconds := self._blocked_for(user, now)) > 0:
            return f"Too many wrong passwords: try again in {math.ceil(seconds / 60)} min"
        if self._is_right(user, password):
            self._wrong.pop(_digest(user), None)
            return ""
        self._remember(user, now)
        return WRONG

    def _is_right(self, user: str, password: str) -> bool:
        account = self._account
        wanted = "" if account.password is None else account.password.reveal()
        same = hmac.compare_digest(_digest(user), _digest(account.user))
        return hmac.compare_digest(_digest(password), _digest(wanted)) and same and account.password is not None

    def _blocked_for(self, user: str, now: float) -> float:
        """Seconds."""
        tries = self._wrong.get(_digest(user))
        if tries is None or len(tries) < _MOST_TRIES or not self._account.slows_guessing:
            return 0.0
        return tries[0] + _WITHIN - now

    def _remember(self, user: str, now: float) -> None:
        """The account's own name is never forgotten for others."""
        key, own = _digest(user), _digest(self._account.user)
        self._wrong.setdefault(key, deque(maxlen=_MOST_TRIES)).append(now)
        self._wrong.move_to_end(key)
        if len(self._wrong) > _MOST_NAMES:
            del self._wrong[next(one for one in self._wrong if one != own)]

    def _begin(self) -> str:
        token, now = secrets.token_urlsafe(24), self._monotonic()
        while len(self._sessions) >= _MOST_SESSIONS:
            del self._sessions[min(self._sessions, key=lambda one: self._sessions[one].used)]
        self._sessions[_digest(token)] = _Session(now, now)
        return token

    def _is_open(self, cookie: str) -> bool:
        key, now = _digest(cookie), self._monotonic()
        found = self._sessions.get(key)
        if found is None:
            return False
        if now - found.began >= self._account.lifetime or now - found.used >= self._account.patience:
            del self._sessions[key]
            return False
        found.used = now
        return True


def _digest(text: str) -> bytes:
    """As long for each text, so that a comparison doesn't tell how long it is; names and sessions are kept by it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _decoded(text: str) -> str:
    try:
        return b64decode(text, validate=True).decode(errors="replace")
    except ValueError:
        return ""
