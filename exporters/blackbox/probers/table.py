"""The probers, each in a file of its own; one that needs an extra is imported when it is used."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from exporters.blackbox.probers.http import probe_http
from exporters.blackbox.probers.icmp import probe_icmp
from exporters.blackbox.probers.tcp import probe_tcp
from exporters.blackbox.task import Prober, Task


async def _dns(task: Task) -> bool:
    from exporters.blackbox.probers.dns import probe_dns  # noqa: PLC0415 - an extra

    return await probe_dns(task)


async def _grpc(task: Task) -> bool:
    from exporters.blackbox.probers.grpc import probe_grpc  # noqa: PLC0415 - an extra

    return await probe_grpc(task)


PROBERS: Final[Mapping[str, Prober]] = MappingProxyType(
    {"http": probe_http, "tcp": probe_tcp, "icmp": probe_icmp, "dns": _dns, "grpc": _grpc}
)
