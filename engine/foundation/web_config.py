"""`--web.config.file`: how a server proves who it is, whom it lets in, and which headers it adds.

The file is the one that all of Prometheus's programs take. Its files are named relative to its own folder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, ClassVar, Final, Self

import msgspec

from engine.foundation.decode import Decoded, OnlyHere, Report, decode
from engine.foundation.http_config import TlsVersion
from engine.foundation.values import FilePath, Secret

CIPHERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "TLS_RSA_WITH_AES_128_CBC_SHA": "AES128-SHA",
        "TLS_RSA_WITH_AES_256_CBC_SHA": "AES256-SHA",
        "TLS_RSA_WITH_AES_128_GCM_SHA256": "AES128-GCM-SHA256",
        "TLS_RSA_WITH_AES_256_GCM_SHA384": "AES256-GCM-SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
        "TLS_AES_128_GCM_SHA256": "",
        "TLS_AES_256_GCM_SHA384": "",
        "TLS_CHACHA20_POLY1305_SHA256": "",
    }
)
"""Go's names, and OpenSSL's; those of TLS 1.3 are always on in Go too, so naming them chooses nothing."""

CURVES: Final[Mapping[str, str]] = MappingProxyType(
    {"CurveP256": "prime256v1", "CurveP384": "secp384r1", "CurveP521": "secp521r1", "X25519": "X25519"}
)
_NO_ASKING: Final = frozenset({"", "NoClientCert", "RequestClientCert"})
_UNVERIFIED: Final = frozenset({"RequireAnyClientCert", "RequireClientCert"})
_VERIFIED: Final = frozenset({"VerifyClientCertIfGiven", "RequireAndVerifyClientCert"})
_HEADERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "Strict-Transport-Security": (),
        "X-Content-Type-Options": ("nosniff",),
        "X-Frame-Options": ("deny", "sameorigin"),
        "X-XSS-Protection": (),
        "Content-Security-Policy": (),
    }
)
_INLINE: Final = OnlyHere("Prometheus before 2.46 refuses it")
_HASH_LENGTH: Final = 59
_TOO_SHORT: Final = "crypto/bcrypt: hashedSecret too short to be a bcrypted password"
_NUMBER: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)  # noqa: TID251 - ours, linear


class Cipher(str):
    """One of Go's cipher suites, by Go's name."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if text not in CIPHERS:
            raise ValueError(f"unknown cipher: {text}")
        return cls(text)


class Curve(str):
    """A curve, by Go's name."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if text not in CURVES:
            raise ValueError(f"unknown curve: {text}")
        return cls(text)


class WebTlsVersion(TlsVersion):
    """As those of clients, but an empty one is none."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if not text:
            raise ValueError("unknown TLS version: ")
        return super().from_text(text)


class TlsServerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How the server speaks TLS; nothing of it is set where it does not."""

    LATER: ClassVar[Mapping[str, str]] = {"client_allowed_sans": "Prometheus 2.46"}

    cert: Annotated[str, _INLINE] = ""
    key: Annotated[Secret, _INLINE] = Secret()
    client_ca: Annotated[str, _INLINE] = ""
    cert_file: FilePath = FilePath()
    key_file: FilePath = FilePath()
    client_auth_type: str = ""
    client_ca_file: FilePath = FilePath()
    cipher_suites: tuple[Cipher, ...] = ()
    curve_preferences: tuple[Curve, ...] = ()
    min_version: WebTlsVersion = WebTlsVersion("TLS12")
    max_version: WebTlsVersion = WebTlsVersion("TLS13")
    prefer_server_cipher_suites: bool = True

    @property
    def enabled(self) -> bool:
        given = (self.cert, self.key, self.client_ca, self.cert_file, self.key_file, self.client_ca_file)
        return any(given) or bool(self.client_auth_type)

    @property
    def asks(self) -> bool:
        """Whether a client's certificate is asked for, and then verified."""
        return self.client_auth_type in _VERIFIED

    @property
    def demands(self) -> bool:
        return self.client_auth_type == "RequireAndVerifyClientCert"

    def check(self, report: Report) -> None:
        if not self.enabled:
            return
        for name in ("cert", "key", "client_ca"):
            file, text = (bool(getattr(self, key)) for key in (f"{name}_file", name))
            if not file and not text and name != "client_ca":
                report.error(f"missing {name}_file", f"{name}_file")
            if file and text:
                report.error(f"at most one of {name} and {name}_file must be configured", f"{name}_file")
        self._check_clients(report)
        if len(self.curve_preferences) > 1:
            report.warning(f"only the first curve, {self.curve_preferences[0]}, is offered here", "curve_preferences")

    def _check_clients(self, report: Report) -> None:
        kind = self.client_auth_type
        if kind in _UNVERIFIED:
            report.unsupported(
                f"{kind} is valid in Prometheus, not supported here, since it proves nothing: "
                "use RequireAndVerifyClientCert with client_ca_file",
                "client_auth_type",
            )
        elif kind not in _NO_ASKING | _VERIFIED:
            report.error(f"Invalid ClientAuth: {kind}", "client_auth_type")
        elif (self.client_ca or self.client_ca_file) and kind in ("", "NoClientCert"):
            report.error("Client CA's have been configured without a Client Auth Policy", "client_ca_file")


class HttpServerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """`http2` chooses nothing: HTTP/1.1 is spoken, which every client knows."""

    http2: bool = True
    headers: Mapping[str, str] = {}

    def check(self, report: Report) -> None:
        for name, value in self.headers.items():
            allowed = _HEADERS.get(name)
            if allowed is None:
                report.error(f'HTTP header "{name}" can not be configured', "headers", name)
            elif allowed and value not in allowed:
                shown = " ".join(f'"{one}"' for one in allowed)
                report.error(
                    f'invalid value for {name}. Expected one of: [{shown}], but got: "{value}"', "headers", name
                )


class PasswordHash(Secret):
    """What bcrypt made of a password; an empty one, as null is read, is a mistake of whoever holds it."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if text and (fault := _hash_fault(text)) is not None:
            raise ValueError(fault)
        return cls(text)


class WebConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    LATER: ClassVar[Mapping[str, str]] = dict.fromkeys(("rate_limit", "auth_excluded_paths"), "Prometheus 3.5")

    tls_server_config: TlsServerConfig = TlsServerConfig()
    http_server_config: HttpServerConfig = HttpServerConfig()
    basic_auth_users: Mapping[str, PasswordHash] = {}

    def check(self, report: Report) -> None:
        for user, hashed in self.basic_auth_users.items():
            if not hashed:
                report.error(_TOO_SHORT, "basic_auth_users", user)


def parse_web_config(
    source: bytes, file: str, /, *, environment: Mapping[str, str] | None = None
) -> Decoded[WebConfig]:
    """What stands in the file; whether the certificates can be read is not looked at."""
    return decode(source, WebConfig, file, environment=environment)


def named_files(config: TlsServerConfig, base: Path) -> list[Path]:
    """The files of certificates and keys that it names."""
    return [base / name for name in (config.cert_file, config.key_file, config.client_ca_file) if name]


def _hash_fault(text: str) -> str | None:
    """What is wrong with a hash, in the words of Go's bcrypt; it looks at no more than the head."""
    if len(text.encode()) < _HASH_LENGTH:
        return _TOO_SHORT
    if text[0] != "$":
        return f"crypto/bcrypt: bcrypt hashes must start with '$', but hashedSecret started with '{text[0]}'"
    if text[1] > "2":
        return f"crypto/bcrypt: bcrypt algorithm version '{text[1]}' requested is newer than current version '2'"
    start = 3 if text[2] == "$" else 4
    cost = text[start : start + 2]
    if not _NUMBER.fullmatch(cost):
        return f'strconv.Atoi: parsing "{cost}": invalid syntax'
    if not 4 <= int(cost) <= 31:
        return f"crypto/bcrypt: cost {int(cost)} is outside allowed range (4,31)"
    return None
