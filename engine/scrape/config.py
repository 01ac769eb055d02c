"""A scrape job as it is written. After loading, `scrape_interval` and `scrape_timeout` are settled, never zero."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final

import msgspec

from engine.discovery.config import TargetSources
from engine.foundation.decode import NullItem, Report
from engine.foundation.values import Size
from engine.relabel.config import RelabelConfig
from promql.model.durations import Duration

_LATER: Final = {
    "keep_dropped_targets": "Prometheus 2.47",
    "scrape_protocols": "Prometheus 2.49",
    "enable_compression": "Prometheus 2.49",
    "track_timestamps_staleness": "Prometheus 2.48",
    "native_histogram_bucket_limit": "Prometheus 2.45",
    "native_histogram_min_bucket_factor": "Prometheus 2.50",
    "scrape_classic_histograms": "Prometheus 2.45",
    "fallback_scrape_protocol": "Prometheus 3.0",
    "always_scrape_classic_histograms": "Prometheus 3.0",
    "convert_classic_histograms_to_nhcb": "Prometheus 3.0",
    "scrape_native_histograms": "Prometheus 3.8",
    "metric_name_validation_scheme": "Prometheus 3.0",
    "metric_name_escaping_scheme": "Prometheus 3.4",
    "scrape_failure_log_file": "Prometheus 2.55",
}
_Limit = Annotated[int, msgspec.Meta(ge=0)]


class ScrapeConfig(TargetSources, frozen=True, kw_only=True):
    """One entry of scrape_configs. A limit of 0 is none."""

    LATER: ClassVar[Mapping[str, str]] = {**TargetSources.LATER, **_LATER}

    job_name: str = ""
    honor_labels: bool = False
    honor_timestamps: bool = True
    params: Mapping[str, tuple[str, ...]] = {}
    scrape_interval: Duration = Duration(0)
    scrape_timeout: Duration = Duration(0)
    metrics_path: str = "/metrics"
    scheme: str = "http"
    body_size_limit: Size = Size(0)
    sample_limit: _Limit = 0
    target_limit: _Limit = 0
    label_limit: _Limit = 0
    label_name_length_limit: _Limit = 0
    label_value_length_limit: _Limit = 0
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
        if not self.relabel_configs:
            check_hosts(self, report)


def check_hosts(sources: TargetSources, report: Report) -> None:
    """Static targets must be `host:port`, unless relabelling still makes addresses of them."""
    for group_index, group in enumerate(sources.static_configs):
        for index, target in enumerate(group.targets):
            if "/" in target:
                report.error(f'"{target}" is not a valid hostname', "static_configs", group_index, "targets", index)
