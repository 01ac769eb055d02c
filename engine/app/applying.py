"""A configuration is put in force by difference: what stays the same goes on undisturbed.

What may be refused comes first: after a ConfigError everything is as it was.
"""

from __future__ import annotations

import logging

from engine.app.parts import Parts
from engine.app.storing import store_folder, store_options
from engine.config.load import Loaded
from engine.config.translate import ROOTED
from engine.foundation.errors import ConfigError
from engine.query.querylog import QueryLog
from engine.rules.load import group_specs
from promql.model.labels import Labels

log = logging.getLogger(__name__)


async def apply(parts: Parts, loaded: Loaded) -> None:
    """Raises ConfigError."""
    settings, alerting = loaded.config.global_, loaded.config.alerting
    groups = group_specs(loaded.rules, settings.evaluation_interval, settings.rule_query_offset)
    opened = await parts.telling.open(alerting.alertmanagers)
    try:
        await _what_may_be_refused(parts, loaded)
    except ConfigError:
        await opened.close()
        raise
    await parts.telling.adopt(opened, settings.external_labels, alerting.alert_relabel_configs)
    parts.expander.external_labels = settings.external_labels
    _query(parts, loaded)
    _keep(parts, loaded)
    parts.probing.apply(loaded)
    await parts.rules.apply(groups)
    parts.logs.apply(loaded)
    await parts.components.follow(loaded)


async def _what_may_be_refused(parts: Parts, loaded: Loaded) -> None:
    config = loaded.config
    labels = config.global_.external_labels
    await _manage(parts, loaded)
    await parts.tailing.apply(loaded)
    await parts.ruling.apply(loaded)
    await parts.scrapes.apply(config.scrape_configs, Labels.of(labels))
    await parts.writes.apply(config.remote_write, Labels.of(labels))
    await parts.reads.apply(config.remote_read, labels)


async def _manage(parts: Parts, loaded: Loaded) -> None:
    ours = parts.alertmanager
    if (ours is None) != (loaded.alertmanager is None):
        log.warning("an Alertmanager configuration has come or gone: that takes effect at the next start")
    if ours is not None and loaded.alertmanager is not None and loaded.alertmanager_file is not None:
        await ours.apply(loaded.alertmanager, ROOTED)


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
