"""remote_write, remote_read and tracing as they are written. The last one is judged in full, and not run yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar, Final, Self

import msgspec

from engine.foundation.decode import NotHere, NullItem, OnlyHere, Report
from engine.foundation.http_config import PrometheusHTTPClientConfig, TlsConfig
from engine.foundation.values import LabelName, Secret, Url
from engine.relabel.config import RelabelConfig
from promql.model.durations import Duration

_RESERVED: Final = frozenset({
    "host", "content-encoding", "content-length", "content-type", "user-agent", "connection", "keep-alive",
    "proxy-authenticate", "proxy-authorization", "www-authenticate", "accept-encoding",
    "x-prometheus-remote-write-version", "x-prometheus-remote-read-version", "x-amz-date", "x-amz-security-token",
    "x-amz-content-sha256",
})  # fmt: skip
_USE_KEYS: Final = "authorization header must be changed via the basic_auth, authorization, oauth2, or sigv4 parameter"


V1: Final = "prometheus.WriteRequest"
V2: Final = "io.prometheus.write.v2.Request"
MESSAGES: Final = (V1, V2)
"""Of remote write 1.0 and 2.0."""


class SigV4(msgspec.Struct, frozen=True, kw_only=True):
    region: str = ""
    access_key: str = ""
    secret_key: Secret = Secret()
    profile: str = ""
    role_arn: str = ""

    def check(self, report: Report) -> None:
        if bool(self.access_key) != bool(self.secret_key):
            report.error(
                "must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config"
            )


class ProtobufMessage(str):
    """What requests are made of."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if text not in MESSAGES:
            raise ValueError(f"unknown remote write protobuf message {text}, supported: {', '.join(MESSAGES)}")
        return cls(text)


class QueueConfig(msgspec.Struct, frozen=True, kw_only=True):
    LATER: ClassVar[Mapping[str, str]] = {"sample_age_limit": "Prometheus 2.50"}

    capacity: int = 2500
    max_shards: int = 200
    min_shards: int = 1
    max_samples_per_send: int = 500
    batch_send_deadline: Duration = Duration(5000)
    min_backoff: Duration = Duration(30)
    max_backoff: Duration = Duration(5000)
    retry_on_http_429: bool = False


class MetadataConfig(msgspec.Struct, frozen=True, kw_only=True):
    send: bool = True
    send_interval: Duration = Duration(60_000)
    max_samples_per_send: int = 500


class RemoteWriteConfig(PrometheusHTTPClientConfig, frozen=True, kw_only=True):
    LATER: ClassVar[Mapping[str, str]] = {
        **PrometheusHTTPClientConfig.LATER,
        "azuread": "Prometheus 2.45",
        "round_robin_dns": "Prometheus 3.1",
    }

    url: Url = Url()
    remote_timeout: Duration = Duration(30_000)
    headers: Mapping[str, str] = {}
    write_relabel_configs: Annotated[
        tuple[RelabelConfig, ...], NullItem("empty or null relabeling rule in remote write config")
    ] = ()
    name: str = ""
    protobuf_message: Annotated[ProtobufMessage, OnlyHere("Prometheus before 2.54 refuses it")] = ProtobufMessage(V1)
    send_exemplars: bool = False
    send_native_histograms: Annotated[bool, NotHere("samples are floats here: leave it out")] = False
    queue_config: QueueConfig = QueueConfig()
    metadata_config: MetadataConfig = MetadataConfig()
    sigv4: SigV4 | None = None

    def check(self, report: Report) -> None:
        super().check(report)
        if not self.url:
            report.error("url for remote_write is empty", "url")
        check_headers(self.headers, report, _USE_KEYS)
        if self.sigv4 and (self.basic_auth or self.bearer or self.oauth2):
            report.error("at most one of basic_auth, authorization, oauth2, & sigv4 must be configured", "sigv4")


class RemoteReadConfig(PrometheusHTTPClientConfig, frozen=True, kw_only=True):
    LATER: ClassVar[Mapping[str, str]] = {
        **PrometheusHTTPClientConfig.LATER, "chunked_read_limit": "Prometheus 3.0",
    }  # fmt: skip

    url: Url = Url()
    remote_timeout: Duration = Duration(60_000)
    headers: Mapping[str, str] = {}
    read_recent: bool = False
    name: str = ""
    required_matchers: Mapping[Annotated[str, LabelName], str] = {}
    filter_external_labels: bool = True

    def check(self, report: Report) -> None:
        super().check(report)
        if not self.url:
            report.error("url for remote_read is empty", "url")
        check_headers(self.headers, report, _USE_KEYS)


class TracingClient(str):
    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if text not in ("http", "grpc"):
            raise ValueError(f"expected tracing client type to be to be http or grpc, but got {text}")
        return cls(text)


class TracingConfig(msgspec.Struct, frozen=True, kw_only=True):
    client_type: TracingClient = TracingClient("grpc")
    endpoint: str = ""
    sampling_fraction: float = 0.0
    insecure: bool = False
    tls_config: TlsConfig = TlsConfig()
    headers: Mapping[str, str] = {}
    compression: str = ""
    timeout: Duration = Duration(0)

    def check(self, report: Report) -> None:
        check_headers(self.headers, report, "custom authorization header configuration is not yet supported")
        if not self.endpoint:
            report.error("tracing endpoint must be set", "endpoint")
        if self.compression not in ("", "gzip"):
            report.error(f"invalid compression type {self.compression} provided, valid options: gzip", "compression")


def distinct_names(named: Iterable[tuple[str, str]]) -> list[str]:
    """Of each server its name, or where it has none the one beside that. What is taken already gets a number, since
    several entries may have one URL: tenants, told apart by headers.
    """
    found: list[str] = []
    for own, otherwise in named:
        name, number = own or otherwise, 1
        while name in found:
            number += 1
            name = f"{own or otherwise}-{number}"
        found.append(name)
    return found


def check_duplicates(configs: Sequence[RemoteWriteConfig | RemoteReadConfig], report: Report, what: str) -> None:
    """Two that are equal are a mistake: the same samples would go, or come, twice."""
    for index, config in enumerate(configs):
        if not config.name and config in configs[:index]:
            report.error(f"duplicate {what} are not allowed, found duplicate for URL: {config.url}", index)


def check_headers(headers: Iterable[str], report: Report, of_authorization: str) -> None:
    for header in headers:
        if header.lower() == "authorization":
            report.error(of_authorization, "headers", header)
        elif header.lower() in _RESERVED:
            report.error(f"{header} is a reserved header. It must not be changed", "headers", header)
