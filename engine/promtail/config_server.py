"""`server`, as Promtail's file and the servers of its push targets have it.

The library behind it knows more keys than mean something here: those are accepted, and named as without effect.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from engine.foundation.decode import Anything, Report
from engine.foundation.values import GoDuration

_WITHOUT_EFFECT: Final = (
    "http_listen_network", "http_listen_conn_limit", "http_tls_config", "grpc_listen_network", "grpc_listen_address",
    "grpc_listen_conn_limit", "grpc_tls_config", "register_instrumentation", "graceful_shutdown_timeout",
    "http_server_read_timeout", "http_server_write_timeout", "http_server_idle_timeout",
    "grpc_server_max_recv_msg_size", "grpc_server_max_send_msg_size", "grpc_server_max_concurrent_streams",
    "grpc_server_max_connection_idle", "grpc_server_max_connection_age", "grpc_server_max_connection_age_grace",
    "grpc_server_keepalive_time", "grpc_server_keepalive_timeout", "grpc_server_min_time_between_pings",
    "grpc_server_ping_without_stream_allowed", "log_format", "log_level", "log_source_ips_enabled",
    "log_source_ips_header", "log_source_ips_regex", "tls_cipher_suites", "tls_min_version", "profiling_enabled",
    "log_request_at_info_level_enabled", "log_request_headers", "log_request_exclude_headers_list", "http_path_prefix",
    "external_url",
)  # fmt: skip
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class ServerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A port of 0 is the default one. `disable` listens nowhere."""

    http_listen_address: str = ""
    http_listen_port: Port = 0
    grpc_listen_port: Port = 0
    health_check_target: bool = True
    disable: bool = False
    http_listen_network: str = ""
    http_listen_conn_limit: int = 0
    http_tls_config: Anything | None = None
    grpc_listen_network: str = ""
    grpc_listen_address: str = ""
    grpc_listen_conn_limit: int = 0
    grpc_tls_config: Anything | None = None
    register_instrumentation: bool = True
    graceful_shutdown_timeout: GoDuration = GoDuration(30_000)
    http_server_read_timeout: GoDuration = GoDuration(30_000)
    http_server_write_timeout: GoDuration = GoDuration(30_000)
    http_server_idle_timeout: GoDuration = GoDuration(120_000)
    grpc_server_max_recv_msg_size: int = 0
    grpc_server_max_send_msg_size: int = 0
    grpc_server_max_concurrent_streams: int = 0
    grpc_server_max_connection_idle: GoDuration = GoDuration(0)
    grpc_server_max_connection_age: GoDuration = GoDuration(0)
    grpc_server_max_connection_age_grace: GoDuration = GoDuration(0)
    grpc_server_keepalive_time: GoDuration = GoDuration(0)
    grpc_server_keepalive_timeout: GoDuration = GoDuration(0)
    grpc_server_min_time_between_pings: GoDuration = GoDuration(0)
    grpc_server_ping_without_stream_allowed: bool = False
    log_format: str = ""
    log_level: str = ""
    log_source_ips_enabled: bool = False
    log_source_ips_header: str = ""
    log_source_ips_regex: str = ""
    tls_cipher_suites: str = ""
    tls_min_version: str = ""
    profiling_enabled: bool = False
    log_request_at_info_level_enabled: bool = False
    log_request_headers: bool = False
    log_request_exclude_headers_list: str = ""
    http_path_prefix: str = ""
    external_url: str = ""
    enable_runtime_reload: bool = False

    def check(self, report: Report) -> None:
        if self.http_tls_config is not None:
            report.unsupported("use --web.config.file, which puts every port behind TLS", "http_tls_config")
        for key in _WITHOUT_EFFECT:
            if key != "http_tls_config" and report.given(key):
                report.warning("without effect here", key)
        if self.grpc_listen_port:
            report.warning("without effect here: nothing speaks gRPC", "grpc_listen_port")
