"""Names asked for over UDP on loopback, from a small server that speaks the real protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import dns.asyncresolver
import dns.message
import dns.rcode
import dns.rrset
import pytest

from engine.discovery.config import DnsSDConfig, DnsType
from engine.discovery.dns import DnsDiscovery
from engine.discovery.ports import DiscoveryCounts
from engine.testing.manual_clock import ManualClock
from promql.model.durations import Duration
from tests.discovery.listening import listening, parts

ZONE = {
    ("_web._tcp.example.org.", "SRV"): ["0 0 8080 a.example.org.", "0 0 9090 b.example.org."],
    ("a.example.org.", "A"): ["10.0.0.1", "10.0.0.2"],
    ("a.example.org.", "AAAA"): ["fd00::1"],
    ("example.org.", "NS"): ["ns1.example.org."],
    ("example.org.", "MX"): ["10 mail.example.org."],
}


class Server(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.zone = dict(ZONE)
        self.broken = False
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        (question,) = query.question
        name, kind = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
        if self.broken:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif records := self.zone.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *records))
        elif not any(name == known for known, _ in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        assert self.transport is not None
        self.transport.sendto(answer.to_wire(), addr)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    loop = asyncio.get_running_loop()
    transport, made = await loop.create_datagram_endpoint(Server, ("127.0.0.1", 0))
    yield made
    transport.close()


def asking(server: Server) -> dns.asyncresolver.Resolver:
    assert server.transport is not None
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = server.transport.get_extra_info("sockname")[1]
    resolver.lifetime = 2
    return resolver


@pytest.mark.parametrize(
    ("kind", "name", "addresses"),
    [
        ("SRV", "_web._tcp.example.org", ["a.example.org:8080", "b.example.org:9090"]),
        ("A", "a.example.org", ["10.0.0.1:7", "10.0.0.2:7"]),
        ("AAAA", "a.example.org", ["[fd00::1]:7"]),
        ("MX", "example.org", ["mail.example.org:7"]),
        ("NS", "example.org", ["ns1.example.org:7"]),
        ("SRV", "a.example.org", []),
        ("A", "nobody.example.org", []),
    ],
)
async def test_records_become_targets(
    kind: str, name: str, addresses: list[str], server: Server, manual_clock: ManualClock
) -> None:
    config = DnsSDConfig(names=(name,), type=DnsType(kind), port=7)
    async with listening(DnsDiscovery(config, parts(manual_clock), lambda: asking(server)), manual_clock) as told:
        await told.more()
        assert sorted(told.addresses) == addresses
        assert set(told.meta("__meta_dns_name")) <= {name}


async def test_a_record_tells_its_target_and_port(server: Server, manual_clock: ManualClock) -> None:
    config = DnsSDConfig(names=("_web._tcp.example.org",))
    async with listening(DnsDiscovery(config, parts(manual_clock), lambda: asking(server)), manual_clock) as told:
        await told.more()
        assert sorted(told.meta("__meta_dns_srv_record_target")) == ["a.example.org.", "b.example.org."]
        assert sorted(told.meta("__meta_dns_srv_record_port")) == ["8080", "9090"]


async def test_a_server_that_fails_leaves_what_was_known_and_a_name_that_is_gone_has_no_targets(
    server: Server, manual_clock: ManualClock
) -> None:
    counts = DiscoveryCounts()
    config = DnsSDConfig(names=("a.example.org",), type=DnsType("A"), port=7, refresh_interval=Duration(30_000))
    source = DnsDiscovery(config, parts(manual_clock, counts=counts), lambda: asking(server))
    async with listening(source, manual_clock) as told:
        await told.more()
        server.broken = True
        await manual_clock.advance(30_000)
        while not counts.dns_failures:
            await manual_clock.settle()
        assert len(told.addresses) == 2

        server.broken = False
        server.zone.clear()
        await manual_clock.advance(30_000)
        await told.more()
        assert told.addresses == []
        assert counts.dns_lookups == 3


async def test_where_no_name_server_is_known_it_is_looked_for_again(server: Server, manual_clock: ManualClock) -> None:
    counts, known = DiscoveryCounts(), list[dns.asyncresolver.Resolver]()

    def resolver() -> dns.asyncresolver.Resolver:
        if not known:
            raise dns.resolver.NoResolverConfiguration("cannot open /etc/resolv.conf")
        return known[0]

    config = DnsSDConfig(names=("a.example.org",), type=DnsType("A"), port=7, refresh_interval=Duration(30_000))
    async with listening(DnsDiscovery(config, parts(manual_clock, counts=counts), resolver), manual_clock) as told:
        await manual_clock.settle()
        assert counts.dns_failures == 1
        known.append(asking(server))
        await manual_clock.advance(30_000)
        await told.more()
        assert sorted(told.addresses) == ["10.0.0.1:7", "10.0.0.2:7"]
