"""What a kubeconfig says about the cluster of its current context, and how to prove who calls.

Tokens, passwords and client certificates work, in files or inline. Plug-ins that are run for a token (`exec`,
`auth-provider`) are refused by name: a file from somewhere must not start programs.
"""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import yaml
from msgspec import Struct

from engine.discovery.ports import DiscoveryError
from engine.foundation.http_config import Authorization, BasicAuth, PrometheusHTTPClientConfig, TlsConfig
from engine.foundation.values import FilePath, Secret, Url

_INSTEAD: Final = "use a token or a client certificate"
T = TypeVar("T")


class _Cluster(msgspec.Struct, rename="kebab"):
    server: str = ""
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = ""


class _User(msgspec.Struct, rename="kebab"):
    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    token: str = ""
    token_file: str = msgspec.field(name="tokenFile", default="")
    username: str = ""
    password: str = ""
    exec: msgspec.Raw | dict[str, object] | None = None
    auth_provider: dict[str, object] | None = None


class _Context(msgspec.Struct):
    cluster: str = ""
    user: str = ""


class _NamedCluster(msgspec.Struct):
    name: str = ""
    cluster: _Cluster = msgspec.field(default_factory=_Cluster)


class _NamedUser(msgspec.Struct):
    name: str = ""
    user: _User = msgspec.field(default_factory=_User)


class _NamedContext(msgspec.Struct):
    name: str = ""
    context: _Context = msgspec.field(default_factory=_Context)


class _Kubeconfig(msgspec.Struct, rename="kebab"):
    current_context: str = ""
    clusters: list[_NamedCluster] | None = None
    users: list[_NamedUser] | None = None
    contexts: list[_NamedContext] | None = None


class KubeconfigError(DiscoveryError):
    """The file can't be used; the text begins with its path."""


class PluginError(KubeconfigError):
    """It is right, and wants a program to be run."""


class Kubeconfig(Struct, frozen=True):
    """The current context of the file at `path`."""

    path: Path
    cluster: _Cluster
    user: _User

    @property
    def server(self) -> str:
        return self.cluster.server.rstrip("/")

    @property
    def client(self) -> PrometheusHTTPClientConfig:
        """How to call the server. Raises KubeconfigError."""
        cluster, user = self.cluster, self.user
        token_file = self._file(user.token_file)
        authorization = basic = None
        if user.token or token_file:
            authorization = Authorization(
                credentials=Secret("" if token_file else user.token), credentials_file=token_file
            )
        elif user.username or user.password:
            basic = BasicAuth(username=user.username, password=Secret(user.password))
        ca, cert, key = (
            self._inline("certificate-authority-data", cluster.certificate_authority_data),
            self._inline("client-certificate-data", user.client_certificate_data),
            self._inline("client-key-data", user.client_key_data),
        )
        return PrometheusHTTPClientConfig(
            authorization=authorization,
            basic_auth=basic,
            proxy_url=Url(cluster.proxy_url),
            tls_config=TlsConfig(
                ca=ca,
                ca_file=self._file("" if ca else cluster.certificate_authority),
                cert=cert,
                cert_file=self._file("" if cert else user.client_certificate),
                key=Secret(key),
                key_file=self._file("" if key else user.client_key),
                server_name=cluster.tls_server_name,
                insecure_skip_verify=cluster.insecure_skip_tls_verify,
            ),
        )

    def _file(self, name: str) -> FilePath:
        """Relative names belong to the kubeconfig's folder."""
        return FilePath(str(self.path.parent / name) if name else "")

    def _inline(self, key: str, data: str) -> str:
        try:
            return b64decode(data, validate=True).decode()
        except ValueError:
            raise KubeconfigError(f"{self.path}: {key} is no text in base64") from None


def read_kubeconfig(path: Path) -> Kubeconfig:
    """Raises KubeconfigError, and PluginError for what would have to run a program."""
    try:
        # All scalars as text: a token of digits is none the less a text.
        written = yaml.load(path.read_bytes(), Loader=yaml.BaseLoader)  # noqa: S506 - builds text, lists and maps alone
        found = msgspec.convert(written, _Kubeconfig, strict=False)
    except OSError as error:
        raise KubeconfigError(f"{path}: can't be read: {error.strerror}") from None
    except (yaml.YAMLError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise KubeconfigError(f"{path}: is no kubeconfig: {error}") from None
    return _current(path, found)


def _current(path: Path, found: _Kubeconfig) -> Kubeconfig:
    if not found.current_context:
        raise KubeconfigError(f"{path}: names no current-context")
    contexts = {one.name: one.context for one in found.contexts or ()}
    context = _pick(path, "context", contexts, found.current_context)
    cluster = _pick(path, "cluster", {one.name: one.cluster for one in found.clusters or ()}, context.cluster)
    users = {one.name: one.user for one in found.users or ()}
    user = _pick(path, "user", users, context.user) if context.user else _User()
    if not cluster.server:
        raise KubeconfigError(f'{path}: the cluster "{context.cluster}" has no server')
    for plugin, wanted in (("exec", user.exec), ("auth-provider", user.auth_provider)):
        if wanted is not None:
            raise PluginError(
                f'{path}: the user "{context.user}" gets credentials by `{plugin}`, which is valid in Prometheus, not'
                f" supported here: {_INSTEAD}"
            )
    return Kubeconfig(path, cluster, user)


def _pick(path: Path, what: str, named: dict[str, T], name: str) -> T:
    if name not in named:
        raise KubeconfigError(f'{path}: there is no {what} "{name}"')
    return named[name]
