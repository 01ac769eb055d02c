"""Where lines come from, as it is written: an entry of `scrape_configs`."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import Annotated, Final, Self

import msgspec

from engine.discovery.config import (
    ConsulSDConfig,
    DnsSDConfig,
    DockerSDConfig,
    DockerSwarmSDConfig,
    FileSDConfig,
    TargetGroup,
    TargetSources,
)
from engine.discovery.config_kubernetes import KubernetesSDConfig
from engine.foundation.decode import Anything, NotHere, NullItem, OnlyHere, Report
from engine.foundation.values import FilePath, GoDuration, LabelName
from engine.promtail.config_server import ServerConfig
from engine.promtail.stages.table import OF, Stages
from engine.relabel.config import RelabelConfig

PATH: Final = "__path__"
EXCLUDED: Final = "__path_exclude__"
HOST: Final = "__host__"
_LOCALHOST: Final = ("localhost",)
_OLD_LABELS = Mapping[Annotated[str, LabelName], str]
_CLOUD: Final = NotHere("use file_sd_configs", OF)
_FAR: Final = NotHere("have it written to a file, or pushed to a loki_push_api", OF)
_SYSLOG_FORMATS: Final = ("rfc5424", "rfc3164")


class Encoding(str):
    """An IANA name of an encoding."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        try:
            if text:
                codecs.lookup(text)
        except LookupError:
            raise ValueError(f'unknown encoding "{text}": want an IANA name, for example UTF-16LE') from None
        return cls(text)


class Packed(str):
    """How compressed files are packed."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if text and text not in ("gz", "z", "bz2"):
            raise ValueError(f'unknown format "{text}" (there are: gz, z, bz2)')
        return cls(text)


class DecompressionConfig(msgspec.Struct, frozen=True, kw_only=True):
    """`format` is that of all files of the job; where it is not given the name's ending tells."""

    enabled: bool = False
    initial_delay: GoDuration = GoDuration(0)
    format: Packed = Packed()

    def check(self, report: Report) -> None:
        if self.enabled and not self.format:
            report.error("decompression needs a format: gz, z or bz2", "format")


class JournalConfig(msgspec.Struct, frozen=True, kw_only=True):
    json: bool = False
    max_age: GoDuration = GoDuration(25_200_000)
    labels: _OLD_LABELS = {}
    path: str = ""
    matches: str = ""

    def check(self, report: Report) -> None:
        for match in self.matches.split():
            if "=" not in match:
                report.error(
                    f"Error parsing journal reader 'matches' config value: want KEY=VALUE, not \"{match}\"", "matches"
                )


class SyslogTls(msgspec.Struct, frozen=True, kw_only=True):
    cert_file: FilePath = FilePath()
    key_file: FilePath = FilePath()
    ca_file: FilePath = FilePath()

    def check(self, report: Report) -> None:
        if bool(self.cert_file) != bool(self.key_file):
            report.error("certificate and key must both be given", "cert_file")

    @property
    def enabled(self) -> bool:
        return bool(self.cert_file)


class SyslogConfig(msgspec.Struct, frozen=True, kw_only=True):
    listen_address: str = ""
    listen_protocol: str = "tcp"
    idle_timeout: GoDuration = GoDuration(120_000)
    label_structured_data: bool = False
    labels: _OLD_LABELS = {}
    use_incoming_timestamp: bool = False
    use_rfc5424_message: bool = False
    max_message_length: Annotated[int, msgspec.Meta(ge=0)] = 8192
    tls_config: SyslogTls = SyslogTls()
    syslog_format: Annotated[str, OnlyHere("Promtail before 3.1 refuses it")] = "rfc5424"

    def check(self, report: Report) -> None:
        _, colon, port = self.listen_address.rpartition(":")
        if not colon or not port.isdecimal() or int(port) > 65535:
            report.error("want HOST:PORT or :PORT, for example 127.0.0.1:1514", "listen_address")
        if self.listen_protocol not in ("tcp", "udp"):
            report.error("invalid transport protocol, expected 'udp' or 'tcp'", "listen_protocol")
        if self.syslog_format not in _SYSLOG_FORMATS:
            report.error(f"invalid syslog format, expected one of {', '.join(_SYSLOG_FORMATS)}", "syslog_format")
        if self.listen_protocol == "udp" and self.tls_config.enabled:
            report.error("TLS needs listen_protocol: tcp", "tls_config")


class PushApiConfig(msgspec.Struct, frozen=True, kw_only=True):
    server: ServerConfig = ServerConfig()
    labels: _OLD_LABELS = {}
    use_incoming_timestamp: bool = False


def _null(key: str) -> NullItem:
    return NullItem(f"empty or null section in {key}")


class ScrapeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One job: a source of lines, what their labels become, and what happens to the lines."""

    job_name: str = ""
    pipeline_stages: Stages = ()
    relabel_configs: Annotated[tuple[RelabelConfig, ...], NullItem("empty or null relabeling rule")] = ()
    encoding: Encoding = Encoding()
    decompression: Annotated[DecompressionConfig, OnlyHere("Promtail before 2.8 refuses it")] = DecompressionConfig()
    static_configs: Annotated[tuple[TargetGroup, ...], _null("static_configs")] = ()
    file_sd_configs: Annotated[tuple[FileSDConfig, ...], _null("file_sd_configs")] = ()
    docker_sd_configs: Annotated[tuple[DockerSDConfig, ...], _null("docker_sd_configs")] = ()
    dockerswarm_sd_configs: Annotated[tuple[DockerSwarmSDConfig, ...], _null("dockerswarm_sd_configs")] = ()
    kubernetes_sd_configs: Annotated[tuple[KubernetesSDConfig, ...], _null("kubernetes_sd_configs")] = ()
    consul_sd_configs: Annotated[tuple[ConsulSDConfig, ...], _null("consul_sd_configs")] = ()
    dns_sd_configs: Annotated[tuple[DnsSDConfig, ...], _null("dns_sd_configs")] = ()
    journal: JournalConfig | None = None
    syslog: SyslogConfig | None = None
    loki_push_api: PushApiConfig | None = None
    consulagent_sd_configs: Annotated[Anything | None, _CLOUD] = None
    ec2_sd_configs: Annotated[Anything | None, _CLOUD] = None
    gce_sd_configs: Annotated[Anything | None, _CLOUD] = None
    azure_sd_configs: Annotated[Anything | None, _CLOUD] = None
    digitalocean_sd_configs: Annotated[Anything | None, _CLOUD] = None
    openstack_sd_configs: Annotated[Anything | None, _CLOUD] = None
    marathon_sd_configs: Annotated[Anything | None, _CLOUD] = None
    triton_sd_configs: Annotated[Anything | None, _CLOUD] = None
    serverset_sd_configs: Annotated[Anything | None, _CLOUD] = None
    nerve_sd_configs: Annotated[Anything | None, _CLOUD] = None
    windows_events: Annotated[Anything | None, NotHere("this engine runs on Linux", OF)] = None
    kafka: Annotated[Anything | None, _FAR] = None
    gelf: Annotated[Anything | None, _FAR] = None
    gcplog: Annotated[Anything | None, _FAR] = None
    cloudflare: Annotated[Anything | None, _FAR] = None
    heroku_drain: Annotated[Anything | None, _FAR] = None
    azure_event_hubs: Annotated[Anything | None, _FAR] = None

    def check(self, report: Report) -> None:
        if not self.job_name:
            report.error("job_name is empty", "job_name")
        self._check_paths(report)

    def _check_paths(self, report: Report) -> None:
        """Without relabelling nothing else can name a path."""
        for place, group in enumerate(self.static_configs if not self.relabel_configs else ()):
            if not group.labels.get(PATH):
                report.warning(f"no path for target: the labels have no {PATH}", "static_configs", place)

    @property
    def discovers(self) -> TargetSources:
        """Who tells of files; where a static group names no target it is this machine."""
        groups = [
            group if group.targets else msgspec.structs.replace(group, targets=_LOCALHOST)
            for group in self.static_configs
        ]
        return TargetSources(
            static_configs=tuple(groups),
            file_sd_configs=self.file_sd_configs,
            dockerswarm_sd_configs=self.dockerswarm_sd_configs,
            kubernetes_sd_configs=self.kubernetes_sd_configs,
            consul_sd_configs=self.consul_sd_configs,
            dns_sd_configs=self.dns_sd_configs,
        )

    def daemon(self, one: DockerSDConfig) -> TargetSources:
        """One of those who tell of containers."""
        return TargetSources(docker_sd_configs=(one,))
