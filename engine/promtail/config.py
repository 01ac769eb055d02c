"""Promtail's file, with all that 2.7 knows, what came later, and the keys that the field's guides use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final

import msgspec

from engine.foundation.decode import Anything, Decoded, OnlyHere, Report, decode
from engine.foundation.values import GoDuration
from engine.promtail.config_clients import ClientConfig
from engine.promtail.config_server import ServerConfig
from engine.promtail.config_sources import ScrapeConfig
from engine.promtail.stages.sizes import Bytes

_REFUSED: Final = OnlyHere("every release of Promtail refuses it")
_SINCE_2_8: Final = OnlyHere("Promtail before 2.8 refuses it")
Count = Annotated[int, msgspec.Meta(ge=0)]


class PositionsConfig(msgspec.Struct, frozen=True, kw_only=True):
    filename: str = "/var/log/positions.yaml"
    sync_period: GoDuration = GoDuration(10_000)
    ignore_invalid_yaml: bool = False


class TargetConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A line that has no end counts as one `unfinished_line_after` its last byte; 0 waits for its end, as there."""

    sync_period: GoDuration = GoDuration(10_000)
    unfinished_line_after: Annotated[GoDuration, _REFUSED] = GoDuration(0)
    stdin: bool = False

    def check(self, report: Report) -> None:
        if self.sync_period <= 0:
            report.error("want a duration above 0", "sync_period")
        if self.stdin:
            report.unsupported("valid in Promtail, not supported here: use engine check promtail --try FILE", "stdin")


class LimitsConfig(msgspec.Struct, frozen=True, kw_only=True):
    """0 is no limit. The last four are no keys of Promtail's, and work here: sizes in bytes and characters."""

    readline_rate: float = 10_000.0
    readline_burst: Count = 10_000
    readline_rate_enabled: bool = False
    readline_rate_drop: bool = True
    max_streams: Count = 0
    max_line_size: Annotated[Bytes, _SINCE_2_8] = Bytes(0)
    max_line_size_truncate: Annotated[bool, _SINCE_2_8] = False
    max_batch_size: Annotated[int, msgspec.Meta(ge=0), _REFUSED] = 0
    max_batch_wait: Annotated[GoDuration, _REFUSED] = GoDuration(0)
    max_label_name_length: Annotated[int, msgspec.Meta(ge=0), _REFUSED] = 0
    max_label_value_length: Annotated[int, msgspec.Meta(ge=0), _REFUSED] = 0

    def check(self, report: Report) -> None:
        if self.readline_rate_enabled and self.readline_rate <= 0:
            report.error("want a rate above 0", "readline_rate")


class WatchConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How often files are looked at: each `min_poll_frequency` where there is something to read, else less often."""

    min_poll_frequency: GoDuration = GoDuration(250)
    max_poll_frequency: GoDuration = GoDuration(250)

    def check(self, report: Report) -> None:
        if self.min_poll_frequency <= 0:
            report.error("want a duration above 0", "min_poll_frequency")


class GlobalConfig(msgspec.Struct, frozen=True, kw_only=True):
    file_watch_config: WatchConfig = WatchConfig()


class OptionsConfig(msgspec.Struct, frozen=True, kw_only=True):
    stream_lag_labels: str = ""

    def check(self, report: Report) -> None:
        if self.stream_lag_labels:
            report.warning("without effect: lags are told by file", "stream_lag_labels")


class TracingConfig(msgspec.Struct, frozen=True, kw_only=True):
    enabled: bool = False

    def check(self, report: Report) -> None:
        if self.enabled:
            report.warning("without effect: nothing is traced here", "enabled")


class PromtailConfig(msgspec.Struct, frozen=True, kw_only=True, rename={"global_": "global"}):
    """The whole file; `settled_clients` are those that lines are sent to."""

    LATER: ClassVar[Mapping[str, str]] = {}

    server: ServerConfig = ServerConfig()
    client: ClientConfig | None = None
    clients: tuple[ClientConfig, ...] = ()
    positions: PositionsConfig = PositionsConfig()
    scrape_configs: tuple[ScrapeConfig, ...] = ()
    target_config: TargetConfig = TargetConfig()
    limits_config: LimitsConfig = LimitsConfig()
    options: OptionsConfig = OptionsConfig()
    tracing: TracingConfig = TracingConfig()
    wal: Annotated[Anything | None, OnlyHere("Promtail before 2.8 refuses it")] = None
    global_: Annotated[GlobalConfig, _SINCE_2_8] = GlobalConfig()

    def check(self, report: Report) -> None:
        if not self.clients and self.client is None:
            report.error("at least one client config must be provided", "clients")
        if self.client is not None:
            report.warning("deprecated: make it an entry of `clients`", "client")
        if self.wal is not None:
            report.warning("without effect: how far logs were sent is kept anyway", "wal")
        self._check_names(report)

    def _check_names(self, report: Report) -> None:
        seen: set[str] = set()
        for place, job in enumerate(self.scrape_configs):
            if job.job_name and job.job_name in seen:
                report.error(
                    f'found multiple scrape configs with job name "{job.job_name}"', "scrape_configs", place, "job_name"
                )
            seen.add(job.job_name)
        names = [client.name for client in self.clients if client.name]
        for name in {name for name in names if names.count(name) > 1}:
            report.error(f'found multiple clients with the name "{name}"', "clients")

    @property
    def settled_clients(self) -> tuple[ClientConfig, ...]:
        """All of them, within the limits."""
        limits = self.limits_config
        both = (*self.clients, *([self.client] if self.client is not None else []))
        return tuple(
            msgspec.structs.replace(
                one,
                batchsize=min(one.batchsize, limits.max_batch_size or one.batchsize),
                batchwait=min(one.batchwait, limits.max_batch_wait or one.batchwait),
            )
            for one in both
        )


def parse_promtail(
    source: str | bytes, file: str = "config.yml", *, environment: Mapping[str, str] | None = None
) -> Decoded[PromtailConfig]:
    """The file's content, and everything that is wrong with it."""
    return decode(source, PromtailConfig, file, environment=environment)
