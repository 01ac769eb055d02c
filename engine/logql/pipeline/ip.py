"""`ip("...")`: an address, a network or a range of addresses, looked for in texts."""

from __future__ import annotations

import ipaddress
import re
from typing import Final, TypeAlias

from promql.model.labels import quote

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_CANDIDATE: Final = re.compile(rb"[0-9a-fA-F:.]{3,45}")  # noqa: TID251 - ours, linear


class Addresses:
    """Those from `low` to `high`. Raises ValueError for a pattern that is none of the three."""

    def __init__(self, pattern: str) -> None:
        try:
            self._low, self._high = _bounds(pattern.strip())
        except ValueError:
            raise ValueError(f"ip: invalid pattern {quote(pattern)}: want an address, a network or a range") from None

    def contains(self, text: bytes) -> bool:
        """Does the text hold such an address?"""
        return any(self._is_one(found) for found in _CANDIDATE.findall(text) if b"." in found or b":" in found)

    def _is_one(self, candidate: bytes) -> bool:
        text = candidate.decode().strip(".")
        address = _address(text) or _address(text.rpartition(":")[0]) or _address(text.strip(":"))
        if address is None or address.version != self._low.version:
            return False
        return int(self._low) <= int(address) <= int(self._high)


def _address(text: str) -> _Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _bounds(pattern: str) -> tuple[_Address, _Address]:
    if "/" in pattern:
        network = ipaddress.ip_network(pattern, strict=False)
        return network[0], network[-1]
    low, dash, high = pattern.partition("-")
    first = ipaddress.ip_address(low.strip())
    last = ipaddress.ip_address(high.strip()) if dash else first
    if first.version != last.version or int(first) > int(last):
        raise ValueError(pattern)
    return first, last
