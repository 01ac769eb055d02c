"""Targets that the name service tells: `dns_sd_configs`. Needs the extra `dns` (dnspython).

Names are asked for with the search path of resolv.conf, as by Prometheus. A name that does not exist has no targets; a
server that does not answer leaves those that were known.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.rdata
import dns.resolver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA
from dns.rdtypes.IN.SRV import SRV

from engine.discovery.config import DnsSDConfig
from engine.discovery.groups import Publish, TargetGroup
from engine.discovery.ports import DiscoveryParts
from engine.discovery.static import ADDRESS
from promql.model.labels import Labels

_NAME: Final = "__meta_dns_name"
_SRV_TARGET: Final = "__meta_dns_srv_record_target"
_SRV_PORT: Final = "__meta_dns_srv_record_port"
_MX_TARGET: Final = "__meta_dns_mx_record_target"

log = logging.getLogger(__name__)


class DnsDiscovery:
    """One entry of `dns_sd_configs`. `resolver` makes what is asked, the machine's where nothing else is said.

    It is made again for each look-up, since resolv.conf may be missing for a while, and change.
    """

    def __init__(
        self,
        config: DnsSDConfig,
        parts: DiscoveryParts,
        resolver: Callable[[], dns.asyncresolver.Resolver] = dns.asyncresolver.Resolver,
    ) -> None:
        self._config = config
        self._parts = parts
        self._resolver = resolver

    async def run(self, publish: Publish) -> None:
        while True:
            found = await asyncio.gather(*(self._ask(name) for name in self._config.names))
            if groups := [group for group in found if group is not None]:
                publish(groups)
            await self._parts.clock.sleep(self._config.refresh_interval / 1000)

    async def _ask(self, name: str) -> TargetGroup | None:
        """The group of a name; None where nobody could say."""
        counts = self._parts.counts
        counts.dns_lookups += 1
        try:
            resolver = self._resolver()
            answer = await resolver.resolve(name, self._config.type, search=True, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return TargetGroup(name, ())
        except (dns.exception.DNSException, OSError) as error:
            counts.dns_failures += 1
            log.error("dns_sd_configs: %s %s: %s; its known targets stay", self._config.type, name, error)  # noqa: TRY400 - expected
            return None
        return TargetGroup(name, tuple(_targets(name, answer.rrset or (), self._config.port)))


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
            case A() | AAAA():
                host, at = record.address, port
            case _:
                continue  # an alias on the way
        yield Labels.of({**meta, ADDRESS: _address(host, at)})


def _address(host: str, port: int) -> str:
    host = host.rstrip(".")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
