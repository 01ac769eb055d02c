"""Names of hosts that no container answers to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path as File
from urllib.parse import urlsplit

from yaml.nodes import ScalarNode, SequenceNode

from engine.config.prometheus import PrometheusConfig
from engine.config.stack.compose import Service
from engine.config.stack.places import Places
from engine.discovery.static import ADDRESS
from engine.foundation.addresses import is_service_name
from engine.foundation.decode_nodes import locate
from engine.foundation.source import Finding, Path
from engine.relabel.relabel import relabel
from engine.scrape.config import ScrapeConfig
from engine.scrape.target import with_defaults
from promql.model.labels import Labels


def unknown_names(
    service: Service, file: File, config: PrometheusConfig, known: Collection[str], places: Places
) -> Iterator[Finding]:
    """Targets, Alertmanagers and remote ends with a name that no service of the stack has."""
    for at, host in hosts_of(config):
        fault = None if _is_local(host) and _is_own(at, config) else _fault(service, host, known)
        if fault is not None:
            yield places.finding(file, at, fault)


def unknown_clients(service: Service, file: File, known: Collection[str], places: Places) -> Iterator[Finding]:
    """The same of where Promtail sends lines."""
    clients, reached = locate(places.root(file), ("clients",))
    for index, _ in enumerate(clients.value if reached and isinstance(clients, SequenceNode) else ()):
        at = ("clients", index, "url")
        url, there = locate(places.root(file), at)
        if there == at and isinstance(url, ScalarNode):
            fault = _fault(service, urlsplit(url.value).hostname or "", known)
            if fault is not None:
                yield places.finding(file, at, fault)


def _fault(service: Service, host: str, known: Collection[str]) -> str | None:
    """Why nobody answers to this name in a container."""
    if _is_local(host):
        return f"{host} is the container of {service.name} itself, not the machine"
    return (
        f'no service of the stack is called "{host}"'
        if is_service_name(host) and host not in {*known, *service.hosts}
        else None
    )


def _is_local(host: str) -> bool:
    return host == "localhost" or host.startswith("127.")


def _is_own(at: Path, config: PrometheusConfig) -> bool:
    """Prometheus scrapes itself at localhost:9090, and should."""
    if at[0] != "scrape_configs" or not isinstance(at[1], int):
        return False
    return any(target.endswith(":9090") for g in config.scrape_configs[at[1]].static_configs for target in g.targets)


def hosts_of(config: PrometheusConfig) -> Iterator[tuple[Path, str]]:
    """Every host that a configuration names, and where: of targets, Alertmanagers, remote ends."""
    for index, job in enumerate(config.scrape_configs):
        yield from _of_job(job, ("scrape_configs", index))
    for index, section in enumerate(config.alerting.alertmanagers):
        for place, group in enumerate(section.static_configs):
            for number, target in enumerate(group.targets):
                at = ("alerting", "alertmanagers", index, "static_configs", place, "targets", number)
                yield at, _host(target)
    for key in ("remote_write", "remote_read"):
        for index, end in enumerate(getattr(config, key)):
            yield (key, index, "url"), urlsplit(end.url.reveal()).hostname or ""


def _of_job(job: ScrapeConfig, at: Path) -> Iterator[tuple[Path, str]]:
    """Where each target is after relabelling; what it drops is nowhere."""
    for place, group in enumerate(job.static_configs):
        for number, target in enumerate(group.targets):
            before = with_defaults(Labels.of(dict(group.labels), **{ADDRESS: target}), job)
            left = relabel(before, job.relabel_configs)
            if left is not None:
                yield (*at, "static_configs", place, "targets", number), _host(left.get(ADDRESS))


def _host(address: str) -> str:
    return address.rpartition(":")[0] if ":" in address else address
