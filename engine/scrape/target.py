"""From groups and a scrape config to targets: labels, relabelling, URL. Pure; texts are those of Prometheus 2.42.

A target is the same target as long as its labels, the internal ones among them, and its URL are the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Final

from msgspec import Struct

from engine.discovery.groups import TargetGroup
from engine.relabel.relabel import relabel
from engine.scrape import urls
from engine.scrape.config import ScrapeConfig
from promql.model.durations import Duration
from promql.model.labels import Labels, quote

_RESERVED: Final = "__"
_META: Final = "__meta_"
_PARAM: Final = "__param_"
_DEFAULT_PORTS: Final = {"http": "80", "": "80", "https": "443"}


class TargetError(ValueError):
    """The labels make no target."""


@dataclass(frozen=True)
class Target:
    """`labels` are all that relabelling left but `__meta_` ones; `discovered` what it began with. Times are ms."""

    labels: Labels
    discovered: Labels
    url: str
    interval: int
    timeout: int

    @cached_property
    def public(self) -> Labels:
        """The labels that its samples bear."""
        return Labels(tuple(pair for pair in self.labels if not pair[0].startswith(_RESERVED)))

    @cached_property
    def identity(self) -> str:
        """Tells one target from another, across restarts too."""
        return f"{self.url} {self.labels.pairs!r}"

    @cached_property
    def hash(self) -> int:
        """64 bits of the identity."""
        return int.from_bytes(blake2b(self.identity.encode(), digest_size=8).digest(), "big")

    @property
    def interval_text(self) -> str:
        return self.labels.get("__scrape_interval__")

    @property
    def timeout_text(self) -> str:
        return self.labels.get("__scrape_timeout__")


class Found(Struct, frozen=True):
    """What became of a job's groups: targets without repetitions, discovered labels of dropped ones, what failed.

    Of `dropped_count` dropped targets no more are shown than `keep_dropped_targets` says.
    """

    targets: tuple[Target, ...]
    dropped: tuple[Labels, ...]
    dropped_count: int
    failures: tuple[str, ...]


def find_targets(groups: Iterable[TargetGroup], config: ScrapeConfig, *, default_ports: bool = True) -> Found:
    """All targets of a job. Of two that are the same, the first is scraped and the last shown as discovered.

    Without `default_ports` none is put behind an address, and a scheme's own is left out.
    """
    targets: dict[str, Target] = {}
    dropped: list[Labels] = []
    failures: list[str] = []
    count, limit = 0, config.keep_dropped_targets
    for group in groups:
        for place, own in enumerate(group.targets):
            discovered = with_defaults(group.labels.overlay(own), config)
            try:
                target = make_target(discovered, config, default_ports=default_ports)
            except TargetError as error:
                failures.append(f"instance {place} in group {group.source}: {error}")
                continue
            if target is not None:
                targets[target.identity] = target
                continue
            count += 1
            if not limit or count <= limit:
                dropped.append(discovered)
    return Found(tuple(targets.values()), tuple(dropped), count, tuple(failures))


def with_defaults(labels: Labels, config: ScrapeConfig) -> Labels:
    """What relabelling begins with: the job's defaults where a label is absent, and its parameters."""
    defaults = {
        "job": config.job_name,
        "__scrape_interval__": str(config.scrape_interval),
        "__scrape_timeout__": str(config.scrape_timeout),
        "__metrics_path__": config.metrics_path,
        "__scheme__": config.scheme,
    }
    params = {_PARAM + name: values[0] for name, values in config.params.items() if values}
    return Labels.of({**defaults, **labels.as_dict(), **params})


def make_target(discovered: Labels, config: ScrapeConfig, *, default_ports: bool = True) -> Target | None:
    """The target, or None where relabelling drops it. Raises TargetError."""
    labels = relabel(discovered, config.relabel_configs)
    if labels is None:
        return None
    address = _address(labels, config, default_ports=default_ports)
    interval, timeout = _times(labels)
    kept = Labels(tuple(pair for pair in labels if not pair[0].startswith(_META)))
    instance = kept.get("instance", address)
    kept = kept.overlay({"__address__": address if default_ports else _bare(address, labels), "instance": instance})
    return Target(kept, discovered, _url(kept, config), interval, timeout)


def _address(labels: Labels, config: ScrapeConfig, *, default_ports: bool) -> str:
    address = labels.get("__address__")
    if not address:
        raise TargetError("no address")
    if default_ports and urls.split_host_port(address) is None and urls.split_host_port(address + ":1234") is not None:
        port = _DEFAULT_PORTS.get(labels.get("__scheme__"))
        if port is None:
            raise TargetError(f"invalid scheme: {quote(config.scheme)}")
        address = f"{address}:{port}"
    if "/" in address:
        raise TargetError(f"{quote(address)} is not a valid hostname")
    return address


def _bare(address: str, labels: Labels) -> str:
    """The address without the port that is its scheme's anyway."""
    split, scheme = urls.split_host_port(address), labels.get("__scheme__")
    return split[0] if split is not None and scheme and split[1] == _DEFAULT_PORTS.get(scheme) else address


def _times(labels: Labels) -> tuple[int, int]:
    interval, timeout = (_time(labels, name) for name in ("interval", "timeout"))
    if timeout > interval:
        shown = [quote(labels.get(f"__scrape_{name}__")) for name in ("timeout", "interval")]
        raise TargetError(f"scrape timeout cannot be greater than scrape interval ({shown[0]} > {shown[1]})")
    return interval, timeout


def _time(labels: Labels, name: str) -> int:
    try:
        ms = Duration.from_text(labels.get(f"__scrape_{name}__"))
    except ValueError as error:
        raise TargetError(f"error parsing scrape {name}: {error}") from None
    if ms == 0:
        raise TargetError(f"scrape {name} cannot be 0")
    return ms


def _url(labels: Labels, config: ScrapeConfig) -> str:
    params = {name: list(values) for name, values in config.params.items()}
    for name, value in labels:
        if name.startswith(_PARAM):
            key = name.removeprefix(_PARAM)
            params[key] = [value, *params.get(key, [])[1:]]
    path = labels.get("__metrics_path__")
    return urls.build(labels.get("__scheme__"), labels.get("__address__"), path, params)
