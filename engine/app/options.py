"""What a run is told by its flags. A flag beats the configuration, the configuration beats a default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from engine.query.engine import QueryLimits
from engine.rules.notifier import QUEUE_CAPACITY
from engine.web.server import Listener, parse_listen

# Where each original listens, and so do we, on this machine alone.
DEFAULT_PORTS: Final = MappingProxyType({"prometheus": 9090, "alertmanager": 9093, "node": 9100})
OFF: Final = "off"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """`data_dir` None keeps nothing; `deliver` names receivers that may be contacted beyond this machine, `*` all.

    `flags` are all of them as texts, by name. `listen` maps a component to `HOST:PORT` or `off`. Retention is in ms
    and bytes; it and `wal_compression` are None where no flag was given, and so
    is `auto_reload_seconds` where files are not watched. `features` are of `engine.app.features`.
    `environment` is what `${NAME}` in files stands for, if for anything.
    """

    config: Path
    alertmanager_config: Path | None = None
    data_dir: Path | None = Path("engine-data")
    data_dir_given: bool = False
    listen: Mapping[str, str] = field(default_factory=dict)
    deliver: frozenset[str] = frozenset()
    translate: bool = True
    environment: Mapping[str, str] | None = None
    enable_lifecycle: bool = False
    enable_admin: bool = False
    enable_remote_write: bool = False
    external_url: str = ""
    retention_ms: int | None = None
    retention_bytes: int | None = None
    wal_compression: bool | None = None
    limits: QueryLimits = field(default_factory=QueryLimits)
    outage_tolerance_ms: int = 3_600_000
    grace_period_ms: int = 600_000
    resend_delay_ms: int = 60_000
    queue_capacity: int = QUEUE_CAPACITY
    ready_file: Path | None = None
    auto_reload_seconds: float | None = None
    features: frozenset[str] = frozenset()
    flags: Mapping[str, str] = field(default_factory=dict)

    def listener(self, component: str) -> Listener | None:
        """Where the component listens, or None when it is switched off. Raises ConfigError."""
        text = self.listen.get(component, f"127.0.0.1:{DEFAULT_PORTS[component]}")
        return None if text == OFF else parse_listen(component, text)
