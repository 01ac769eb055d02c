"""prometheus.yml as it is written, and as it takes effect: `resolve` fills the global times into the jobs.

The annotations say what works here. What the file may hold is Prometheus 2.42's, and the storage keys of the guide,
which no 2.42 takes from the file: they work, with a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, ClassVar, Final, Self

import msgspec

from engine.discovery.config import TargetSources
from engine.foundation.decode import Decoded, Idle, NotYet, NullItem, OnlyHere, Report, decode
from engine.foundation.regexes import Regex
from engine.foundation.values import FilePath, LabelName, Size
from engine.relabel.config import RelabelConfig
from engine.remote.config import RemoteReadConfig, RemoteWriteConfig, TracingConfig, check_duplicates
from engine.scrape.config import (
    FailureFile,
    KeptTargets,
    Limit,
    NameScheme,
    Protocols,
    ScrapeConfig,
    check_hosts,
    check_later,
    check_protocols,
    since,
    without_effect,
)
from promql.model.durations import Duration

_RULE_FILE: Final = Regex(r"[^*]*(\*[^/]*)?")
_MINUTE: Final = Duration(60_000)
_TEN_SECONDS: Final = Duration(10_000)
_LIMIT: Final = OnlyHere("Prometheus before 2.45 refuses it")
_FOR_ALL_JOBS: Final = (
    "body_size_limit", "sample_limit", "target_limit", "label_limit", "label_name_length_limit",
    "label_value_length_limit", "keep_dropped_targets", "scrape_protocols", "scrape_failure_log_file",
)  # fmt: skip
"""What a job takes from `global` where it says nothing itself."""
_FLAG: Final = "no release of Prometheus takes it from the file: there it is the flag {}"
_FROM_3_8: Final = "Prometheus before 3.8 refuses it: there it is the flag {}"


class RuleFilePath(FilePath):
    """A rule file, or a glob with its star in the last part."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if not _RULE_FILE.matches(text):
            raise ValueError(f'invalid rule file path "{text}"')
        return cls(text)


class ScrapeConfigFilePath(FilePath):
    """A file of scrape jobs, or a glob with its star in the last part."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if not _RULE_FILE.matches(text):
            raise ValueError(f'invalid scrape config file path "{text}"')
        return cls(text)


class LabelValue(str):
    """Any text, as long as it is text."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        try:
            text.encode()
        except UnicodeEncodeError:
            shown = "".join(f"\\x{ord(c) - 0xDC00:02x}" if 0xDC80 <= ord(c) <= 0xDCFF else c for c in text)
            raise ValueError(f'"{shown}" is not a valid label value') from None
        return cls(text)


class GlobalConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A time of 0 is not set; none is after `resolve`."""

    LATER: ClassVar[Mapping[str, str]] = {"metric_name_escaping_scheme": "Prometheus 3.4"}
    IDLE: ClassVar[Mapping[str, Idle]] = without_effect(always_scrape_classic_histograms="3.5")

    scrape_interval: Duration = Duration(0)
    scrape_timeout: Duration = Duration(0)
    evaluation_interval: Duration = Duration(0)
    rule_query_offset: Annotated[Duration, OnlyHere("Prometheus refuses it before 2.53")] = Duration(0)
    body_size_limit: Annotated[Size, _LIMIT] = Size(0)
    sample_limit: Annotated[Limit, _LIMIT] = 0
    target_limit: Annotated[Limit, _LIMIT] = 0
    label_limit: Annotated[Limit, _LIMIT] = 0
    label_name_length_limit: Annotated[Limit, _LIMIT] = 0
    label_value_length_limit: Annotated[Limit, _LIMIT] = 0
    keep_dropped_targets: KeptTargets = 0
    scrape_protocols: Protocols = ()
    scrape_failure_log_file: FailureFile = FilePath()
    scrape_native_histograms: Annotated[bool, since("3.8")] = False
    convert_classic_histograms_to_nhcb: Annotated[bool, since("3.4")] = False
    metric_name_validation_scheme: Annotated[NameScheme, since("2.55")] = ""
    query_log_file: FilePath = FilePath()
    external_labels: Mapping[Annotated[str, LabelName], Annotated[str, LabelValue]] = {}

    def check(self, report: Report) -> None:
        if self.scrape_timeout > (self.scrape_interval or _MINUTE):
            report.error("global scrape timeout greater than scrape interval", "scrape_timeout")
        check_protocols(self.scrape_protocols, report)
        check_later(self, report)

    def resolved(self) -> GlobalConfig:
        interval = self.scrape_interval or _MINUTE
        return msgspec.structs.replace(
            self,
            scrape_interval=interval,
            scrape_timeout=self.scrape_timeout or min(_TEN_SECONDS, interval),
            evaluation_interval=self.evaluation_interval or _MINUTE,
        )


class ApiVersion(str):
    """Of Alertmanager's API."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if text not in ("v1", "v2"):
            raise ValueError(f"expected Alertmanager api version to be one of [v1 v2] but got {text}")
        return cls(text)


class AlertmanagersConfig(TargetSources, frozen=True, kw_only=True):
    """Alertmanagers that hear of our alerts."""

    LATER: ClassVar[Mapping[str, str]] = {
        **TargetSources.LATER,
        "sigv4": "Prometheus 2.48",
        "alert_relabel_configs": "Prometheus 2.51",
    }

    scheme: str = "http"
    path_prefix: str = ""
    timeout: Duration = _TEN_SECONDS
    api_version: ApiVersion = ApiVersion("v2")
    relabel_configs: Annotated[
        tuple[RelabelConfig, ...], NullItem("empty or null Alertmanager target relabeling rule")
    ] = ()

    def check(self, report: Report) -> None:
        super().check(report)
        if not self.relabel_configs:
            check_hosts(self, report)
        if self.api_version == "v1":
            report.unsupported(
                "valid in Prometheus, not supported here: use v2, which Alertmanager has since 0.16",
                "api_version",
            )


class AlertingConfig(msgspec.Struct, frozen=True, kw_only=True):
    alert_relabel_configs: Annotated[tuple[RelabelConfig, ...], NullItem("empty or null alert relabeling rule")] = ()
    alertmanagers: Annotated[tuple[AlertmanagersConfig, ...], NullItem("empty or null section in alertmanagers")] = ()


class RetentionConfig(msgspec.Struct, frozen=True, kw_only=True):
    """As Prometheus 3.8 has it."""

    time: Duration = Duration(0)
    size: Size = Size(0)


class TSDBConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What is 0, empty or None is not set."""

    out_of_order_time_window: Duration = Duration(0)
    path: Annotated[FilePath, OnlyHere(_FLAG.format("--storage.tsdb.path"))] = FilePath()
    wal_compression: Annotated[bool | None, OnlyHere(_FLAG.format("--storage.tsdb.wal-compression"))] = None
    retention: Annotated[RetentionConfig, OnlyHere(_FROM_3_8.format("--storage.tsdb.retention.time or .size"))] = (
        RetentionConfig()
    )
    dotted_time: Annotated[Duration, OnlyHere(_FLAG.format("--storage.tsdb.retention.time"))] = msgspec.field(
        name="retention.time", default=Duration(0)
    )
    dotted_size: Annotated[Size, OnlyHere(_FLAG.format("--storage.tsdb.retention.size"))] = msgspec.field(
        name="retention.size", default=Size(0)
    )

    @property
    def retention_time(self) -> Duration:
        """How long samples are kept; 0 is not set."""
        return self.dotted_time or self.retention.time

    @property
    def retention_size(self) -> Size:
        """How much is kept, in bytes; 0 is not set."""
        return self.dotted_size or self.retention.size

    def check(self, report: Report) -> None:
        for dotted, nested, key in (
            (self.dotted_time, self.retention.time, "retention.time"),
            (self.dotted_size, self.retention.size, "retention.size"),
        ):
            if dotted and nested:
                report.error(f"{key} is set twice: once with a dot and once under retention", key)


class ExemplarsConfig(msgspec.Struct, frozen=True, kw_only=True):
    max_exemplars: int = 100_000


class StorageConfig(msgspec.Struct, frozen=True, kw_only=True):
    tsdb: TSDBConfig = TSDBConfig()
    exemplars: ExemplarsConfig = ExemplarsConfig()


ScrapeConfigs = Annotated[tuple[ScrapeConfig, ...], NullItem("empty or null scrape config section")]


class PrometheusConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A whole file. `global_` is the key `global`."""

    EXTENSIONS: ClassVar[str] = "Prometheus"
    LATER: ClassVar[Mapping[str, str]] = {
        "otlp": "Prometheus 2.55",
        "runtime": "Prometheus 3.0",
    }

    global_: GlobalConfig = msgspec.field(name="global", default=GlobalConfig())
    alerting: AlertingConfig = AlertingConfig()
    rule_files: tuple[RuleFilePath, ...] = ()
    scrape_config_files: Annotated[tuple[ScrapeConfigFilePath, ...], OnlyHere("Prometheus before 2.43 refuses it")] = ()
    scrape_configs: ScrapeConfigs = ()
    storage: StorageConfig = StorageConfig()
    tracing: Annotated[TracingConfig | None, NotYet()] = None
    remote_write: Annotated[tuple[RemoteWriteConfig, ...], NullItem("empty or null remote write config section")] = ()
    remote_read: Annotated[tuple[RemoteReadConfig, ...], NullItem("empty or null remote read config section")] = ()

    def check(self, report: Report) -> None:
        check_jobs(self.scrape_configs, self.global_, report)
        for section, what in (("remote_write", "remote write configs"), ("remote_read", "remote read configs")):
            _check_names([entry.name for entry in getattr(self, section)], report.within(section), what, "name")
            check_duplicates(getattr(self, section), report.within(section), what)


def check_jobs(jobs: Sequence[ScrapeConfig], settings: GlobalConfig, report: Report, taken: Sequence[str] = ()) -> None:
    """What can't be seen in one job alone; jobs of the names that are `taken` stand in other files."""
    interval = settings.resolved().scrape_interval
    for index, job in enumerate(jobs):
        if job.scrape_timeout > (job.scrape_interval or interval):
            report.error(
                f'scrape timeout greater than scrape interval for scrape config with job name "{job.job_name}"',
                "scrape_configs",
                index,
                "scrape_timeout",
            )
    names = [job.job_name for job in jobs]
    _check_names(names, report.within("scrape_configs"), "scrape configs", "job_name", taken)


def parse_prometheus(
    source: str | bytes,
    file: str = "prometheus.yml",
    check: Callable[[PrometheusConfig, Report], None] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
) -> Decoded[PrometheusConfig]:
    """The file's content with all times settled, and everything that is wrong with it; `check` may find more."""
    found = decode(source, PrometheusConfig, file, check, environment)
    return Decoded(resolve(found.value), found.findings)


def resolve(config: PrometheusConfig) -> PrometheusConfig:
    """The global times where a job has none of its own; a timeout never outlasts its interval."""
    settings = config.global_.resolved()
    return msgspec.structs.replace(
        config, global_=settings, scrape_configs=tuple(_settled(job, settings) for job in config.scrape_configs)
    )


def _settled(job: ScrapeConfig, settings: GlobalConfig) -> ScrapeConfig:
    interval = job.scrape_interval or settings.scrape_interval
    timeout = job.scrape_timeout or min(settings.scrape_timeout, interval)
    common = {key: getattr(job, key) or getattr(settings, key) for key in _FOR_ALL_JOBS}
    return msgspec.structs.replace(job, scrape_interval=interval, scrape_timeout=Duration(timeout), **common)


def _check_names(names: list[str], report: Report, what: str, key: str, taken: Sequence[str] = ()) -> None:
    for index, name in enumerate(names):
        if name and (name in names[:index] or name in taken):
            report.error(f'found multiple {what} with job name "{name}"', index, key)
