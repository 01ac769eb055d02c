"""What a run is told by its flags. A flag beats the configuration, the configuration beats a default."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct, field

from engine.foundation.regexes import Regex
from engine.query.engine import QueryLimits
from engine.remote.reader import ReadLimits
from engine.rules.notifier import QUEUE_CAPACITY
from engine.web.connections import DEFAULT_LIMITS, Limits
from engine.web.server import Listener, parse_listen

# Where each original listens, and so do we, on this machine alone.
DEFAULT_PORTS: Final = MappingProxyType({
    "prometheus": 9090, "alertmanager": 9093, "node": 9100, "cadvisor": 8080, "blackbox": 9115, "loki": 3100,
    "promtail": 9080, "grafana": 3000,
})  # fmt: skip
OFF: Final = "off"
PAGE_TITLE: Final = "Prometheus Time Series Collection and Processing Server"


class WebOptions(Struct, frozen=True, kw_only=True):
    """How what listens answers. `config` is a `--web.config.file`, which holds for every port, as the limits do.

    `route_prefix` is None where the path of the external URL takes its place. `origins` are those whose pages may read.
    """

    config: Path | None = None
    external_url: str = ""
    route_prefix: str | None = None
    origins: Regex | None = None
    limits: Limits = DEFAULT_LIMITS
    title: str = PAGE_TITLE
    assets: Path | None = None
    console_templates: Path = Path("consoles")
    console_libraries: Path = Path("console_libraries")

    @property
    def prefix(self) -> str:
        """Below which the first port answers: nothing, or a slash and a path without one at its end."""
        given = urlsplit(self.external_url).path if self.route_prefix is None else self.route_prefix
        path = given.strip("/")
        return f"/{path}" if path else ""


class RunOptions(Struct, frozen=True):
    """`config` None runs what other files name, or else watches this engine and this machine. `files` are followed, and
    `found` tells what was found where nothing was named. `notify` shows alerts on the desktop. `data_dir` None keeps
    nothing. `deliver` names receivers that may be contacted beyond this machine, `*` all.

    `flags` are all of them as texts, by name. `listen` maps a component to `HOST:PORT` or `off`. Retention is in ms
    and bytes; it and `wal_compression` are None where no flag was given, and so
    is `auto_reload_seconds` where files are not watched. `features` are of `engine.app.features`. Notifications lead to
    `alertmanager_url`, without one to where it listens.
    With `agent_kept_ms` nothing is done but to scrape and to forward, and what can't be sent is kept so long.
    Queries are evaluated by the server at `query_url`, if there is one, which is spoken to as `query_http_config` says.
    `environment` is what `${NAME}` in files stands for, if for anything. Of a compose file there are `mounts` (what
    containers see, and where it lies), the node exporter's flags, Grafana's variables, and `notes` of what is otherwise
    than there.
    """

    config: Path | None
    alertmanager_config: Path | None = None
    blackbox_config: Path | None = None
    promtail_config: Path | None = None
    loki_config: Path | None = None
    grafana_provisioning: Path | None = None
    files: tuple[Path, ...] = ()
    found: tuple[str, ...] = ()
    notify: bool = False
    data_dir: Path | None = Path("engine-data")
    data_dir_given: bool = False
    listen: Mapping[str, str] = field(default_factory=dict)
    deliver: frozenset[str] = frozenset()
    translate: bool = True
    environment: Mapping[str, str] | None = None
    enable_lifecycle: bool = False
    enable_admin: bool = False
    enable_remote_write: bool = False
    enable_pushes: bool = False
    web: WebOptions = WebOptions()
    retention_ms: int | None = None
    retention_bytes: int | None = None
    wal_compression: bool | None = None
    agent_kept_ms: int | None = None
    query_url: str = ""
    query_http_config: Path | None = None
    read_limits: ReadLimits = field(default_factory=ReadLimits)
    limits: QueryLimits = field(default_factory=QueryLimits)
    outage_tolerance_ms: int = 3_600_000
    grace_period_ms: int = 600_000
    resend_delay_ms: int = 60_000
    queue_capacity: int = QUEUE_CAPACITY
    free_ports: bool = False
    mounts: tuple[tuple[str, Path], ...] = ()
    grafana_variables: Mapping[str, str] = field(default_factory=dict)
    node_flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    ready_file: Path | None = None
    exit_on_stdin_close: bool = False
    auto_reload_seconds: float | None = None
    features: frozenset[str] = frozenset()
    alertmanager_url: str = ""
    alertmanager_retention_ms: int = 432_000_000
    flags: Mapping[str, str] = field(default_factory=dict)

    def listener(self, component: str, port: int | None = None) -> Listener | None:
        """Where the component listens, or None when it is switched off. Raises ConfigError.

        `port` is the one that its configuration names.
        """
        text = self.listen.get(component, f"127.0.0.1:{DEFAULT_PORTS[component] if port is None else port}")
        return None if text == OFF else parse_listen(component, text)
