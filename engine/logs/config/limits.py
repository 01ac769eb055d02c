"""`limits_config`: what a tenant may push and ask for, and how long lines are kept. Defaults are those of Loki 2.7."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

import msgspec

from engine.foundation.decode import Idle, OnlyHere, Report
from engine.foundation.values import FilePath
from engine.logs.config.known import Known
from engine.logs.config.sizes import ByteSize
from promql.model.durations import Duration

MIB: Final = 1 << 20
_HOUR: Final = 3_600_000
_V3: Final = OnlyHere("Loki before 3.0 refuses it")
_V29: Final = OnlyHere("Loki before 2.9 refuses it")


class StreamRetention(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of streams that the selector matches are kept for another period; the highest priority wins."""

    selector: str = ""
    priority: int = 0
    period: Duration = Duration(0)

    def check(self, report: Report) -> None:
        if not self.selector:
            report.error('want a selector, for example {namespace="dev"}')
        if self.period < 24 * _HOUR:
            report.error(f"retention period must be >= 24h was {self.period}", "period")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """A limit of 0 is none."""

    IDLE: ClassVar[Mapping[str, Idle]] = Known("limits_config")

    ingestion_rate_mb: float = 4.0
    ingestion_burst_size_mb: float = 6.0
    per_stream_rate_limit: ByteSize = ByteSize(3 * MIB)
    per_stream_rate_limit_burst: ByteSize = ByteSize(15 * MIB)
    max_line_size: ByteSize = ByteSize(0)
    max_line_size_truncate: bool = False
    max_label_name_length: int = 1024
    max_label_value_length: int = 2048
    max_label_names_per_series: int = 30
    reject_old_samples: bool = True
    reject_old_samples_max_age: Duration = Duration(168 * _HOUR)
    creation_grace_period: Duration = Duration(600_000)
    max_streams_per_user: int = 0
    max_global_streams_per_user: int = 5000
    unordered_writes: bool = True
    increment_duplicate_timestamp: bool = False
    max_entries_limit_per_query: int = 5000
    max_query_length: Duration = Duration(721 * _HOUR)
    max_query_lookback: Duration = Duration(0)
    max_query_range: Annotated[Duration, OnlyHere("Loki before 2.8 refuses it")] = Duration(0)
    max_query_series: int = 500
    max_query_bytes_read: Annotated[ByteSize, _V29] = ByteSize(0)
    max_querier_bytes_read: Annotated[ByteSize, _V29] = ByteSize(0)
    query_timeout: Duration = Duration(60_000)
    max_streams_matchers_per_query: int = 1000
    max_concurrent_tail_requests: int = 10
    required_labels: Annotated[tuple[str, ...], OnlyHere("Loki before 2.8 refuses it")] = ()
    enforced_labels: Annotated[tuple[str, ...], _V3] = ()
    deletion_mode: Literal["filter-only", "filter-and-delete", "disabled"] = "filter-only"
    retention_period: Duration = Duration(744 * _HOUR)
    retention_stream: tuple[StreamRetention, ...] = ()
    per_tenant_override_config: FilePath = FilePath()
    ruler_evaluation_delay_duration: Duration = Duration(0)
    ruler_max_rules_per_rule_group: int = 0
    ruler_max_rule_groups_per_tenant: int = 0
    ruler_remote_write_disabled: bool = False
    volume_enabled: Annotated[bool, _V29] = True

    @property
    def streams(self) -> int:
        """How many streams may be active."""
        found = [limit for limit in (self.max_streams_per_user, self.max_global_streams_per_user) if limit > 0]
        return min(found, default=0)
