"""ICMP: an echo request and its reply, over an unprivileged socket, or else a raw one.

Which of both the system allows is tried each time, unprivileged first: `net.ipv4.ping_group_range` may change. What
may not be fragmented needs a raw socket, as in the original.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import struct
from itertools import count
from typing import Final

from msgspec import Struct

from exporters.blackbox.config.document import IcmpProbe
from exporters.blackbox.resolving import Address, choose
from exporters.blackbox.task import DEADLINE, ProbeError, Task

_PAYLOAD: Final = b"Prometheus Blackbox Exporter"
_HEAD: Final = struct.Struct("!BBHHH")
_REQUEST: Final = {4: 8, 6: 128}
_REPLY: Final = {4: 0, 6: 129}
_LARGEST: Final = 65_535
_INT: Final = struct.Struct("i")
# Linux's numbers, which Python does not name in all its releases.
_IP_MTU_DISCOVER: Final = 10
_IP_PMTUDISC_DO: Final = 2
_IP_RECVTTL: Final = 12
_DURATION: Final = "probe_icmp_duration_seconds"
_PHASES: Final = ("resolve", "setup", "rtt")
# At random, so that several exporters behind one address are not mistaken for each other.
_ID: Final = secrets.randbelow(1 << 16) if os.getpid() == 1 else os.getpid() & 0xFFFF
_sequence = count(secrets.randbelow(1 << 16))


async def probe_icmp(task: Task) -> bool:
    told, clock, config = task.told, task.clock, task.module.icmp or IcmpProbe()
    for phase in _PHASES:
        told.add(_DURATION, 0.0, phase=phase)
    try:
        place, seconds = await choose(
            task, config.preferred_ip_protocol, fallback=config.ip_protocol_fallback, host=task.target
        )
        told.add(_DURATION, seconds, phase="resolve")
        started = clock.monotonic()
        told.log("info", "Creating socket")
        opened = _open(config, place.address.version)
    except ProbeError as error:
        told.log("error", "Error resolving address or listening to socket", err=error)
        return False
    with opened.socket:
        try:
            packet = _request(config, place.address.version, next(_sequence) & 0xFFFF)
            told.add(_DURATION, clock.monotonic() - started, phase="setup")
            told.log("info", "Writing out packet", bytes=len(packet))
            sent = clock.monotonic()
            opened.socket.sendto(packet, (str(place.address), 0))
            hops = await _reply(task, opened, place.address, packet)
        except (ProbeError, OSError) as error:
            told.log("warn", "No reply", err=error)
            return False
    told.add(_DURATION, clock.monotonic() - sent, phase="rtt")
    if hops is not None:
        told.set("probe_icmp_reply_hop_limit", hops)
    told.log("info", "Found matching reply packet")
    return True


class _Opened(Struct, frozen=True):
    socket: socket.socket
    raw: bool


def _open(config: IcmpProbe, version: int) -> _Opened:
    """A socket with the module's options. Raises ProbeError."""
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    number = socket.IPPROTO_ICMP if version == 4 else socket.IPPROTO_ICMPV6
    raw_only = config.dont_fragment and version == 4
    for kind in (socket.SOCK_RAW,) if raw_only else (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            made = socket.socket(family, kind, number)
        except PermissionError:
            continue
        except OSError as error:
            raise ProbeError(f"no socket for ICMP: {error.strerror}") from None
        try:
            _prepare(made, config, version)
        except OSError as error:
            made.close()
            raise ProbeError(f"no socket for ICMP: {error.strerror}") from None
        return _Opened(made, raw=kind == socket.SOCK_RAW)
    unprivileged = "" if raw_only else 'allow it with `sysctl net.ipv4.ping_group_range="0 2147483647"`, or '
    raise ProbeError(f"the system permits no socket for ICMP: {unprivileged}give this program CAP_NET_RAW")


def _prepare(made: socket.socket, config: IcmpProbe, version: int) -> None:
    made.setblocking(False)
    if version == 4:
        made.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)
        if config.ttl:
            made.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, config.ttl)
        if config.dont_fragment:
            made.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _IP_PMTUDISC_DO)
    else:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        if config.ttl:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, config.ttl)
    if config.source_ip_address:
        made.bind((config.source_ip_address, 0))


def _request(config: IcmpProbe, version: int, sequence: int) -> bytes:
    size = config.payload_size or len(_PAYLOAD)
    payload = _PAYLOAD[:size].ljust(size, b"\0")
    kind = _REQUEST[version]
    # The system fills in the sum of ICMPv6, which needs the addresses.
    total = _checksum(_HEAD.pack(kind, 0, 0, _ID, sequence) + payload) if version == 4 else 0
    return _HEAD.pack(kind, 0, total, _ID, sequence) + payload


async def _reply(task: Task, opened: _Opened, address: Address, packet: bytes) -> int | None:
    """The hop limit of the reply, where it can be seen. Raises ProbeError when none comes."""
    loop, waiting = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(opened.socket, waiting.set)
    try:
        async with asyncio.timeout_at(task.until):
            while True:
                await waiting.wait()
                waiting.clear()
                while (found := _received(opened, address.version)) is not None:
                    data, hops, source = found
                    if source == str(address) and _answers(data, packet, address.version, raw=opened.raw):
                        return hops
    except TimeoutError:
        raise ProbeError(DEADLINE) from None
    finally:
        loop.remove_reader(opened.socket)


def _received(opened: _Opened, version: int) -> tuple[bytes, int | None, str] | None:
    """An ICMP message, its hop limit, and whose it is; None where nothing waits."""
    try:
        data, more, _, source = opened.socket.recvmsg(_LARGEST, socket.CMSG_SPACE(_INT.size))
    except (BlockingIOError, ConnectionError):
        return None
    hops = next((_INT.unpack(part[: _INT.size])[0] for _, _, part in more if len(part) >= _INT.size), None)
    if version == 4 and opened.raw and data:
        hops, data = data[8], data[(data[0] & 0x0F) * 4 :]  # behind the header of IP
    return data, hops, str(source[0])


def _answers(data: bytes, packet: bytes, version: int, *, raw: bool) -> bool:
    """Whether it is the reply to our packet; the system chooses the id of unprivileged ones, and tells of no other."""
    if len(data) != len(packet) or len(data) < _HEAD.size:
        return False
    kind, code, _, identity, sequence = _HEAD.unpack_from(data)
    _, _, _, own, asked = _HEAD.unpack_from(packet)
    same = (kind, code, sequence) == (_REPLY[version], 0, asked) and (identity == own or not raw)
    return same and data[_HEAD.size :] == packet[_HEAD.size :]


def _checksum(data: bytes) -> int:
    """The internet's (RFC 1071)."""
    padded = data + b"\0" if len(data) % 2 else data
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
