"""Targets that the name service tells: `dns_sd_configs`. Needs the extra `dns` (dnspython).

Names are asked for with the search path of resolv.conf, as by Prometheus. A name that does not exist has no targets; a
server that does not answer leaves those that were known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Final, TypeAlias

import dns.asyncresolver
import dns.exception
import dns.rdata
import dns.resolver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.NS import NS
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA
from dns.rdtypes.IN.SRV import SRV
from msgspec import Struct

from engine.discovery.config import DnsSDConfig
from engine.discovery.groups import Publish, TargetGroup
from engine.discovery.naming import address
from engine.discovery.ports import DiscoveryCounts, DiscoveryParts
from engine.discovery.refresh import Asked, Faults, keep_asking
from engine.discovery.static import ADDRESS
from promql.model.labels import Labels

_NAME: Final = "__meta_dns_name"
_SRV_TARGET: Final = "__meta_dns_srv_record_target"
_SRV_PORT: Final = "__meta_dns_srv_record_port"
_MX_TARGET: Final = "__meta_dns_mx_record_target"
_NS_TARGET: Final = "__meta_dns_ns_record_target"


_Resolver: TypeAlias = Callable[[], dns.asyncresolver.Resolver]


class DnsDiscovery:
    """One entry of `dns_sd_configs`. `resolver` makes what is asked, the machine's where nothing else is said.

    It is made again for each look-up, since resolv.conf may be missing for a while, and change.
    """

    def __init__(
        self,
        config: DnsSDConfig,
        parts: DiscoveryParts,
        resolver: _Resolver = dns.asyncresolver.Resolver,
    ) -> None:
        self._config = config
        self._parts = parts
        self._resolver = resolver

    async def run(self, publish: Publish) -> None:
        config, parts = self._config, self._parts
        with ExitStack() as stack:
            names = [
                _Name(name, self._resolver, config, stack.enter_context(_faults(name, config, parts)))
                for name in config.names
            ]

            async def ask() -> list[TargetGroup]:
                found = await asyncio.gather(*(name.ask(parts.counts) for name in names))
                return [group for group in found if group is not None]

            asked = Asked("dns", ", ".join(config.names), config.refresh_interval.seconds)
            await keep_asking(ask, asked, parts, publish)


class _Name(Struct):
    """One name; `known` is its group as the server told it last."""

    name: str
    resolver: _Resolver
    config: DnsSDConfig
    faults: Faults
    known: TargetGroup | None = None

    async def ask(self, counts: DiscoveryCounts) -> TargetGroup | None:
        """Its group now, or the known one where nobody could say; None where nobody ever could."""
        counts.dns_lookups += 1
        records: Iterable[dns.rdata.Rdata] = ()
        try:
            resolver = self.resolver()
            answer = await resolver.resolve(self.name, self.config.type, search=True, raise_on_no_answer=False)
            records = answer.rrset or ()
        except dns.resolver.NXDOMAIN:
            pass  # a name that does not exist has no targets
        except (dns.exception.DNSException, OSError) as error:
            counts.dns_failures += 1
            self.faults.fault(str(error))
            return self.known
        self.faults.well()
        self.known = TargetGroup(self.name, tuple(_targets(self.name, records, self.config.port)))
        return self.known


def _faults(name: str, config: DnsSDConfig, parts: DiscoveryParts) -> Faults:
    return Faults("dns_sd_configs", f"{config.type} {name}", parts)


def _targets(name: str, records: Iterable[dns.rdata.Rdata], port: int) -> Iterator[Labels]:
    for record in records:
        meta = {_NAME: name, _SRV_TARGET: "", _SRV_PORT: "", _MX_TARGET: ""}
        match record:
            case SRV():
                host, at = str(record.target), record.port
                meta |= {_SRV_TARGET: host, _SRV_PORT: str(at)}
            case MX():
                host, at = str(record.exchange), port
                meta[_MX_TARGET] = host
            case NS():
                host, at = str(record.target), port
                meta[_NS_TARGET] = host
            case A() | AAAA():
                host, at = record.address, port
            case _:
                continue  # an alias on the way
        yield Labels.of({**meta, ADDRESS: address(host.rstrip("."), at)})
