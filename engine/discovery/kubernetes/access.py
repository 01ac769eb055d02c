"""Where the API of a cluster is, and how to call it: as configured, by a kubeconfig, or from inside of a pod."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from engine.discovery.config_kubernetes import KubernetesSDConfig
from engine.discovery.kubernetes.kubeconfig import read_kubeconfig
from engine.discovery.naming import address
from engine.discovery.ports import DiscoveryError
from engine.foundation.http_config import PrometheusHTTPClientConfig, TlsConfig
from engine.foundation.values import FilePath

_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class Pod(Struct, frozen=True):
    """What a pod is told of its cluster: variables, and the folder of its service account."""

    environment: Mapping[str, str]
    account: Path = _ACCOUNT


class Access(Struct, frozen=True):
    """`namespace` is the own one, where that is asked for."""

    server: str
    client: PrometheusHTTPClientConfig
    namespace: str = ""


def access(config: KubernetesSDConfig, base: Path, pod: Pod | None = None) -> Access:
    """`pod` is the one in which we run. Raises DiscoveryError."""
    if config.api_server:
        return Access(config.api_server.reveal().rstrip("/"), config)
    if config.kubeconfig_file:
        found = read_kubeconfig(base / config.kubeconfig_file)
        return Access(found.server, found.client)
    return _inside(config, pod or Pod(os.environ))


def _inside(config: KubernetesSDConfig, pod: Pod) -> Access:
    host, port = (pod.environment.get(f"KUBERNETES_SERVICE_{name}", "") for name in ("HOST", "PORT"))
    if not host or not port:
        raise DiscoveryError(
            "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be"
            " defined: outside of a cluster name an api_server or a kubeconfig_file"
        )
    if not port.isdecimal():
        raise DiscoveryError(f"KUBERNETES_SERVICE_PORT={port} is not the number of a port")
    client = PrometheusHTTPClientConfig(
        bearer_token_file=FilePath(pod.account / "token"),
        tls_config=TlsConfig(ca_file=FilePath(pod.account / "ca.crt")),
    )
    own = _own_namespace(pod) if config.namespaces.own_namespace else ""
    return Access(f"https://{address(host, int(port))}", client, own)


def _own_namespace(pod: Pod) -> str:
    try:
        found = (pod.account / "namespace").read_text().strip()
    except OSError as error:
        raise DiscoveryError(f"could not determine the pod's namespace: {error.strerror}") from None
    if not found:
        raise DiscoveryError("could not read own namespace name (empty file)")
    return found
