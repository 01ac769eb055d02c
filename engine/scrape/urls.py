"""URLs of targets, written and refused in Go's words, since users see both in Prometheus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote as percent
from urllib.parse import quote_plus

from promql.model.labels import quote

_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def build(scheme: str, host: str, path: str, params: Mapping[str, Sequence[str]]) -> str:
    """The URL as Go writes it: parameters sorted by name, values in their order."""
    escaped = percent(path, safe="$&+,/:;=@")
    if escaped and not escaped.startswith("/"):
        escaped = "/" + escaped
    query = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name in sorted(params) for value in params[name])
    return f"{scheme}://{_escape_host(host)}{escaped}{'?' + query if query else ''}"


def fault(url: str) -> str | None:
    """Why Go would not take the URL, or None: `parse "...": invalid port ":abc" after host`."""
    host = url.partition("://")[2].partition("/")[0].partition("?")[0]
    if "%" in host and (escape := host[host.index("%") :][:3]).upper() < "%80":
        return f"parse {quote(url)}: invalid URL escape {quote(escape)}"
    _, colon, port = host.rpartition(":") if not host.endswith("]") else ("", "", "")
    if colon and port and not (port.isascii() and port.isdigit()):
        return f"parse {quote(url)}: invalid port {quote(':' + port)} after host"
    return None


def split_host_port(address: str) -> tuple[str, str] | None:
    """Go's `net.SplitHostPort`; None where it errs (no port, too many colons, a stray bracket)."""
    host, colon, port = address.rpartition(":")
    if not colon:
        return None
    if address.startswith("["):
        if not host.endswith("]"):
            return None
        host = host[1:-1]
    elif ":" in host:
        return None
    return None if set("[]") & set(host + port) else (host, port)


def global_url(url: str, external: str, listen: str) -> str:
    """What others must call: a local host becomes that of the external URL, and our own port its whole origin.

    `external` is the external URL, `listen` the address that we listen on.
    """
    scheme, _, rest = url.partition("://")
    end = min((i for i in (rest.find("/"), rest.find("?")) if i >= 0), default=len(rest))
    split = split_host_port(rest[:end])
    if split is None or split[0] not in _LOCAL:
        return url
    outer_scheme, _, outer_rest = external.partition("://")
    outer = outer_rest.partition("/")[0]
    own = split_host_port(listen)
    if own is not None and own[1] == split[1]:
        return f"{outer_scheme}://{outer}{rest[end:]}"
    outer_split = split_host_port(outer)
    return url if outer_split is None else f"{scheme}://{outer_split[0]}:{split[1]}{rest[end:]}"


def _escape_host(host: str) -> str:
    return percent(host, safe="!$&'()*+,;=:[]<>\"")
