"""Which proxy a request goes through.

`no_proxy` and the environment are read as Go reads them: entries with commas between them, each `*`, a network, an
address or a name, perhaps with a port. A name stands for itself and all below it, one with a dot before it for those
below alone. Where either is in force, this machine itself is never asked for by way of a proxy.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from typing import Final, Self

from msgspec import Struct
from yarl import URL

from engine.foundation.http_config import HTTPClientConfig, ProxyConfig

_PORTS: Final = {"http": 80, "https": 443}


class Proxies(Struct, frozen=True):
    """By the scheme of what is asked for; `but` are the entries of `no_proxy`, None where there is no such list."""

    by_scheme: Mapping[str, str]
    but: tuple[str, ...] | None = None

    @classmethod
    def of(cls, config: ProxyConfig, environment: Mapping[str, str]) -> Self:
        if config.proxy_from_environment:
            found = {scheme: _either(environment, f"{scheme}_proxy") for scheme in _PORTS}
            named = {scheme: url if "://" in url else f"http://{url}" for scheme, url in found.items() if url}
            return cls(named, _entries(_either(environment, "no_proxy")))
        if not config.proxy_url:
            return cls({})
        but = _entries(config.no_proxy) if config.no_proxy else None
        return cls(dict.fromkeys(_PORTS, config.proxy_url.reveal()), but)

    def proxy(self, url: URL) -> URL | None:
        """The proxy for this URL; None where it is called itself."""
        written = self.by_scheme.get(url.scheme, "")
        if not written or (self.but is not None and self._spares(url)):
            return None
        return URL(written)

    def _spares(self, url: URL) -> bool:
        host, port = (url.host or "").lower().rstrip("."), str(url.port or _PORTS[url.scheme])
        address = as_address(host)
        if host == "localhost" or (address is not None and address.is_loopback):
            return True
        return any(_covers(entry, host, port, address) for entry in self.but or ())


def ways(config: HTTPClientConfig) -> list[str]:
    """The URLs of all who may be called besides the one that is asked: proxies, and a server of tokens."""
    found = [*Proxies.of(config, os.environ).by_scheme.values()]
    if config.oauth2 is not None:
        found += [config.oauth2.token_url, *Proxies.of(config.oauth2, os.environ).by_scheme.values()]
    return list(dict.fromkeys(found))


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _covers(entry: str, host: str, port: str, address: _Address | None) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        try:
            return address is not None and address in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    name, only = _split(entry)
    if only and only != port:
        return False
    if (wanted := as_address(name)) is not None:
        return address == wanted
    name = name.removeprefix("*")
    return host.endswith(name) if name.startswith(".") else host == name or host.endswith(f".{name}")


def _split(entry: str) -> tuple[str, str]:
    """Name or address, and port, which may be missing."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, rest.removeprefix(":")
    name, colon, port = entry.rpartition(":")
    return (name, port) if colon and ":" not in name else (entry, "")


def as_address(text: str) -> _Address | None:
    """The IP address that this is, where it is one and no name."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _entries(text: str) -> tuple[str, ...]:
    return tuple(entry for part in text.split(",") if (entry := part.strip().lower()))


def _either(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name.upper()) or environment.get(name, "")
