"""The component `grafana`: made when somebody first asks for a dashboard, and again after a reload.

What a start needs of it is cheap: which files there are was read with the configuration, and no dashboard is parsed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from yarl import URL

from engine.app.components.logs import Logs
from engine.app.components.ports import Components
from engine.config.load import Loaded
from engine.foundation.clock import Clock
from engine.foundation.delivery import is_loopback
from engine.foundation.http_client import HttpClient
from engine.foundation.http_config import BasicAuth, HTTPClientConfig, HttpHeader, TlsConfig
from engine.foundation.values import Secret
from engine.foundation.workers import Workers
from engine.query.engine import QueryEngine
from engine.rules.manager import RuleManager
from engine.tsdb.store import Store

if TYPE_CHECKING:
    from engine.app.components.logpart import LogPart
    from engine.config.grafana import Provisioned
    from engine.config.grafana_ini import Settings
    from engine.dashboards.sources.ports import Source, SourceInfo
    from engine.web.api.grafana.account import Account
    from engine.web.api.grafana.entrance import Entrance
    from engine.web.api.grafana.service import Service


class BoardParts(Struct, frozen=True):
    """What the component asks: the store, its language, the rules, the lines; and where the others listen."""

    clock: Clock
    workers: Workers
    queries: QueryEngine
    store: Store
    rules: RuleManager
    logs: Logs
    components: Components


class BoardService:
    """Owns the service and its connections. What saved dashboards were before is kept under `data`, if anywhere."""

    def __init__(
        self,
        parts: BoardParts,
        loaded: Callable[[], Loaded],
        reload: Callable[[], Awaitable[None]],
        data: Path | None,
    ) -> None:
        self._parts = parts
        self._loaded = loaded
        self._reload = reload
        self._versions = None if data is None else data / "grafana" / "versions"
        self._service: Service | None = None
        self._made_from: Loaded | None = None
        self._entrance: Entrance | None = None

    @property
    def prefix(self) -> str:
        """Below which Grafana's port answers."""
        boards = self._loaded().grafana
        return "" if boards is None else boards.settings.prefix

    async def service(self) -> Service:
        """For a handler: of the configuration that is in force."""
        loaded = self._loaded()
        if self._service is None or loaded is not self._made_from:
            old, self._service = self._service, self._make(loaded)
            self._made_from = loaded
            if old is not None:
                await _close(old)
        return self._service

    def _make(self, loaded: Loaded) -> Service:
        from engine.config.grafana_ini import Settings  # noqa: PLC0415 - few draw dashboards
        from engine.dashboards.files.library import Library  # noqa: PLC0415
        from engine.dashboards.files.saving import Saver  # noqa: PLC0415
        from engine.dashboards.sources.shelf import Shelf  # noqa: PLC0415
        from engine.dashboards.view.panel import Desk  # noqa: PLC0415
        from engine.web.api.grafana.boards import told  # noqa: PLC0415
        from engine.web.api.grafana.service import Service  # noqa: PLC0415

        parts, boards = self._parts, loaded.grafana
        settings = Settings() if boards is None else boards.settings
        library = Library(() if boards is None else boards.shelves)
        desk = Desk(
            shelf=Shelf(_sources(parts, () if boards is None else boards.sources, loaded.file.parent)),
            clock=parts.clock,
            workers=parts.workers,
            alerts=lambda: _alerts(parts.rules),
            boards=lambda: [told(one) for one in library.entries],
        )
        return Service(
            desk=desk,
            library=library,
            saver=Saver(library, parts.workers, self._versions, settings.versions),
            entrance=self._entrance_of(settings),
            root_url=settings.root_url or parts.components.url("grafana"),
            prefix=settings.prefix,
            theme=settings.theme,
            timezone=settings.timezone,
            home=settings.home,
            sign_up=settings.sign_up,
            reload=self._reload,
        )

    def _entrance_of(self, settings: Settings) -> Entrance:
        """The same after a reload, so that nobody has to sign in again."""
        from engine.web.api.grafana.entrance import Entrance  # noqa: PLC0415

        account = _account(settings, self._parts.components.ports)
        if self._entrance is None:
            self._entrance = Entrance(
                account, self._parts.clock.monotonic, lambda: self._parts.components.asks_passwords
            )
        self._entrance.follow(account)
        return self._entrance

    async def close(self) -> None:
        """Let go of connections."""
        service, self._service = self._service, None
        if service is not None:
            await _close(service)


def _account(settings: Settings, ports: Mapping[str, str]) -> Account:
    from engine.web.api.grafana.account import Account, Role  # noqa: PLC0415

    open_here = [name for name, place in ports.items() if is_loopback(place.rpartition(":")[0].strip("[]"))]
    return Account(
        user=settings.user,
        password=settings.password,
        anonymous=Role[settings.anonymous_role.upper()] if settings.anonymous else Role.GUEST,
        org=settings.org_name,
        loopback=frozenset(open_here),
        lifetime=settings.session_lifetime,
        patience=settings.session_patience,
        slows_guessing=settings.slows_guessing,
        secure_cookie=settings.secure_cookie,
    )


async def _close(service: Service) -> None:
    for source in service.desk.shelf.all:
        await source.close()


def _sources(parts: BoardParts, given: Sequence[Provisioned], base: Path) -> list[Source]:
    """Those of the files; without any, what runs in this process."""
    from engine.config.grafana import Provisioned  # noqa: PLC0415
    from engine.dashboards.files.provision import DataSourceConfig  # noqa: PLC0415

    if not given:
        own = [DataSourceConfig(name="Prometheus", type="prometheus", url="http://prometheus:9090", is_default=True)]
        if parts.components.runs("loki"):
            own.append(DataSourceConfig(name="Loki", type="loki", url="http://loki:3100"))
        given = [Provisioned(one) for one in own]
    return [_source(parts, one, number, base) for number, one in enumerate(given, 1)]


def _source(parts: BoardParts, given: Provisioned, number: int, base: Path) -> Source:
    from engine.dashboards.intervals import DEFAULT_SCRAPE_MS, length  # noqa: PLC0415
    from engine.dashboards.sources.local import LocalPrometheus  # noqa: PLC0415
    from engine.dashboards.sources.ports import IN_PROCESS, REMOTE, SourceInfo  # noqa: PLC0415
    from engine.dashboards.sources.remote import RemoteSource  # noqa: PLC0415

    config = given.config
    component = parts.components.addresses.component(URL(config.url)) if config.url else None
    info = SourceInfo(
        id=number,
        uid=config.id,
        name=config.name,
        type=config.type,
        url=config.url,
        is_default=config.is_default,
        editable=config.editable,
        access=config.access,
        basic_auth=config.basic_auth,
        scrape_ms=length(str(given.json.get("timeInterval") or ""), DEFAULT_SCRAPE_MS),
        json=given.json,
        place=REMOTE if component is None else IN_PROCESS,
        problem="" if config.type in ("prometheus", "loki") else f"sources of type {config.type!r} can't be asked here",
    )
    remote = RemoteSource(info, _client(parts, given, base))
    match config.type, component:
        case "prometheus", "prometheus" if not parts.queries.asks_others:
            return LocalPrometheus(info, parts.queries, parts.store, remote)
        case "loki", "loki" if parts.logs.part is not None:
            return _local_loki(info, parts.logs.part, _headers(given), remote)
        case _:
            return remote


def _local_loki(info: SourceInfo, part: LogPart, headers: Mapping[str, Secret], port: Source) -> Source:
    from engine.dashboards.sources.local_loki import LocalLoki  # noqa: PLC0415
    from engine.dashboards.sources.ports import SourceError  # noqa: PLC0415
    from engine.logs.config.settings import NOBODY  # noqa: PLC0415

    named = next((value.reveal() for name, value in headers.items() if name.lower() == "x-scope-orgid"), "")

    def tenant() -> str:
        if not part.service.settings.config.auth_enabled:
            return NOBODY
        if not named:
            raise SourceError("no org id: the data source needs httpHeaderName1: X-Scope-OrgID, and its value")
        return named

    return LocalLoki(info, part.queries, tenant, port)


def _headers(given: Provisioned) -> dict[str, Secret]:
    """`httpHeaderName1` of the file, with `httpHeaderValue1` of what it keeps secret."""
    secret, found = given.config.secure_json_data, dict[str, Secret]()
    for key, name in given.json.items():
        value = secret.get(key.replace("Name", "Value")) if key.startswith("httpHeaderName") else None
        if value is not None:
            found[str(name)] = value
    return found


def _client(parts: BoardParts, given: Provisioned, base: Path) -> HttpClient:
    config = given.config
    auth = BasicAuth(username=config.basic_auth_user, password=_secret(given, "basicAuthPassword"))
    headers = {name: HttpHeader(secrets=(value,)) for name, value in _headers(given).items()}
    skips = given.json.get("tlsSkipVerify") is True
    http = HTTPClientConfig(
        basic_auth=auth if config.basic_auth else None,
        http_headers=headers,
        tls_config=TlsConfig(insecure_skip_verify=skips),
    )
    return HttpClient(http, parts.components.addresses, base=base)


def _secret(given: Provisioned, key: str) -> Any:
    return given.config.secure_json_data.get(key) or given.config.basic_auth_password


def _alerts(rules: RuleManager) -> list[dict[str, Any]]:
    """As panels list them, those that are firing first."""
    found = [
        {
            "name": one.labels.get("alertname"),
            "state": one.state,
            "labels": one.labels.as_dict(),
            "annotations": dict(one.annotations),
            "value": one.value if one.value == one.value else None,
            "since": one.active_at,
            "group": "",
        }
        for one in rules.alerts()
    ]
    return sorted(found, key=lambda one: (one["state"] != "firing", one["name"]))
