"""Service discovery as it is written: who gives a job its targets.

`TargetSources` is a section's whole discovery, with the HTTP options that stand beside it; its annotations are the
table of what works here. Kinds that are typed but not built yet carry NotYet, those of cloud vendors NotHere.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Annotated, Final, Self

import msgspec

from engine.discovery.config_clouds import (
    AzureSDConfig,
    DigitalOceanSDConfig,
    EC2SDConfig,
    EurekaSDConfig,
    GCESDConfig,
    HetznerSDConfig,
    IonosSDConfig,
    KumaSDConfig,
    LightsailSDConfig,
    LinodeSDConfig,
    MarathonSDConfig,
    NerveSDConfig,
    NomadSDConfig,
    OpenStackSDConfig,
    OVHCloudSDConfig,
    PuppetDBSDConfig,
    ScalewaySDConfig,
    ServersetSDConfig,
    TritonSDConfig,
    UyuniSDConfig,
    VultrSDConfig,
)
from engine.discovery.config_kubernetes import KubernetesSDConfig
from engine.foundation.decode import NotHere, NullItem, OnlyHere, Report
from engine.foundation.http_config import PrometheusHTTPClientConfig, check_http_url
from engine.foundation.regexes import Regex
from engine.foundation.values import FilePath, LabelName, Secret, Url
from promql.model.durations import Duration

_SD_FILE: Final = Regex(r"[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)")
_CLOUD: Final = NotHere("use file_sd_configs or http_sd_configs")
_PORTLESS: Final = "SRV"
_DAEMON_SCHEMES: Final = ("unix", "tcp", "http", "https")


def _null(key: str) -> NullItem:
    return NullItem(f"empty or null section in {key}")


class TargetGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Targets as `host:port` with labels in common: an entry of static_configs, and of what sources answer."""

    targets: tuple[str, ...] = ()
    labels: Mapping[Annotated[str, LabelName], str] = {}


class SDFile(FilePath):
    """A file of targets, or a glob with its star in the last part."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if not _SD_FILE.matches(text):
            raise ValueError(f'path name "{text}" is not valid for file discovery')
        return cls(text)


class FileSDConfig(msgspec.Struct, frozen=True, kw_only=True):
    files: tuple[SDFile, ...] = ()
    refresh_interval: Duration = Duration(300_000)

    def check(self, report: Report) -> None:
        if not self.files:
            report.error("file service discovery config must contain at least one path name", "files")


class HttpSDConfig(PrometheusHTTPClientConfig, frozen=True, kw_only=True):
    refresh_interval: Duration = Duration(60_000)
    url: Url = Url()

    def check(self, report: Report) -> None:
        super().check(report)
        check_http_url(self.url, report)


class DnsType(str):
    """SRV, A, AAAA, MX or NS, in any case."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if text.upper() not in ("SRV", "A", "AAAA", "MX", "NS"):
            raise ValueError(f"invalid DNS-SD records type {text}")
        return cls(text.upper())


class DnsSDConfig(msgspec.Struct, frozen=True, kw_only=True):
    names: tuple[str, ...] = ()
    refresh_interval: Duration = Duration(30_000)
    type: DnsType = DnsType(_PORTLESS)
    port: int = 0

    def check(self, report: Report) -> None:
        if not self.names:
            report.error("DNS-SD config must contain at least one SRV record name", "names")
        if self.type != _PORTLESS and not self.port:
            report.error("a port is required in DNS-SD configs for all record types except SRV", "port")
        if self.type == "NS":
            report.ours("the type NS works here, but Prometheus before 2.49 refuses it", "type")
        if find_spec("dns") is None:
            report.unsupported("needs the package dnspython: pip install 'monitoring-engine[dns]'")


class DockerFilter(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""
    values: tuple[str, ...] = ()


class DockerSDConfig(PrometheusHTTPClientConfig, frozen=True, kw_only=True):
    """Of a container in several networks each is a target; with `match_first_network` the first by name alone."""

    host: Url = Url()
    filters: tuple[DockerFilter, ...] = ()
    port: int = 80
    host_networking_host: str = "localhost"
    match_first_network: Annotated[bool, OnlyHere("Prometheus before 2.54 refuses it")] = False
    refresh_interval: Duration = Duration(60_000)

    def check(self, report: Report) -> None:
        super().check(report)
        _check_daemon(self.host, report)


def _check_daemon(host: Url, report: Report) -> None:
    if not host:
        report.error("host missing", "host")
    elif host.scheme not in _DAEMON_SCHEMES or "://" not in host.reveal():
        report.warning(
            f'unable to parse docker host "{host}": want unix:///var/run/docker.sock, tcp://HOST:PORT, http:// or'
            " https://; there will be no targets",
            "host",
        )


class SwarmRole(str):
    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if text not in ("services", "nodes", "tasks"):
            raise ValueError(f"invalid role {text}, expected tasks, services, or nodes")
        return cls(text)


class DockerSwarmSDConfig(PrometheusHTTPClientConfig, frozen=True, kw_only=True):
    host: Url = Url()
    role: SwarmRole = SwarmRole()
    filters: tuple[DockerFilter, ...] = ()
    port: int = 80
    refresh_interval: Duration = Duration(60_000)

    def check(self, report: Report) -> None:
        super().check(report)
        _check_daemon(self.host, report)
        if not self.role:
            report.error("role missing (one of: tasks, services, nodes)", "role")


class ConsulSDConfig(PrometheusHTTPClientConfig, frozen=True, kw_only=True):
    server: str = "localhost:8500"
    token: Secret = Secret()
    datacenter: str = ""
    namespace: str = ""
    partition: str = ""
    tag_separator: str = ","
    scheme: str = "http"
    username: str = ""
    password: Secret = Secret()
    allow_stale: bool = True
    refresh_interval: Duration = Duration(30_000)
    services: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    node_meta: Mapping[str, str] = {}
    path_prefix: Annotated[str, OnlyHere("Prometheus before 2.45 refuses it")] = ""
    filter: Annotated[str, OnlyHere("Prometheus before 3.0 refuses it")] = ""

    def check(self, report: Report) -> None:
        super().check(report)
        if not self.server.strip():
            report.error("consul SD configuration requires a server address", "server")
        if (self.username or self.password) and (self.basic_auth or self.authorization or self.oauth2):
            report.error(
                "at most one of consul SD configuration username and password and basic auth, authorization and"
                " oauth2 can be configured",
                "username",
            )
        if self.token and (self.authorization or self.oauth2):
            report.error("at most one of consul SD token, authorization and oauth2 can be configured", "token")


class TargetSources(PrometheusHTTPClientConfig, frozen=True, kw_only=True):
    """All the ways in which a section gets targets."""

    static_configs: Annotated[tuple[TargetGroup, ...], NullItem("empty or null section in static_configs")] = ()
    file_sd_configs: Annotated[tuple[FileSDConfig, ...], _null("file_sd_configs")] = ()
    http_sd_configs: Annotated[tuple[HttpSDConfig, ...], _null("http_sd_configs")] = ()
    dns_sd_configs: Annotated[tuple[DnsSDConfig, ...], _null("dns_sd_configs")] = ()
    docker_sd_configs: Annotated[tuple[DockerSDConfig, ...], _null("docker_sd_configs")] = ()
    dockerswarm_sd_configs: Annotated[tuple[DockerSwarmSDConfig, ...], _null("dockerswarm_sd_configs")] = ()
    kubernetes_sd_configs: Annotated[tuple[KubernetesSDConfig, ...], _null("kubernetes_sd_configs")] = ()
    consul_sd_configs: Annotated[tuple[ConsulSDConfig, ...], _null("consul_sd_configs")] = ()
    azure_sd_configs: Annotated[tuple[AzureSDConfig, ...], _null("azure_sd_configs"), _CLOUD] = ()
    digitalocean_sd_configs: Annotated[tuple[DigitalOceanSDConfig, ...], _null("digitalocean_sd_configs"), _CLOUD] = ()
    ec2_sd_configs: Annotated[tuple[EC2SDConfig, ...], _null("ec2_sd_configs"), _CLOUD] = ()
    eureka_sd_configs: Annotated[tuple[EurekaSDConfig, ...], _null("eureka_sd_configs"), _CLOUD] = ()
    gce_sd_configs: Annotated[tuple[GCESDConfig, ...], _null("gce_sd_configs"), _CLOUD] = ()
    hetzner_sd_configs: Annotated[tuple[HetznerSDConfig, ...], _null("hetzner_sd_configs"), _CLOUD] = ()
    ionos_sd_configs: Annotated[tuple[IonosSDConfig, ...], _null("ionos_sd_configs"), _CLOUD] = ()
    kuma_sd_configs: Annotated[tuple[KumaSDConfig, ...], _null("kuma_sd_configs"), _CLOUD] = ()
    lightsail_sd_configs: Annotated[tuple[LightsailSDConfig, ...], _null("lightsail_sd_configs"), _CLOUD] = ()
    linode_sd_configs: Annotated[tuple[LinodeSDConfig, ...], _null("linode_sd_configs"), _CLOUD] = ()
    marathon_sd_configs: Annotated[tuple[MarathonSDConfig, ...], _null("marathon_sd_configs"), _CLOUD] = ()
    nerve_sd_configs: Annotated[tuple[NerveSDConfig, ...], _null("nerve_sd_configs"), _CLOUD] = ()
    nomad_sd_configs: Annotated[tuple[NomadSDConfig, ...], _null("nomad_sd_configs"), _CLOUD] = ()
    openstack_sd_configs: Annotated[tuple[OpenStackSDConfig, ...], _null("openstack_sd_configs"), _CLOUD] = ()
    ovhcloud_sd_configs: Annotated[tuple[OVHCloudSDConfig, ...], _null("ovhcloud_sd_configs"), _CLOUD] = ()
    puppetdb_sd_configs: Annotated[tuple[PuppetDBSDConfig, ...], _null("puppetdb_sd_configs"), _CLOUD] = ()
    scaleway_sd_configs: Annotated[tuple[ScalewaySDConfig, ...], _null("scaleway_sd_configs"), _CLOUD] = ()
    serverset_sd_configs: Annotated[tuple[ServersetSDConfig, ...], _null("serverset_sd_configs"), _CLOUD] = ()
    triton_sd_configs: Annotated[tuple[TritonSDConfig, ...], _null("triton_sd_configs"), _CLOUD] = ()
    uyuni_sd_configs: Annotated[tuple[UyuniSDConfig, ...], _null("uyuni_sd_configs"), _CLOUD] = ()
    vultr_sd_configs: Annotated[tuple[VultrSDConfig, ...], _null("vultr_sd_configs"), _CLOUD] = ()
