"""From the host of a target to the one address that is probed, and what is told of it."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Final, TypeAlias

from msgspec import Struct
from yarl import URL

from exporters.blackbox.config.document import IpProtocol
from exporters.blackbox.task import ProbeError, Task, steps

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_LARGEST_PORT: Final = 65_535
_FNV_START: Final = 0x811C9DC5
_FNV_PRIME: Final = 0x01000193


class Place(Struct, frozen=True):
    """Where to connect."""

    address: Address
    port: int

    def __str__(self) -> str:
        return host_port(str(self.address), self.port)


def host_port(host: str, port: int | str) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def split_host_port(text: str) -> tuple[str, str]:
    """Host and port as Go splits them. Raises ProbeError."""
    host, colon, port = text.rpartition(":")
    if not colon or (host.startswith("[") and not host.endswith("]")) or text.endswith("]"):
        raise ProbeError(f"address {text}: missing port in address")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise ProbeError(f"address {text}: too many colons in address")
    return host.removeprefix("[").removesuffix("]"), port


async def choose(task: Task, protocol: IpProtocol, *, fallback: bool, host: str, port: str = "") -> tuple[Place, float]:
    """The address of the wanted protocol, or else of the other one where that may be, and the seconds that it took.

    `port` is a number or a service's name. Names of components of this process, and those that only a container
    network knows, lead to this machine. Raises ProbeError.
    """
    told, clock = task.told, task.clock
    told.declare("probe_ip_protocol", "probe_dns_lookup_time_seconds", "probe_ip_addr_hash")
    told.log("info", "Resolving target address", host=host, ip_protocol=f"ip{protocol.version}")
    started = clock.monotonic()
    try:
        with steps():
            async with asyncio.timeout_at(task.until):
                led, number = await _lead(task, host, _number(port) or 0)
                address = _choose(await addresses_of(led), protocol.version, led, fallback=fallback)
    except ProbeError as error:
        told.log("error", "Resolution with IP protocol failed", host=host, err=error)
        raise
    finally:
        seconds = clock.monotonic() - started
        told.set("probe_dns_lookup_time_seconds", seconds)
    told.log("info", "Resolved target address", host=host, ip=address)
    told.set("probe_ip_protocol", address.version)
    told.set("probe_ip_addr_hash", fnv32a(address.packed))
    if number == 0 and port and _number(port) is None:
        raise ProbeError(f"address {port}: invalid port")
    return Place(address, number), seconds


async def addresses_of(host: str) -> list[Address]:
    """All addresses of a name, in the order in which they should be tried. Raises ProbeError, OSError."""
    if (literal := _literal(host)) is not None:
        return [literal]
    if not host:
        raise ProbeError("lookup : no such host")
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror:
        raise ProbeError(f"lookup {host}: no such host") from None
    return [ipaddress.ip_address(place[4][0]) for place in found]


def fnv32a(data: bytes) -> int:
    """Fowler, Noll and Vo's hash."""
    value = _FNV_START
    for byte in data:
        value = (value ^ byte) * _FNV_PRIME & 0xFFFFFFFF
    return value


async def _lead(task: Task, host: str, port: int) -> tuple[str, int]:
    if not host or (_literal(host) is not None and not port):
        return host, port
    try:
        written = URL.build(scheme="http", host=host, port=port or None, path="/")
    except ValueError:  # no host of a URL: the resolver will say so
        return host, port
    led = (await task.addresses.lead(written)).url
    return (host, port) if led == written else (led.host or host, led.port or 0 if port else 0)


def _choose(found: list[Address], version: int, host: str, *, fallback: bool) -> Address:
    """The first of the wanted version, else the last of all, as the original does."""
    wanted = next((address for address in found if address.version == version), None)
    if wanted is not None:
        return wanted
    if not fallback or not found:
        raise ProbeError(f"lookup {host}: no suitable address found")
    return found[-1]


def _number(port: str) -> int | None:
    """None where it is neither a port's number nor a service's name."""
    try:
        number = int(port) if port.isascii() and port.isdigit() else socket.getservbyname(port or "")
    except OSError:
        return None
    return number if number <= _LARGEST_PORT else None


def _literal(host: str) -> Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
