"""Agent mode: scrape and forward, and nothing else. What the original refuses there is refused in its words.

Samples are kept as long as it takes to forward them: parts are sealed early, so that little is in memory, and dropped
soon; the log is kept until all servers have what stands in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec
from aiohttp import web

from engine.foundation.errors import ConfigError
from engine.tsdb.options import StoreOptions
from engine.web.answers import plain
from engine.web.api.envelope import failure

if TYPE_CHECKING:
    from engine.app.options import RunOptions
    from engine.config.load import Loaded

_UNAVAILABLE: Final = "unavailable with Prometheus Agent"
_UNREADABLE: Final = "unsupported operation with WAL-only storage"
_API: Final = (
    "query", "query_range", "query_explain", "query_exemplars", "format_query", "labels", "label/{name}/values",
    "series", "rules", "rules/preview", "alerts", "alertmanagers", "status/tsdb", "admin/tsdb/delete_series",
    "admin/tsdb/clean_tombstones", "admin/tsdb/snapshot",
)  # fmt: skip
_FLAGS: Final = (
    "--storage.tsdb.", "--storage.remote.read-", "--rules.alert.", "--query.lookback-delta", "--query.timeout",
    "--query.max-concurrency", "--query.max-samples", "--query-url", "--query-http-config",
    "--alertmanager.notification-queue-capacity",
)  # fmt: skip
_OWN_FLAGS: Final = "--storage.agent."
_SEAL_ROWS: Final = 16
_SEAL_AGE_MS: Final = 10 * 60_000
_CACHE_BYTES: Final = 4 << 20


def check_flags(arguments: Sequence[str], *, agent: bool) -> None:
    """Raises ConfigError for flags that mean nothing in this mode."""
    names = [word.partition("=")[0] for word in arguments if word.startswith("--")]
    wrong = [name for name in names if name.startswith(_FLAGS if agent else _OWN_FLAGS)]
    if wrong:
        only = "can not be used" if agent else "can only be used"
        listed = " ".join(f'"{name}"' for name in wrong)
        raise ConfigError(f"The following flag(s) {only} in agent mode: [{listed}]")


def as_agent(loaded: Loaded, options: RunOptions) -> Loaded:
    """Without what was found beside the configuration; files that flags name run as ever. Raises ConfigError."""
    config = loaded.config
    alerting = config.alerting.alertmanagers or config.alerting.alert_relabel_configs
    for field, given in (
        ("alerting", alerting),
        ("rule_files", config.rule_files),
        ("remote_read", config.remote_read),
    ):
        if given:
            raise ConfigError(f"{loaded.file}: field {field} is not allowed in agent mode")
    if not config.remote_write:
        raise ConfigError(f"{loaded.file}: agent mode forwards samples: name a server under remote_write")
    return msgspec.structs.replace(
        loaded,
        alertmanager=loaded.alertmanager if options.alertmanager_config else None,
        loki=loaded.loki if options.loki_config else None,
        promtail=loaded.promtail if options.promtail_config else None,
        grafana=loaded.grafana if options.grafana_provisioning else None,
        blackbox=loaded.blackbox if options.blackbox_config else None,
    )


def agent_store(options: StoreOptions, kept_ms: int) -> StoreOptions:
    """Little in memory, and on disk what is yet to be sent."""
    return msgspec.structs.replace(
        options,
        retention_ms=kept_ms,
        seal_rows=_SEAL_ROWS,
        seal_age_ms=_SEAL_AGE_MS,
        cache_bytes=_CACHE_BYTES,
    )


def refusing(routes: Sequence[web.RouteDef]) -> list[web.RouteDef]:
    """The routes of the first port, with those that need stored samples, rules or alerts refused."""

    async def unavailable(_: web.Request) -> web.Response:
        return failure("execution", _UNAVAILABLE)

    async def ready(_: web.Request) -> web.Response:
        return web.Response(text="Prometheus Agent is Ready.\n")

    async def healthy(_: web.Request) -> web.Response:
        return web.Response(text="Prometheus Agent is Healthy.\n")

    async def unreadable(_: web.Request) -> web.Response:
        return plain(500, _UNREADABLE)

    refused = {f"/api/v1/{path}": unavailable for path in _API}
    refused |= {"/federate": unreadable, "/api/v1/read": unreadable}
    others = {"/-/ready": ready, "/-/healthy": healthy}
    return [_replaced(route, (refused | others).get(route.path)) for route in routes]


def _replaced(route: web.RouteDef, handler: object) -> web.RouteDef:
    if handler is None or route.method == "OPTIONS":
        return route
    return web.RouteDef(route.method, route.path, handler, route.kwargs)  # type: ignore[arg-type]
