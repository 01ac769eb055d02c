"""A configuration is put in force by difference: what stays the same goes on undisturbed.

Law: after an error everything is as it was. So what may be refused is prepared, and nothing of it works, until nothing
can be refused any more. Promtail can't be prepared (it lets go of ports that it listens at next): it takes itself back
where it refuses, and is put back where the ruler does.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from engine.app.parts import Parts
from engine.app.storing import store_folder, store_options
from engine.config.load import Loaded
from engine.config.translate import ROOTED
from engine.foundation.errors import EngineError
from engine.query.querylog import QueryLog
from engine.rules.load import group_specs
from promql.model.labels import Labels

if TYPE_CHECKING:
    from engine.alerting.running import Running

log = logging.getLogger(__name__)


async def apply(parts: Parts, loaded: Loaded) -> None:
    """Raises ConfigError, StoreError."""
    config = loaded.config
    settings, alerting, labels = config.global_, config.alerting, config.global_.external_labels
    groups = group_specs(loaded.rules, settings.evaluation_interval, settings.rule_query_offset)
    opened = await parts.telling.open(alerting.alertmanagers)
    managed = None
    try:
        managed = _managed(parts, loaded)
        await _over_lines(parts, loaded)
    except EngineError:
        await opened.close()
        if managed is not None:
            await managed.stop()
        raise
    if managed is not None and parts.alertmanager is not None:
        await parts.alertmanager.adopt(managed)
    await parts.scrapes.apply(config.scrape_configs, Labels.of(labels))
    await parts.writes.apply(config.remote_write, Labels.of(labels))
    await parts.reads.apply(config.remote_read, labels)
    await parts.telling.adopt(opened, settings.external_labels, alerting.alert_relabel_configs)
    parts.expander.external_labels = settings.external_labels
    _query(parts, loaded)
    _keep(parts, loaded)
    parts.probing.apply(loaded)
    await parts.rules.apply(groups)
    parts.logs.apply(loaded)
    await parts.components.follow(loaded)


async def _over_lines(parts: Parts, loaded: Loaded) -> None:
    """Promtail and the ruler, or neither."""
    await parts.tailing.apply(loaded)
    try:
        await parts.ruling.apply(loaded)
    except EngineError:
        await parts.tailing.apply(parts.in_force.loaded)
        raise


def _managed(parts: Parts, loaded: Loaded) -> Running | None:
    """What the Alertmanager of this process is to do, prepared."""
    ours = parts.alertmanager
    if (ours is None) != (loaded.alertmanager is None):
        log.warning("an Alertmanager configuration has come or gone: that takes effect at the next start")
    if ours is not None and loaded.alertmanager is not None and loaded.alertmanager_file is not None:
        return ours.prepare(loaded.alertmanager, ROOTED)
    return None


def _query(parts: Parts, loaded: Loaded) -> None:
    settings = loaded.config.global_
    parts.queries.default_step_ms = settings.evaluation_interval
    logged = settings.query_log_file
    parts.queries.log = QueryLog(ROOTED / logged, parts.around.clock) if logged else None


def _keep(parts: Parts, loaded: Loaded) -> None:
    if store_folder(parts.options, loaded.config) != parts.store_folder:
        log.warning("storage.tsdb.path has changed: that takes effect at the next start")
    kept = store_options(parts.options, loaded.config)
    parts.store.set_retention(kept.retention_ms, kept.retention_bytes)
    parts.store.set_window(kept.window_ms)
    parts.store.set_max_exemplars(kept.max_exemplars)
