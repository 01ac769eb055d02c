"""What of the options and the configuration the store of samples is opened with. A flag beats a configuration, a
configuration beats a default.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.app.agent import agent_store
from engine.app.features import EXEMPLARS
from engine.app.options import RunOptions
from engine.config.prometheus import PrometheusConfig
from engine.foundation.values import format_size
from engine.tsdb.options import StoreOptions
from promql.model.durations import format_duration

_DEFAULT_RETENTION_MS: Final = 15 * 86_400_000


def store_folder(options: RunOptions, config: PrometheusConfig) -> Path | None:
    """Where samples are kept: a flag beats the configuration, the configuration beats the default."""
    if options.data_dir is None:
        return None
    if config.storage.tsdb.path and not options.data_dir_given:
        return Path(config.storage.tsdb.path)
    return options.data_dir / "metrics"


def snapshot_folder(name: str, data: Path | None, store: Path | None) -> Path:
    """Under the folder that was named, so that a snapshot can be named in its place."""
    folder = store or Path()
    if data is not None and folder.is_relative_to(data):
        return data / "snapshots" / name / folder.relative_to(data)
    return folder / "snapshots" / name


def kept(options: StoreOptions) -> str:
    """For how long or up to which size, in words."""
    found = [format_duration(options.retention_ms)] if options.retention_ms else []
    found += [format_size(options.retention_bytes)] if options.retention_bytes else []
    return " or ".join(found)


def store_options(options: RunOptions, config: PrometheusConfig) -> StoreOptions:
    """How long and how much is kept; 15 days where neither time nor size is given."""
    tsdb = config.storage.tsdb
    time = tsdb.retention_time if options.retention_ms is None else options.retention_ms
    size = tsdb.retention_size if options.retention_bytes is None else options.retention_bytes
    compress = tsdb.wal_compression if options.wal_compression is None else options.wal_compression
    found = StoreOptions(
        retention_ms=time or (0 if size else _DEFAULT_RETENTION_MS),
        retention_bytes=size,
        window_ms=tsdb.out_of_order_time_window,
        log_compression=compress is not False,
        max_exemplars=config.storage.exemplars.max_exemplars if EXEMPLARS in options.features else 0,
    )
    return found if options.agent_kept_ms is None else agent_store(found, options.agent_kept_ms)
