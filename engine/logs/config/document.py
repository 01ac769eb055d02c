"""Loki's file as it is written. What a field here says takes effect; all else that Loki knows is in `known`.

Both dialects are read: what 2.7 knows, and what 3 added or took away. Where they disagree about a default, 2.7's holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final

import msgspec

from engine.foundation.decode import Idle, OnlyHere, Report
from engine.foundation.values import FilePath, GoDuration, Size
from engine.logs.config.known import Known
from engine.logs.config.limits import Limits
from promql.model.durations import Duration

_MINUTE: Final = 60_000
_HOUR: Final = 60 * _MINUTE
_SCHEMAS: Final = ("v9", "v10", "v11", "v12")
_DAILY: Final = ("boltdb-shipper", "tsdb")
_DAY: Final = 24 * _HOUR
_SHIPPED: Final = OnlyHere(
    "Loki's table manager deletes nothing of boltdb-shipper or tsdb: there it is the compactor", of_key=False
)


class ServerConfig(msgspec.Struct, frozen=True, kw_only=True):
    IDLE: ClassVar[Mapping[str, Idle]] = Known("server")

    http_listen_port: int = 3100


class IngesterConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Lines that are further behind the newest of their stream than half of `max_chunk_age` are refused.

    A stream that took none for `chunk_idle_period` does not count for `max_global_streams_per_user`, and may begin anew
    with older ones.
    """

    IDLE: ClassVar[Mapping[str, Idle]] = Known("ingester")

    chunk_idle_period: GoDuration = GoDuration(30 * _MINUTE)
    max_chunk_age: GoDuration = GoDuration(2 * _HOUR)


class IndexConfig(msgspec.Struct, frozen=True, kw_only=True):
    prefix: str = ""
    period: Duration = Duration(0)
    tags: Mapping[str, str] = {}
    path_prefix: Annotated[str, OnlyHere("Loki before 3.0 refuses it")] = ""


class PeriodConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Only judged: the engine's own format is the same for all time."""

    from_: str = msgspec.field(name="from", default="")
    store: str = ""
    object_store: str = ""
    schema: str = ""
    index: IndexConfig = IndexConfig()
    chunks: IndexConfig = IndexConfig()
    row_shards: int = 0

    def check(self, report: Report) -> None:
        if self.schema == "v13":
            report.ours("works here, but Loki before 3.0 refuses it", "schema")
        elif self.schema not in _SCHEMAS:
            report.error(f"invalid schema version: want one of {', '.join((*_SCHEMAS, 'v13'))}", "schema")
        if self.store in _DAILY and self.index.period != _DAY:
            report.error(f"{self.store} must always have periodic config for index set to 24h", "index")


class SchemaConfig(msgspec.Struct, frozen=True, kw_only=True):
    configs: tuple[PeriodConfig, ...] = ()


class ChunkStoreConfig(msgspec.Struct, frozen=True, kw_only=True):
    IDLE: ClassVar[Mapping[str, Idle]] = Known("chunk_store_config")

    max_look_back_period: Duration = Duration(0)


class TableManagerConfig(msgspec.Struct, frozen=True, kw_only=True):
    IDLE: ClassVar[Mapping[str, Idle]] = Known("table_manager")

    retention_deletes_enabled: Annotated[bool, _SHIPPED] = False
    retention_period: Duration = Duration(0)


class CompactorConfig(msgspec.Struct, frozen=True, kw_only=True):
    """`retention_size` bounds what all lines take on the disk: the oldest are deleted."""

    IDLE: ClassVar[Mapping[str, Idle]] = Known("compactor")

    compaction_interval: GoDuration = GoDuration(10 * _MINUTE)
    retention_enabled: bool = False
    delete_request_cancel_period: GoDuration = GoDuration(24 * _HOUR)
    retention_size: Annotated[Size, OnlyHere("no release of Loki knows it: there, only time bounds what is kept")] = (
        Size(0)
    )


class QuerierConfig(msgspec.Struct, frozen=True, kw_only=True):
    """`query_timeout` is 0 where it is not given."""

    IDLE: ClassVar[Mapping[str, Idle]] = Known("querier")

    query_timeout: GoDuration = GoDuration(0)
    tail_max_duration: GoDuration = GoDuration(_HOUR)


class CommonFiles(msgspec.Struct, frozen=True, kw_only=True):
    """`rules_directory` is where rules lie, unless `ruler.storage` says otherwise."""

    IDLE: ClassVar[Mapping[str, Idle]] = Known("common.storage.filesystem")

    rules_directory: FilePath = FilePath()


class CommonStorage(msgspec.Struct, frozen=True, kw_only=True):
    IDLE: ClassVar[Mapping[str, Idle]] = Known("common.storage")

    filesystem: CommonFiles = CommonFiles()


class CommonConfig(msgspec.Struct, frozen=True, kw_only=True):
    IDLE: ClassVar[Mapping[str, Idle]] = Known("common")

    storage: CommonStorage = CommonStorage()


class RuntimeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """`file` holds the limits of tenants, as `limits_config.per_tenant_override_config` does."""

    IDLE: ClassVar[Mapping[str, Idle]] = Known("runtime_config")

    file: FilePath = FilePath()


class LokiConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A whole file, but for its rules."""

    EXTENSIONS: ClassVar[str] = "Loki"
    IDLE: ClassVar[Mapping[str, Idle]] = Known("top")

    target: str = "all"
    auth_enabled: bool = True
    server: ServerConfig = ServerConfig()
    common: CommonConfig = CommonConfig()
    ingester: IngesterConfig = IngesterConfig()
    schema_config: SchemaConfig = SchemaConfig()
    limits_config: Limits = Limits()
    chunk_store_config: ChunkStoreConfig = ChunkStoreConfig()
    table_manager: TableManagerConfig = TableManagerConfig()
    compactor: CompactorConfig = CompactorConfig()
    querier: QuerierConfig = QuerierConfig()
    runtime_config: RuntimeConfig = RuntimeConfig()

    def check(self, report: Report) -> None:
        if not self.schema_config.configs:
            report.ours(
                "works here, but Loki refuses a file without one: must specify at least one schema configuration",
                "schema_config",
            )
        if self.limits_config.retention_period and self.limits_config.retention_period < _DAY:
            report.error(
                f"retention period must be >= 24h was {self.limits_config.retention_period}",
                "limits_config", "retention_period",
            )  # fmt: skip
        if self.target not in ("all", ""):
            report.warning("without effect here: all parts run in this process", "target")

    @property
    def retention_enabled(self) -> bool:
        return self.compactor.retention_enabled or self.table_manager.retention_deletes_enabled

    @property
    def retention_ms(self) -> int:
        """How long lines of all tenants are kept; 0 for ever."""
        if self.compactor.retention_enabled:
            return self.limits_config.retention_period
        return self.table_manager.retention_period if self.table_manager.retention_deletes_enabled else 0

    @property
    def overrides_file(self) -> FilePath:
        """Where the limits of single tenants are."""
        return self.runtime_config.file or self.limits_config.per_tenant_override_config
