"""All files that the options lead to, read whole."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from engine.app.agent import as_agent
from engine.app.features import grammar
from engine.app.options import RunOptions
from engine.config.load import Loaded, load, with_boards
from engine.config.named import with_files
from engine.foundation.errors import ConfigError


def read(options: RunOptions) -> Loaded:
    """All files. Raises ConfigError with every mistake, one a line."""
    loaded = load(
        options.config,
        alertmanager=options.alertmanager_config,
        blackbox=options.blackbox_config,
        promtail=options.promtail_config,
        loki=options.loki_config,
        data_dir=options.data_dir or Path(),
        translate=options.translate,
        environment=options.environment,
        mounts=options.mounts,
        grammar=grammar(options.features),
    )
    loaded = with_boards(
        loaded,
        options.grafana_provisioning,
        {**os.environ, **options.grafana_variables},
        translate=options.translate,
        mounts=options.mounts,
    )
    if options.files:
        loaded = with_files(loaded, options.files)
    if loaded.fatal:
        mistakes: Sequence[str] = [str(finding) for finding in loaded.findings if finding.fatal]
        raise ConfigError("the configuration can't be used:\n" + "\n".join(f"  {line}" for line in mistakes))
    return loaded if options.agent_kept_ms is None else as_agent(loaded, options)
