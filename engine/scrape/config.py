"""A scrape job as it is written. After loading, `scrape_interval` and `scrape_timeout` are settled, never zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Final, Literal, Protocol

import msgspec

from engine.discovery.config import TargetSources
from engine.foundation.decode import Idle, NullItem, OnlyHere, Report
from engine.foundation.values import FilePath, Size
from engine.relabel.config import RelabelConfig
from engine.scrape.protocols import ScrapeProtocol
from promql.model.durations import Duration
from promql.model.labels import quote

_CLASSIC: Final = "histograms are read as classic ones, and only so"
NameScheme = Literal["", "legacy", "utf8"]


def since(release: str) -> OnlyHere:
    """The mark of a key that Prometheus knows from that release on."""
    return OnlyHere(f"Prometheus before {release} refuses it")


def without_effect(**releases: str) -> dict[str, Idle]:
    """Keys about histograms of which nothing follows, by the release that has them."""
    return {key: Idle(_CLASSIC, since(release)) for key, release in releases.items()}


Limit = Annotated[int, msgspec.Meta(ge=0)]
Protocols = Annotated[tuple[ScrapeProtocol, ...], since("2.49")]
FailureFile = Annotated[FilePath, since("2.55")]
KeptTargets = Annotated[int, msgspec.Meta(ge=0), since("2.47")]


class ScrapeConfig(TargetSources, frozen=True, kw_only=True):
    """One entry of scrape_configs. A limit of 0 is none; without `scrape_protocols` pages are asked for as by 2.42."""

    LATER: ClassVar[Mapping[str, str]] = {**TargetSources.LATER, "metric_name_escaping_scheme": "Prometheus 3.4"}
    IDLE: ClassVar[Mapping[str, Idle]] = without_effect(
        native_histogram_bucket_limit="2.45",
        native_histogram_min_bucket_factor="2.50",
        scrape_classic_histograms="2.45",
        always_scrape_classic_histograms="3.0",
    )

    job_name: str = ""
    honor_labels: bool = False
    honor_timestamps: bool = True
    track_timestamps_staleness: Annotated[bool, since("2.48")] = False
    params: Mapping[str, tuple[str, ...]] = {}
    scrape_interval: Duration = Duration(0)
    scrape_timeout: Duration = Duration(0)
    metrics_path: str = "/metrics"
    scheme: str = "http"
    scrape_failure_log_file: FailureFile = FilePath()
    scrape_protocols: Protocols = ()
    fallback_scrape_protocol: Annotated[ScrapeProtocol, since("3.0")] = ScrapeProtocol()
    enable_compression: Annotated[bool, since("2.49")] = True
    body_size_limit: Size = Size(0)
    sample_limit: Limit = 0
    target_limit: Limit = 0
    label_limit: Limit = 0
    label_name_length_limit: Limit = 0
    label_value_length_limit: Limit = 0
    keep_dropped_targets: KeptTargets = 0
    scrape_native_histograms: Annotated[bool, since("3.8")] = False
    convert_classic_histograms_to_nhcb: Annotated[bool, since("3.0")] = False
    metric_name_validation_scheme: Annotated[NameScheme, since("3.0")] = ""
    relabel_configs: Annotated[
        tuple[RelabelConfig, ...], NullItem("empty or null target relabeling rule in scrape config")
    ] = ()
    metric_relabel_configs: Annotated[
        tuple[RelabelConfig, ...], NullItem("empty or null metric relabeling rule in scrape config")
    ] = ()

    def check(self, report: Report) -> None:
        super().check(report)
        if not self.job_name:
            report.error("job_name is empty", "job_name")
        if (fault := self.tls_config.unpaired) is not None:
            report.within("tls_config").error(*fault)
        check_protocols(self.scrape_protocols, report)
        check_later(self, report)
        if not self.relabel_configs:
            check_hosts(self, report)


def check_protocols(protocols: Sequence[ScrapeProtocol], report: Report) -> None:
    """A list that is given names some, and each once."""
    if not protocols and report.given("scrape_protocols"):
        report.error("scrape_protocols cannot be empty", "scrape_protocols")
    if len(set(protocols)) < len(protocols):
        report.error(f"duplicated protocol in scrape_protocols, got [{' '.join(protocols)}]", "scrape_protocols")


class Later(Protocol):
    """What later releases can do, and we can't."""

    @property
    def scrape_native_histograms(self) -> bool: ...
    @property
    def convert_classic_histograms_to_nhcb(self) -> bool: ...
    @property
    def metric_name_validation_scheme(self) -> NameScheme: ...


def check_later(config: Later, report: Report) -> None:
    """It is refused by name where it is asked for."""
    for key in ("scrape_native_histograms", "convert_classic_histograms_to_nhcb"):
        if getattr(config, key):
            report.unsupported(f"valid in Prometheus, not supported here: {_CLASSIC}", key)
    if config.metric_name_validation_scheme == "utf8":
        said = "valid in Prometheus, not supported here: names in quotes are read of no page"
        report.unsupported(said, "metric_name_validation_scheme")


def check_hosts(sources: TargetSources, report: Report) -> None:
    """Static targets must be `host:port`, unless relabelling still makes addresses of them."""
    for group_index, group in enumerate(sources.static_configs):
        for index, target in enumerate(group.targets):
            if "/" in target:
                report.error(_no_host(target), "static_configs", group_index, "targets", index)


def _no_host(target: str) -> str:
    """What is wrong with an address that holds a slash, and what was probably meant."""
    scheme, found, rest = target.rpartition("://")
    host, slash, path = rest.partition("/")
    keys = [f"scheme: {scheme}"] * bool(found) + [f"metrics_path: /{path}"] * bool(slash and path)
    hint = f" (a target is HOST:PORT: {host}; the rest is {', '.join(keys)})" if host and keys else ""
    return f"{quote(target)} is not a valid hostname{hint}"
