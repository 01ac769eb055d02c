"""SOCKS5 proxies, by a library that is an extra of its own.

The name of whoever is called is looked up by the proxy, as Go asks it to.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Final

from yarl import URL

from engine.foundation.http_errors import CallError

if TYPE_CHECKING:
    import aiohttp

SCHEMES: Final = frozenset({"socks5", "socks5h"})
MISSING: Final = "socks5 proxies need a library: pip install 'monitoring-engine[socks]'"


def available() -> bool:
    return importlib.util.find_spec("aiohttp_socks") is not None


def connector(proxy: URL, kept_seconds: float) -> aiohttp.BaseConnector:
    """Connections through the proxy, idle ones kept for so long. Raises CallError without the library."""
    if not available():
        raise CallError(MISSING)
    from aiohttp_socks import ProxyConnector, ProxyType  # noqa: PLC0415 - an extra

    return ProxyConnector(
        proxy_type=ProxyType.SOCKS5,
        host=proxy.host or "",
        port=proxy.port or 1080,
        username=proxy.user,
        password=proxy.password,
        rdns=True,
        limit=0,
        keepalive_timeout=kept_seconds,
    )


def failure(error: Exception, proxy: URL, url: URL) -> CallError | None:
    """What the library says, in the form of Go's words; None where it is no error of the library."""
    if not type(error).__module__.startswith(("aiohttp_socks", "python_socks")):
        return None
    way = f"{proxy.host}:{proxy.port or 1080}->{url.host}:{url.port}"
    return CallError(f"socks connect tcp {way}: {error}")
