"""Who hears of alerts over lines: what Loki's `ruler` says, as a prometheus.yml would say it."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from engine.config.prometheus import AlertmanagersConfig
from engine.discovery.config import DnsSDConfig, DnsType, TargetGroup
from engine.foundation.http_config import Authorization, BasicAuth, TlsConfig
from engine.foundation.values import Secret, Url
from engine.ruler.config import AlertmanagerClient, RulerConfig
from promql.model.durations import Duration

_SERVICE: Final = DnsType("SRV")


def alertmanagers(config: RulerConfig) -> list[AlertmanagersConfig]:
    """One section for each URL."""
    return [_section(url, config) for url in config.alertmanager_url.all]


def _section(url: Url, config: RulerConfig) -> AlertmanagersConfig:
    client = config.alertmanager_client
    interval = Duration(config.alertmanager_refresh_interval)
    services = DnsSDConfig(names=(url.host,), refresh_interval=interval, type=_SERVICE)
    discovered = config.enable_alertmanager_discovery
    return AlertmanagersConfig(
        scheme=url.scheme,
        path_prefix=url.parts.path,
        timeout=Duration(config.notification_timeout),
        static_configs=() if discovered else (TargetGroup(targets=(url.host,)),),
        dns_sd_configs=(services,) if discovered else (),
        basic_auth=client.basic_auth or _of_url(url),
        authorization=_authorization(client),
        tls_config=TlsConfig(
            ca_file=client.tls_ca_path,
            cert_file=client.tls_cert_path,
            key_file=client.tls_key_path,
            server_name=client.tls_server_name,
            insecure_skip_verify=client.tls_insecure_skip_verify,
        ),
    )


def _of_url(url: Url) -> BasicAuth | None:
    if not url.parts.username:
        return None
    return BasicAuth(username=unquote(url.parts.username), password=Secret(unquote(url.parts.password or "")))


def _authorization(client: AlertmanagerClient) -> Authorization | None:
    if not client.credentials and not client.credentials_file:
        return None
    return Authorization(type=client.type, credentials=client.credentials, credentials_file=client.credentials_file)
