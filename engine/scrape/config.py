"""A scrape job as it is written. After loading, `scrape_interval` and `scrape_timeout` are settled, never zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Final

import msgspec

from engine.discovery.config import TargetSources
from engine.foundation.decode import NullItem, OnlyHere, Report
from engine.foundation.values import FilePath, Size
from engine.relabel.config import RelabelConfig
from engine.scrape.protocols import ScrapeProtocol
from promql.model.durations import Duration
from promql.model.labels import quote

_LATER: Final = {
    "native_histogram_bucket_limit": "Prometheus 2.45",
    "native_histogram_min_bucket_factor": "Prometheus 2.50",
    "scrape_classic_histograms": "Prometheus 2.45",
    "always_scrape_classic_histograms": "Prometheus 3.0",
    "convert_classic_histograms_to_nhcb": "Prometheus 3.0",
    "scrape_native_histograms": "Prometheus 3.8",
    "metric_name_validation_scheme": "Prometheus 3.0",
    "metric_name_escaping_scheme": "Prometheus 3.4",
}
Limit = Annotated[int, msgspec.Meta(ge=0)]
Protocols = Annotated[tuple[ScrapeProtocol, ...], OnlyHere("Prometheus before 2.49 refuses it")]
FailureFile = Annotated[FilePath, OnlyHere("Prometheus before 2.55 refuses it")]
KeptTargets = Annotated[int, msgspec.Meta(ge=0), OnlyHere("Prometheus before 2.47 refuses it")]


class ScrapeConfig(TargetSources, frozen=True, kw_only=True):
    """One entry of scrape_configs. A limit of 0 is none; without `scrape_protocols` pages are asked for as by 2.42."""

    LATER: ClassVar[Mapping[str, str]] = {**TargetSources.LATER, **_LATER}

    job_name: str = ""
    honor_labels: bool = False
    honor_timestamps: bool = True
    track_timestamps_staleness: Annotated[bool, OnlyHere("Prometheus before 2.48 refuses it")] = False
    params: Mapping[str, tuple[str, ...]] = {}
    scrape_interval: Duration = Duration(0)
    scrape_timeout: Duration = Duration(0)
    metrics_path: str = "/metrics"
    scheme: str = "http"
    scrape_failure_log_file: FailureFile = FilePath()
    scrape_protocols: Protocols = ()
    fallback_scrape_protocol: Annotated[ScrapeProtocol, OnlyHere("Prometheus before 3.0 refuses it")] = ScrapeProtocol()
    enable_compression: Annotated[bool, OnlyHere("Prometheus before 2.49 refuses it")] = True
    body_size_limit: Size = Size(0)
    sample_limit: Limit = 0
    target_limit: Limit = 0
    label_limit: Limit = 0
    label_name_length_limit: Limit = 0
    label_value_length_limit: Limit = 0
    keep_dropped_targets: KeptTargets = 0
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
        if not self.relabel_configs:
            check_hosts(self, report)


def check_protocols(protocols: Sequence[ScrapeProtocol], report: Report) -> None:
    """A list that is given names some, and each once."""
    if not protocols and report.given("scrape_protocols"):
        report.error("scrape_protocols cannot be empty", "scrape_protocols")
    if len(set(protocols)) < len(protocols):
        report.error(f"duplicated protocol in scrape_protocols, got [{' '.join(protocols)}]", "scrape_protocols")


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
