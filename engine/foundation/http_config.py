"""How to speak HTTP to somebody: the options that Prometheus and Alertmanager share, wherever they call out.

One Struct holds what both know; each has a Struct of its own on top with the keys that only it takes, and what one
of them lacks is a property with the default here, so that whoever builds clients asks no questions.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Final, Protocol, Self

import msgspec

from engine.foundation import http_socks
from engine.foundation.decode import OnlyHere, Report
from engine.foundation.values import FilePath, GoDuration, Secret, Url

_TLS_VERSIONS: Final = MappingProxyType(
    {
        "TLS10": ssl.TLSVersion.TLSv1,
        "TLS11": ssl.TLSVersion.TLSv1_1,
        "TLS12": ssl.TLSVersion.TLSv1_2,
        "TLS13": ssl.TLSVersion.TLSv1_3,
    }
)
_PROXY: Final = OnlyHere("Prometheus before 2.43 and Alertmanager before 0.26 refuse it")
_HEADERS: Final = OnlyHere("Prometheus before 2.55 and Alertmanager before 0.28 refuse it")
_USERNAME: Final = OnlyHere("Prometheus before 2.49 and Alertmanager before 0.28 refuse it")
_INLINE: Final = OnlyHere("Prometheus before 2.53 and Alertmanager before 0.28 refuse it")
RESERVED_HEADERS: Final = frozenset({
    "authorization", "host", "content-encoding", "content-length", "content-type", "user-agent", "connection",
    "keep-alive", "proxy-authenticate", "proxy-authorization", "www-authenticate", "accept-encoding",
    "x-prometheus-remote-write-version", "x-prometheus-remote-read-version", "x-prometheus-scrape-timeout-seconds",
    "x-amz-date", "x-amz-security-token", "x-amz-content-sha256",
})  # fmt: skip
"""What no configuration may set, since the connection, the engine or another option does."""
_REFUSED: Final = "every release of Alertmanager refuses it, since its HTTP client has fixed limits"


class TlsVersion(str):
    """`TLS10` to `TLS13`; empty leaves it to the library."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if text and text not in _TLS_VERSIONS:
            raise ValueError(f"unknown TLS version: {text}")
        return cls(text)

    @property
    def protocol(self) -> ssl.TLSVersion:
        """As the library names it. Raises KeyError for the empty one."""
        return _TLS_VERSIONS[self]


class TlsConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How to trust the other side, and how to prove who calls: by files, or by what stands here (PEM)."""

    ca: Annotated[str, _INLINE] = ""
    cert: Annotated[str, _INLINE] = ""
    key: Annotated[Secret, _INLINE] = Secret()
    ca_file: FilePath = FilePath()
    cert_file: FilePath = FilePath()
    key_file: FilePath = FilePath()
    server_name: str = ""
    insecure_skip_verify: bool = False
    min_version: TlsVersion = TlsVersion()
    max_version: TlsVersion = TlsVersion()

    def check(self, report: Report) -> None:
        if self.min_version and self.max_version and self.max_version < self.min_version:
            report.warning("no TLS version is left between min_version and max_version", "max_version")
        for name in ("ca", "cert", "key"):
            if getattr(self, name) and getattr(self, f"{name}_file"):
                report.error(f"at most one of {name} and {name}_file must be configured", f"{name}_file")
        if (fault := self.unpaired) is not None:
            report.unusable(*fault)

    @property
    def unpaired(self) -> tuple[str, str] | None:
        """What is wrong with a certificate without its key, or the other way round, and the key that says so."""
        has_cert, has_key = bool(self.cert or self.cert_file), bool(self.key or self.key_file)
        if has_cert == has_key:
            return None
        if self.cert_file:
            return f'client cert file "{self.cert_file}" specified without client key file', "cert_file"
        if self.key_file:
            return f'client key file "{self.key_file}" specified without client cert file', "key_file"
        if has_cert:
            return "exactly one of key or key_file must be configured when a client certificate is configured", "cert"
        return "exactly one of cert or cert_file must be configured when a client key is configured", "key"


class BasicAuth(msgspec.Struct, frozen=True, kw_only=True):
    username: str = ""
    username_file: Annotated[FilePath, _USERNAME] = FilePath()
    password: Secret = Secret()
    password_file: FilePath = FilePath()


class Authorization(msgspec.Struct, frozen=True, kw_only=True):
    """An `Authorization: TYPE CREDENTIALS` header."""

    type: str = ""
    credentials: Secret = Secret()
    credentials_file: FilePath = FilePath()

    @property
    def scheme(self) -> str:
        """The type, `Bearer` where none is given."""
        return self.type.strip() or "Bearer"


class HttpHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What a header is sent with, once for each; contents of files without blanks around them."""

    values: tuple[str, ...] = ()
    secrets: tuple[Secret, ...] = ()
    files: tuple[FilePath, ...] = ()


class ProxyConfig(Protocol):
    """By whom requests are passed on. `no_proxy` and the environment's variables are read as Go reads them."""

    @property
    def proxy_url(self) -> Url: ...
    @property
    def no_proxy(self) -> str: ...
    @property
    def proxy_from_environment(self) -> bool: ...
    @property
    def proxy_connect_header(self) -> Mapping[str, tuple[Secret, ...]]: ...


class OAuth2(msgspec.Struct, frozen=True, kw_only=True):
    """Client credentials, exchanged for a token at `token_url`."""

    client_id: str = ""
    client_secret: Secret = Secret()
    client_secret_file: FilePath = FilePath()
    scopes: tuple[str, ...] = ()
    token_url: str = ""
    endpoint_params: Mapping[str, str] = {}
    tls_config: TlsConfig = TlsConfig()
    proxy_url: Url = Url()
    no_proxy: Annotated[str, _PROXY] = ""
    proxy_from_environment: Annotated[bool, _PROXY] = False
    proxy_connect_header: Annotated[Mapping[str, tuple[Secret, ...]], _PROXY] = {}

    def check(self, report: Report) -> None:
        _check_proxy(self, report)
        if not self.client_id:
            report.error("oauth2 client_id must be configured", "client_id")
        if not self.client_secret and not self.client_secret_file:
            report.error("either oauth2 client_secret or client_secret_file must be configured", "client_secret")
        if self.client_secret and self.client_secret_file:
            report.error(
                "at most one of oauth2 client_secret & client_secret_file must be configured", "client_secret_file"
            )
        if not self.token_url:
            report.error("oauth2 token_url must be configured", "token_url")


class HTTPClientConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What both originals take."""

    LATER: ClassVar[Mapping[str, str]] = {}

    basic_auth: BasicAuth | None = None
    authorization: Authorization | None = None
    oauth2: OAuth2 | None = None
    bearer_token: Secret = Secret()
    bearer_token_file: FilePath = FilePath()
    proxy_url: Url = Url()
    no_proxy: Annotated[str, _PROXY] = ""
    proxy_from_environment: Annotated[bool, _PROXY] = False
    proxy_connect_header: Annotated[Mapping[str, tuple[Secret, ...]], _PROXY] = {}
    tls_config: TlsConfig = TlsConfig()
    follow_redirects: bool = True
    enable_http2: bool = True
    http_headers: Annotated[Mapping[str, HttpHeader], _HEADERS] = {}

    def check(self, report: Report) -> None:
        _check_proxy(self, report)
        _check_bearer(self, report)
        _check_basic(self, report)
        _check_authorization(self, report)
        if self.basic_auth and self.oauth2 and not self.authorization:
            report.error("at most one of basic_auth, oauth2 & authorization must be configured", "oauth2")
        for name in self.http_headers:
            if name.lower() in RESERVED_HEADERS:
                report.error(f'setting header "{canonical(name)}" is not allowed', "http_headers", name)

    @property
    def bearer(self) -> Authorization | None:
        """The authorization, whichever key gave it."""
        if self.bearer_token or self.bearer_token_file:
            return Authorization(credentials=self.bearer_token, credentials_file=self.bearer_token_file)
        return self.authorization

    @property
    def idle_conn_timeout(self) -> GoDuration:
        """How long an unused connection is kept."""
        return GoDuration(300_000)

    @property
    def max_idle_conns_per_host(self) -> int:
        """How many unused connections are kept for one host."""
        return 1000


class PrometheusHTTPClientConfig(HTTPClientConfig, frozen=True, kw_only=True):
    proxy_connect_header: Mapping[str, tuple[Secret, ...]] = {}


class AlertmanagerHTTPClientConfig(HTTPClientConfig, frozen=True, kw_only=True):
    idle_conn_timeout: Annotated[GoDuration, OnlyHere(_REFUSED)] = GoDuration(300_000)
    max_idle_conns_per_host: Annotated[int, msgspec.Meta(ge=0), OnlyHere(_REFUSED)] = 1000


def canonical(header: str) -> str:
    """A header's name as Go writes it: `X-Scope-Orgid`."""
    return "-".join(part.capitalize() for part in header.split("-"))


def check_http_url(url: Url, report: Report, key: str = "url") -> None:
    """What Prometheus asks of the URL of a service that it polls."""
    if not url:
        report.error("URL is missing", key)
    elif url.scheme not in ("http", "https"):
        report.error("URL scheme must be 'http' or 'https'", key)
    elif not url.host:
        report.error("host is missing in URL", key)


def _check_proxy(config: ProxyConfig, report: Report) -> None:
    url, scheme, environment = config.proxy_url, config.proxy_url.scheme, config.proxy_from_environment
    if scheme in http_socks.SCHEMES:
        if not http_socks.available():
            report.unsupported(http_socks.MISSING, "proxy_url")
    elif scheme not in ("", "http", "https"):
        report.unsupported(f"{scheme} proxies are valid in the original, not supported yet", "proxy_url")
    if config.proxy_connect_header and not url and not environment:
        report.error("if proxy_connect_header is configured proxy_url must also be configured", "proxy_connect_header")
    if environment and url:
        report.error("if proxy_from_environment is configured, proxy_url must not be configured", "proxy_url")
    if environment and config.no_proxy:
        report.error("if proxy_from_environment is configured, no_proxy must not be configured", "no_proxy")
    if config.no_proxy and not url and not environment:
        report.error("if no_proxy is configured, proxy_url must also be configured", "no_proxy")


def _check_bearer(config: HTTPClientConfig, report: Report) -> None:
    token = "bearer_token" if config.bearer_token else "bearer_token_file"
    if config.bearer_token and config.bearer_token_file:
        report.error("at most one of bearer_token & bearer_token_file must be configured", "bearer_token_file")
    if (config.bearer_token or config.bearer_token_file) and (config.basic_auth or config.oauth2):
        report.error("at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured", token)


def _check_basic(config: HTTPClientConfig, report: Report) -> None:
    for name in ("username", "password"):
        if getattr(config.basic_auth, name, "") and getattr(config.basic_auth, f"{name}_file", ""):
            message = f"at most one of basic_auth {name} & {name}_file must be configured"
            report.error(message, "basic_auth", f"{name}_file")


def _check_authorization(config: HTTPClientConfig, report: Report) -> None:
    authorization = config.authorization
    if authorization is None:
        return
    if config.bearer_token or config.bearer_token_file:
        report.error("authorization is not compatible with bearer_token & bearer_token_file", "authorization")
    if authorization.credentials and authorization.credentials_file:
        report.error(
            "at most one of authorization credentials & credentials_file must be configured",
            "authorization",
            "credentials_file",
        )
    if authorization.scheme.lower() == "basic":
        report.error('authorization type cannot be set to "basic", use "basic_auth" instead', "authorization", "type")
    if config.basic_auth or config.oauth2:
        report.error("at most one of basic_auth, oauth2 & authorization must be configured", "authorization")
