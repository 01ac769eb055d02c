"""DNS: one question, and what is asked of its answer. Needs the extra `dns` (dnspython)."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterable, Sequence
from typing import Final, Protocol, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.SOA import SOA

from engine.foundation.regexes import RegexError
from exporters.blackbox.config.dns_names import CLASSES, RCODES, TYPES
from exporters.blackbox.config.document import DnsProbe, RecordChecks, SearchRegex
from exporters.blackbox.resolving import Place, choose, split_host_port
from exporters.blackbox.task import ProbeError, Task, steps
from exporters.blackbox.tls.speaking import context
from exporters.blackbox.told import Told
from exporters.blackbox.wire import Wire

_DURATION: Final = "probe_dns_duration_seconds"
_PHASES: Final = ("resolve", "connect", "request")
_PORT: Final = "53"
_TLS_PORT: Final = "853"
_LARGEST_PACKET: Final = 512
"""Of UDP without extensions."""
_MOST_WAITING: Final = 64
_LENGTH: Final = struct.Struct("!H")


async def probe_dns(task: Task) -> bool:
    told, config = task.told, task.module.dns or DnsProbe()
    for phase in _PHASES:
        told.add(_DURATION, 0.0, phase=phase)
    told.declare(
        "probe_dns_answer_rrs", "probe_dns_authority_rrs", "probe_dns_additional_rrs", "probe_dns_query_succeeded"
    )
    if config.transport not in ("udp", "tcp"):
        told.log("error", "Configuration error: Expected transport protocol udp or tcp", protocol=config.transport)
        return False
    try:
        host, port = split_host_port(task.target)
    except ProbeError:
        host, port = task.target, _TLS_PORT if config.dns_over_tls else _PORT
    protocol, fallback = config.preferred_ip_protocol, config.ip_protocol_fallback
    try:
        place, seconds = await choose(task, protocol, fallback=fallback, host=host, port=port)
    except ProbeError as error:
        told.log("error", "Error resolving address", err=error)
        return False
    told.add(_DURATION, seconds, phase="resolve")
    if config.dns_over_tls and config.transport != "tcp":
        told.log("error", "Configuration error: Expected transport protocol tcp for DoT", protocol=config.transport)
        return False
    try:
        answer = await _ask(task, config, place, host)
    except ProbeError as error:
        told.log("error", "Error while sending a DNS query", err=error)
        return False
    return _judged(told, config, answer)


async def _ask(task: Task, config: DnsProbe, place: Place, host: str) -> dns.message.Message:
    """The answer of a server that calls itself `host`. Raises ProbeError."""
    told, clock = task.told, task.clock
    told.log("info", "Making DNS query", target=place, protocol=config.transport, query=config.query_name)
    question = _question(config)
    began, connected = clock.monotonic(), None
    try:
        channel = await _connected(task, config, place, host)
        connected = clock.monotonic()
        try:
            await channel.send(question.to_wire())
            return await _answer(question, channel, again=config.transport == "udp")
        finally:
            channel.close()
    finally:
        ended = clock.monotonic()
        told.set(_DURATION, (connected or ended) - began, phase="connect")
        told.set(_DURATION, ended - (connected or ended), phase="request")


def _question(config: DnsProbe) -> dns.message.QueryMessage:
    flags = dns.flags.RD if config.recursion_desired else dns.flags.Flag(0)
    try:
        name = dns.name.from_text(config.query_name)
        kind = dns.rdatatype.RdataType.make(TYPES[config.query_type or "ANY"])
        of = dns.rdataclass.RdataClass.make(CLASSES[config.query_class or "IN"])
        return dns.message.make_query(name, kind, of, use_edns=False, flags=int(flags))
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ProbeError(f"dns: bad rdata: {error}") from None


async def _answer(question: dns.message.Message, channel: _Channel, *, again: bool) -> dns.message.Message:
    """Of datagrams those with another number are left out: they answer earlier questions."""
    while True:
        data = await channel.receive()
        try:
            found = dns.message.from_wire(data, ignore_trailing=True, one_rr_per_rrset=True)
        except (dns.exception.DNSException, ValueError) as error:
            raise ProbeError(f"dns: {str(error) or type(error).__name__}") from None
        if found.id == question.id:
            return found
        if not again:
            raise ProbeError("dns: id mismatch")


class _Channel(Protocol):
    """A way to send a message and to wait for one. Raises ProbeError."""

    async def send(self, message: bytes) -> None: ...
    async def receive(self) -> bytes: ...
    def close(self) -> None: ...


async def _connected(task: Task, config: DnsProbe, place: Place, host: str) -> _Channel:
    if config.transport == "udp":
        return await _Datagrams.open(task, place, config.source_ip_address)
    wire = await Wire.connect(task, place, config.source_ip_address)
    if config.dns_over_tls:
        try:
            with steps():
                made = context(task)
            await wire.speak_tls(made, config.tls_config.server_name or host)
        except ProbeError:
            wire.close()
            raise
    return _Stream(wire)


class _Datagrams(asyncio.DatagramProtocol):
    """Owned by one probe. What comes is queued, and so is what the system says of the other side."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._come: asyncio.Queue[bytes | OSError] = asyncio.Queue(_MOST_WAITING)
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(cls, task: Task, place: Place, source: str) -> _Datagrams:
        local = (source, 0) if source else None
        with steps():
            _, made = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: cls(task), local_addr=local, remote_addr=(str(place.address), place.port)
            )
        return made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # that of 3.11 says that it is none

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._put(data[:_LARGEST_PACKET])

    def error_received(self, exc: Exception) -> None:
        self._put(exc if isinstance(exc, OSError) else OSError(str(exc)))

    async def send(self, message: bytes) -> None:
        assert self._transport is not None, "it is open"
        self._transport.sendto(message)

    async def receive(self) -> bytes:
        with steps():
            async with asyncio.timeout_at(self._task.until):
                found = await self._come.get()
            if isinstance(found, OSError):
                raise found
        return found

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _put(self, found: bytes | OSError) -> None:
        if not self._come.full():
            self._come.put_nowait(found)


class _Stream:
    """Messages with their lengths before them."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._data = b""

    async def send(self, message: bytes) -> None:
        await self._wire.send(_LENGTH.pack(len(message)) + message)

    async def receive(self) -> bytes:
        (size,) = _LENGTH.unpack(await self._exactly(_LENGTH.size))
        return await self._exactly(size)

    async def _exactly(self, size: int) -> bytes:
        while len(self._data) < size:
            data = await self._wire.read()
            if not data:
                raise ProbeError("unexpected EOF")
            self._data += data
        found, self._data = self._data[:size], self._data[size:]
        return found

    def close(self) -> None:
        self._wire.close()


def _judged(told: Told, config: DnsProbe, answer: dns.message.Message) -> bool:
    """Tell what came, and whether it is what the module wants."""
    extra = len(answer.additional) + (answer.opt is not None) + (answer.tsig is not None)
    told.set("probe_dns_answer_rrs", len(answer.answer))
    told.set("probe_dns_authority_rrs", len(answer.authority))
    told.set("probe_dns_additional_rrs", extra)
    told.set("probe_dns_query_succeeded", 1.0)
    if config.query_type == "SOA":
        told.declare("probe_dns_serial")
        for record in (rdata for rrset in answer.answer for rdata in rrset if isinstance(rdata, SOA)):
            told.set("probe_dns_serial", record.serial)
    return _is_valid(told, int(answer.rcode()), config.valid_rcodes) and all(
        _section(told, name, rrsets, checks)
        for name, rrsets, checks in (
            ("Answer", answer.answer, config.validate_answer_rrs),
            ("Authority", answer.authority, config.validate_authority_rrs),
            ("Additional", answer.additional, config.validate_additional_rrs),
        )
    )


def _is_valid(told: Told, rcode: int, wanted: Sequence[str]) -> bool:
    names = {number: name for name, number in RCODES.items()}
    for name in wanted:
        if name not in RCODES:
            told.log("error", "Invalid rcode", rcode=name, known_rcode=" ".join(RCODES))
            return False
    if rcode in {RCODES[name] for name in wanted or ("NOERROR",)}:
        told.log("info", "Rcode is valid", rcode=rcode, string_rcode=names.get(rcode, rcode))
        return True
    told.log("error", "Rcode is not one of the valid rcodes", rcode=rcode, string_rcode=names.get(rcode, rcode))
    return False


def _section(told: Told, name: str, rrsets: Iterable[dns.rrset.RRset], checks: RecordChecks) -> bool:
    told.log("info", f"Validating {name} RRs")
    fault = _fault(list(map(_text, rrsets)), checks)
    if fault:
        told.log("error", f"{name} RRs validation failed", err=fault)
    return not fault


def _text(record: dns.rrset.RRset) -> str:
    """As zone files have it, with tabs, as patterns expect it; each stands in a set of its own."""
    kind, of = dns.rdatatype.to_text(record.rdtype), dns.rdataclass.to_text(record.rdclass)
    rdata = record[0].to_text(chunksize=0) if len(record) else ""
    return f"{record.name}\t{record.ttl}\t{of}\t{kind}\t{rdata}"


def _fault(records: list[str], checks: RecordChecks) -> str:
    """What is wrong with the records of a section, or nothing."""
    for key in ("fail_if_not_matches_regexp", "fail_if_none_matches_regexp"):
        if not records and getattr(checks, key):
            return f"{key} specified but no RRs returned"
    try:
        bad, everywhere, needed, anywhere = (
            [SearchRegex.from_text(pattern) for pattern in getattr(checks, key)] for key in checks.__struct_fields__
        )
    except RegexError as error:
        return str(error) if records else ""
    for record in records:
        for pattern in bad:
            if pattern.matches(record):
                return f"at least one RR matched {pattern.pattern}: {record}"
        for pattern in needed:
            if not pattern.matches(record):
                return f"at least one RR did not match {pattern.pattern}: {record}"
    if not all(pattern.matches(record) for pattern in everywhere for record in records):
        return "not all RRs matched"  # what the key's name says is the contrary of what every release does
    if anywhere and not any(pattern.matches(record) for pattern in anywhere for record in records):
        return "none of the RRs matched"
    return ""
