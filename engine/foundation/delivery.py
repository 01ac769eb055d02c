"""Safe by default: a laptop must never page the team.

What would leave this machine is not sent unless the user allowed it, for all receivers or for this one. It is made
in full all the same, kept here with its secrets masked, and shown in the log, in the terminal and in the API.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import socket
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from msgspec import Struct, field
from yarl import URL

from engine.foundation.addresses import AddressBook, is_service_name
from engine.foundation.gojson import encode
from engine.foundation.values import SECRET

EVERYBODY: Final = "*"
KEPT: Final = 1000
KEPT_CHARACTERS: Final = 16 * 1024 * 1024

log = logging.getLogger(__name__)


class DeliveryPolicy(Struct, frozen=True):
    """The names of receivers that may be contacted beyond this machine; `*` stands for all.

    Without `here` what leads to this machine is withheld too, unless its receiver is allowed.
    """

    allowed: frozenset[str] = frozenset()
    here: bool = True

    def permits(self, receiver: str, *, on_this_machine: bool) -> bool:
        return (on_this_machine and self.here) or EVERYBODY in self.allowed or receiver in self.allowed


class Withheld(Struct, frozen=True):
    """What would have been sent: `time` in Unix ns, the address and payload with secrets masked."""

    time: int
    receiver: str
    integration: str
    address: str
    payload: str


class Outbox(Struct):
    """The latest things that were withheld, oldest first; `total` counts all of them. Owned by one event loop.

    The newest is always kept; older ones as far as number and size (characters of payloads) allow.
    """

    limit: int = KEPT
    characters: int = KEPT_CHARACTERS
    total: int = 0
    _kept: deque[Withheld] = field(default_factory=deque)
    _size: int = 0
    _watchers: list[Callable[[Withheld], None]] = field(default_factory=list)

    def keep(self, withheld: Withheld) -> None:
        self._kept.append(withheld)
        self._size += len(withheld.payload)
        self.total += 1
        while len(self._kept) > 1 and (len(self._kept) > self.limit or self._size > self.characters):
            self._size -= len(self._kept.popleft().payload)
        log.info(
            "not sent, since it leads beyond this machine: %s to %s (--deliver %s would send it)",
            withheld.integration, withheld.address, withheld.receiver,
        )  # fmt: skip
        for watcher in self._watchers:
            watcher(withheld)

    def watch(self, watcher: Callable[[Withheld], None]) -> None:
        """Call `watcher` for each thing that is withheld from now on."""
        self._watchers.append(watcher)

    def all(self) -> list[Withheld]:
        return list(self._kept)


class Delivery(Struct, frozen=True):
    """What may leave, and what did not."""

    policy: DeliveryPolicy = field(default_factory=DeliveryPolicy)
    outbox: Outbox = field(default_factory=Outbox)


async def on_this_machine(host: str, port: int, addresses: AddressBook) -> bool:
    """Whether calling there stays here: loopback, a translated name, or a name without a dot that means loopback.

    A name with dots never counts, whatever it resolves to, since whoever owns its zone could change that.
    """
    if is_loopback(host):
        return True
    if not host or not is_service_name(host):
        return False
    route = await addresses.lead(URL.build(scheme="http", host=host, port=port))
    if route.page is not None or is_loopback(route.url.host or ""):
        return True
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # unknown, or no name that DNS could hold
        return False
    return all(is_loopback(str(address[0])) for *_, address in found)


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text without these secrets, in whatever form they stand in it: plain, in JSON, in a URL. What is masked
    already stays as it is, whatever the secrets are.
    """
    forms = {form for secret in filter(None, secrets) for form in _forms(secret)}
    pieces = text.split(SECRET)
    for form in sorted(forms, key=len, reverse=True):
        pieces = [part for piece in pieces for part in piece.split(form)]
    return SECRET.join(pieces)


def _forms(secret: str) -> tuple[str, ...]:
    """Plain; in JSON as others and as Go write it; in a URL as a part of the path, of a path's part, of the query, and
    without line ends, which URLs lose.
    """
    in_json = json.dumps(secret)[1:-1], encode(secret).decode()[1:-1]
    return (secret, *in_json, quote(secret), quote(secret, safe=""), quote_plus(secret), "".join(secret.splitlines()))


def masked_url(url: str) -> str:
    """The URL without its password, and without the values of its query, which often hold a token."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return SECRET  # no URL at all, so nobody knows what stands in it
    host = parts.netloc.rpartition("@")[2]
    user = f"{parts.username}:{SECRET}@" if parts.username else ""
    query = "&".join(f"{name}={SECRET}" for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    return f"{parts.scheme}://{user}{host}{parts.path}" + (f"?{query}" if query else "")
