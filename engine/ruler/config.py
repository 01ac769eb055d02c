"""`ruler` of Loki's file as it is written. Defaults are those of Loki 2.7."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Self

import msgspec

from engine.foundation.decode import Idle, NullItem, OnlyHere, Report
from engine.foundation.http_config import BasicAuth
from engine.foundation.values import FilePath, GoDuration, LabelName, Secret, Url
from engine.logs.config.known import Known
from engine.relabel.config import RelabelConfig
from engine.remote.config import RemoteWriteConfig

_MINUTE: Final = 60_000
_OBJECTS: Final = ("azure", "gcs", "s3", "bos", "swift", "alibabacloud", "cos")


class Names(str):
    """Several, between commas."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        return cls(text)

    @property
    def all(self) -> frozenset[str]:
        return frozenset(name for part in self.split(",") if (name := part.strip()))


class Urls(Secret):
    """Several, between commas; each prints without its password."""

    __slots__ = ()

    @property
    def all(self) -> list[Url]:
        return [Url(part.strip()) for part in self.reveal().split(",") if part.strip()]

    def __str__(self) -> str:
        return ",".join(map(str, self.all))


class LocalRules(msgspec.Struct, frozen=True, kw_only=True):
    """A folder with one folder for each tenant, in which files of rules lie."""

    directory: FilePath = FilePath()


class RuleStorage(msgspec.Struct, frozen=True, kw_only=True):
    """Where rules lie. Those of object stores can't be had, so that there are none then."""

    IDLE: ClassVar[Mapping[str, Idle]] = Known("ruler.storage")

    type: str = ""
    local: LocalRules = LocalRules()

    def check(self, report: Report) -> None:
        if self.type in _OBJECTS:
            report.warning(f"no rules are evaluated: those in {self.type} can't be read here; use local", "type")
        elif self.type not in ("", "local"):
            report.unusable(
                f"unrecognized rule storage mode {self.type}, choose one of: configdb, gcs, s3, swift, azure, local",
                "type",
            )


class AlertmanagerClient(msgspec.Struct, frozen=True, kw_only=True):
    """How Alertmanagers are spoken to."""

    tls_cert_path: FilePath = FilePath()
    tls_key_path: FilePath = FilePath()
    tls_ca_path: FilePath = FilePath()
    tls_server_name: str = ""
    tls_insecure_skip_verify: bool = False
    basic_auth_username: str = ""
    basic_auth_password: Secret = Secret()
    type: str = "Bearer"
    credentials: Secret = Secret()
    credentials_file: FilePath = FilePath()

    @property
    def basic_auth(self) -> BasicAuth | None:
        if not self.basic_auth_username and not self.basic_auth_password:
            return None
        return BasicAuth(username=self.basic_auth_username, password=self.basic_auth_password)


class RemoteWrites(msgspec.Struct, frozen=True, kw_only=True):
    """Where what rules write goes; nowhere, unless `enabled`. `client` is the older form of one client."""

    IDLE: ClassVar[Mapping[str, Idle]] = Known("ruler.remote_write")

    enabled: bool = False
    client: RemoteWriteConfig | None = None
    clients: Mapping[str, RemoteWriteConfig] = {}
    add_org_id_header: Annotated[bool, OnlyHere("Loki before 3.0 refuses it")] = True

    def check(self, report: Report) -> None:
        if self.client is not None and self.clients:
            report.error(
                "both 'client' and 'clients' options are defined; 'client' is deprecated, please only use 'clients'",
                "client",
            )
        if self.enabled and not self.all:
            report.error("remote-write enabled but no clients URL are configured", "enabled")

    @property
    def all(self) -> Mapping[str, RemoteWriteConfig]:
        return {**({} if self.client is None else {"default": self.client}), **self.clients}


class RulerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """`external_url` is what links in alerts begin with. Times of Alertmanager's client and of queues are Loki's."""

    IDLE: ClassVar[Mapping[str, Idle]] = Known("ruler")

    external_url: Url = Url()
    external_labels: Mapping[Annotated[str, LabelName], str] = {}
    evaluation_interval: GoDuration = GoDuration(_MINUTE)
    poll_interval: GoDuration = GoDuration(_MINUTE)
    storage: RuleStorage = RuleStorage()
    remote_write: RemoteWrites = RemoteWrites()
    alertmanager_url: Urls = Urls()
    alertmanager_client: AlertmanagerClient = AlertmanagerClient()
    enable_alertmanager_discovery: bool = False
    alertmanager_refresh_interval: GoDuration = GoDuration(_MINUTE)
    alert_relabel_configs: Annotated[tuple[RelabelConfig, ...], NullItem("empty or null alert relabeling rule")] = ()
    notification_queue_capacity: int = 10_000
    notification_timeout: GoDuration = GoDuration(10_000)
    for_grace_period: GoDuration = GoDuration(10 * _MINUTE)
    resend_delay: GoDuration = GoDuration(_MINUTE)
    enable_api: bool = True
    enabled_tenants: Names = Names()
    disabled_tenants: Names = Names()

    def check(self, report: Report) -> None:
        for key in ("evaluation_interval", "poll_interval"):
            if getattr(self, key) <= 0:
                report.error("must be more than 0", key)
        for url in self.alertmanager_url.all:
            if url.scheme not in ("http", "https") or not url.host:
                report.unusable(f"want a URL, or several between commas, not {url}", "alertmanager_url")
            elif self.enable_alertmanager_discovery and not _is_service(url.host):
                report.unusable(
                    "when alertmanager-discovery is on, host name must be of the form _portname._tcp.service.fqdn "
                    f'(is "{url.host}")',
                    "alertmanager_url",
                )

    def wants(self, tenant: str) -> bool:
        """Whether rules of the tenant are evaluated."""
        wanted = self.enabled_tenants.all
        return tenant not in self.disabled_tenants.all and (not wanted or tenant in wanted)


def _is_service(host: str) -> bool:
    return host.startswith("_") and "._" in host
