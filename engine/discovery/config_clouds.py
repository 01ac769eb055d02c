"""Discovery that asks a vendor's service. None of it runs here; it is read in full, so that a mistake is told as a
mistake and a file that is right is refused for what is missing here.

One Struct a kind, with Prometheus's defaults and its conditions. Kinds, keys and messages are those of 2.42.
"""

from __future__ import annotations

from typing import Self

import msgspec

from engine.foundation.decode import Report
from engine.foundation.http_config import PrometheusHTTPClientConfig, TlsConfig, check_http_url
from engine.foundation.values import FilePath, Secret, Url
from promql.model.durations import Duration

_MINUTE = Duration(60_000)
_HALF_MINUTE = Duration(30_000)
_MARATHON_RIVALS = (
    (("basic_auth",), "basic_auth, auth_token & auth_token_file"),
    (("bearer_token", "bearer_token_file"), "bearer_token, bearer_token_file, auth_token & auth_token_file"),
    (("authorization",), "auth_token, auth_token_file & authorization"),
)


class _Polled(PrometheusHTTPClientConfig, frozen=True, kw_only=True):
    """An HTTP service that is asked now and then."""

    refresh_interval: Duration = _MINUTE


class _PolledWithPort(_Polled, frozen=True, kw_only=True):
    port: int = 80


class AzureSDConfig(_PolledWithPort, frozen=True, kw_only=True):
    environment: str = "AzurePublicCloud"
    authentication_method: str = "OAuth"
    subscription_id: str = ""
    tenant_id: str = ""
    client_id: str = ""
    client_secret: Secret = Secret()
    resource_group: str = ""
    refresh_interval: Duration = Duration(300_000)

    def check(self, report: Report) -> None:
        super().check(report)
        _require(self, report, "azure SD configuration requires a {}", "subscription_id")
        if self.authentication_method == "OAuth":
            _require(self, report, "azure SD configuration requires a {}", "tenant_id", "client_id", "client_secret")
        elif self.authentication_method != "ManagedIdentity":
            report.error(
                f'unknown authentication_type "{self.authentication_method}".'
                ' Supported types are "OAuth" or "ManagedIdentity"',
                "authentication_method",
            )


class DigitalOceanSDConfig(_PolledWithPort, frozen=True, kw_only=True): ...


class AwsFilter(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""
    values: tuple[str, ...] = ()

    def check(self, report: Report) -> None:
        if not self.values:
            report.error("EC2 SD configuration filter values cannot be empty", "values")


class LightsailSDConfig(_PolledWithPort, frozen=True, kw_only=True):
    region: str = ""
    endpoint: str = ""
    access_key: str = ""
    secret_key: Secret = Secret()
    profile: str = ""
    role_arn: str = ""


class EC2SDConfig(LightsailSDConfig, frozen=True, kw_only=True):
    filters: tuple[AwsFilter, ...] = ()


class EurekaSDConfig(_Polled, frozen=True, kw_only=True):
    server: str = ""
    refresh_interval: Duration = _HALF_MINUTE

    def check(self, report: Report) -> None:
        super().check(report)
        if not self.server:
            report.error("eureka_sd: empty or null eureka server", "server")
        elif not _has_scheme_and_host(self.server):
            report.error("eureka_sd: invalid eureka server URL", "server")


class GCESDConfig(msgspec.Struct, frozen=True, kw_only=True):
    project: str = ""
    zone: str = ""
    filter: str = ""
    refresh_interval: Duration = _MINUTE
    port: int = 80
    tag_separator: str = ","

    def check(self, report: Report) -> None:
        _require(self, report, "GCE SD configuration requires a {}", "project", "zone")


class HetznerSDConfig(_PolledWithPort, frozen=True, kw_only=True):
    role: str = ""

    def check(self, report: Report) -> None:
        super().check(report)
        _one_of(self.role, report, "role", ("robot", "hcloud"), 'unknown role "{}"')


class IonosSDConfig(_PolledWithPort, frozen=True, kw_only=True):
    datacenter_id: str = ""

    def check(self, report: Report) -> None:
        super().check(report)
        _require(self, report, "datacenter id can't be empty", "datacenter_id")


class KumaSDConfig(_Polled, frozen=True, kw_only=True):
    server: str = ""
    refresh_interval: Duration = _HALF_MINUTE
    fetch_timeout: Duration = Duration(120_000)

    def check(self, report: Report) -> None:
        super().check(report)
        _require(self, report, "kuma SD server must not be empty", "server")


class LinodeSDConfig(_PolledWithPort, frozen=True, kw_only=True):
    tag_separator: str = ","


class MarathonSDConfig(_Polled, frozen=True, kw_only=True):
    servers: tuple[str, ...] = ()
    auth_token: Secret = Secret()
    auth_token_file: FilePath = FilePath()
    refresh_interval: Duration = _HALF_MINUTE

    def check(self, report: Report) -> None:
        super().check(report)
        _require(self, report, "marathon_sd: must contain at least one Marathon server", "servers")
        if self.auth_token and self.auth_token_file:
            report.error("marathon_sd: at most one of auth_token & auth_token_file must be configured", "auth_token")
        if not (self.auth_token or self.auth_token_file):
            return
        for others, names in _MARATHON_RIVALS:
            if any(getattr(self, key) for key in others):
                report.error(f"marathon_sd: at most one of {names} must be configured", "auth_token")


class _Zookeeper(msgspec.Struct, frozen=True, kw_only=True):
    servers: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    timeout: Duration = Duration(10_000)


class NerveSDConfig(_Zookeeper, frozen=True, kw_only=True):
    def check(self, report: Report) -> None:
        _check_zookeeper(self, report, "nerve")


class ServersetSDConfig(_Zookeeper, frozen=True, kw_only=True):
    def check(self, report: Report) -> None:
        _check_zookeeper(self, report, "serverset")


class NomadSDConfig(_Polled, frozen=True, kw_only=True):
    allow_stale: bool = True
    namespace: str = "default"
    region: str = "global"
    server: str = "http://localhost:4646"
    tag_separator: str = ","

    def check(self, report: Report) -> None:
        super().check(report)
        _require(self, report, "nomad SD configuration requires a server address", "server")


class OpenStackRole(str):
    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if text not in ("hypervisor", "instance"):
            raise ValueError(f'unknown OpenStack SD role "{text}"')
        return cls(text)


class OpenStackSDConfig(msgspec.Struct, frozen=True, kw_only=True):
    identity_endpoint: str = ""
    username: str = ""
    userid: str = ""
    password: Secret = Secret()
    project_name: str = ""
    project_id: str = ""
    domain_name: str = ""
    domain_id: str = ""
    application_credential_name: str = ""
    application_credential_id: str = ""
    application_credential_secret: Secret = Secret()
    role: OpenStackRole = OpenStackRole()
    region: str = ""
    refresh_interval: Duration = _MINUTE
    port: int = 80
    all_tenants: bool = False
    tls_config: TlsConfig = TlsConfig()
    availability: str = "public"

    def check(self, report: Report) -> None:
        _require(self, report, "role missing (one of: instance, hypervisor)", "role")
        _require(self, report, "openstack SD configuration requires a {}", "region")
        _one_of(
            self.availability, report, "availability", ("public", "internal", "admin"),
            'unknown availability "{}", must be one of admin, internal or public',
        )  # fmt: skip


class OVHCloudSDConfig(msgspec.Struct, frozen=True, kw_only=True):
    endpoint: str = "ovh-eu"
    application_key: str = ""
    application_secret: Secret = Secret()
    consumer_key: Secret = Secret()
    service: str = ""
    refresh_interval: Duration = _MINUTE

    def check(self, report: Report) -> None:
        for key in ("endpoint", "application_key", "application_secret", "consumer_key"):
            _require(self, report, f"{key.replace('_', ' ')} can not be empty", key)
        _one_of(self.service, report, "service", ("vps", "dedicated_server"), "unknown service: {}")


class PuppetDBSDConfig(_PolledWithPort, frozen=True, kw_only=True):
    url: Url = Url()
    query: str = ""
    include_parameters: bool = False

    def check(self, report: Report) -> None:
        super().check(report)
        check_http_url(self.url, report)
        _require(self, report, "query missing", "query")


class ScalewaySDConfig(_PolledWithPort, frozen=True, kw_only=True):
    project_id: str = ""
    api_url: str = "https://api.scaleway.com"
    zone: str = "fr-par-1"
    access_key: str = ""
    secret_key: Secret = Secret()
    secret_key_file: FilePath = FilePath()
    name_filter: str = ""
    tags_filter: tuple[str, ...] = ()
    role: str = ""

    def check(self, report: Report) -> None:
        super().check(report)
        _require(self, report, "{} is mandatory", "project_id", "access_key")
        if self.secret_key and self.secret_key_file:
            report.error("at most one of secret_key & secret_key_file must be configured", "secret_key_file")
        if not self.secret_key and not self.secret_key_file:
            report.error("one of secret_key & secret_key_file must be configured", "secret_key")
        _one_of(self.role, report, "role", ("instance", "baremetal"), 'unknown role "{}"')


class TritonSDConfig(msgspec.Struct, frozen=True, kw_only=True):
    account: str = ""
    role: str = "container"
    dns_suffix: str = ""
    endpoint: str = ""
    groups: tuple[str, ...] = ()
    port: int = 9163
    refresh_interval: Duration = _MINUTE
    tls_config: TlsConfig = TlsConfig()
    version: int = 1

    def check(self, report: Report) -> None:
        _require(self, report, "triton SD configuration requires an account", "account")
        _require(self, report, "triton SD configuration requires a {}", "dns_suffix")
        _require(self, report, "triton SD configuration requires an endpoint", "endpoint")
        _one_of(
            self.role, report, "role", ("container", "cn"),
            "triton SD configuration requires role to be 'container' or 'cn'",
        )  # fmt: skip


class UyuniSDConfig(_Polled, frozen=True, kw_only=True):
    server: str = ""
    username: str = ""
    password: Secret = Secret()
    entitlement: str = "monitoring_entitled"
    separator: str = ","

    def check(self, report: Report) -> None:
        super().check(report)
        _require(self, report, "Uyuni SD configuration requires server host", "server")
        _require(self, report, "Uyuni SD configuration requires a {}", "username", "password")


class VultrSDConfig(_PolledWithPort, frozen=True, kw_only=True): ...


# --- conditions that several kinds share


def _require(config: msgspec.Struct, report: Report, message: str, *keys: str) -> None:
    for key in keys:
        if not getattr(config, key):
            report.error(message.format(key), key)


def _one_of(value: str, report: Report, key: str, allowed: tuple[str, ...], message: str) -> None:
    if not value:
        report.error(f"{key} missing (one of: {', '.join(allowed)})", key)
    elif value not in allowed:
        report.error(message.format(value), key)


def _has_scheme_and_host(text: str) -> bool:
    try:
        url = Url(text)
    except ValueError:
        return False
    return bool(url.scheme and url.host)


def _check_zookeeper(config: _Zookeeper, report: Report, kind: str) -> None:
    _require(config, report, f"{kind} SD config must contain at least one Zookeeper server", "servers")
    _require(config, report, f"{kind} SD config must contain at least one path", "paths")
    for index, path in enumerate(config.paths):
        if not path.startswith("/"):
            report.error(f"{kind} SD config paths must begin with '/': {path}", "paths", index)
