"""What went wrong in a call, in the words of Go's HTTP client, in which the originals show it."""

from __future__ import annotations

import errno
import re
import ssl
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp.client_exceptions import UnixClientConnectorError
from yarl import URL

_REFUSING: Final = re.compile(r"\('([^']+)', (\d+)")  # noqa: TID251 - ours, linear
_HIDEABLE: Final = re.compile("//[^/]*@")  # noqa: TID251 - ours, linear
_ALERT: Final = re.compile(r"_ALERT_([A-Z_]+)")  # noqa: TID251 - ours, linear
_ALERTS: Final = {"unknown ca": "unknown certificate authority", "protocol version": "protocol version not supported"}
_SYSTEM: Final = {
    errno.ECONNREFUSED: "connect: connection refused",
    errno.ENETUNREACH: "connect: network is unreachable",
    errno.EHOSTUNREACH: "connect: no route to host",
    errno.ETIMEDOUT: "connect: connection timed out",
    errno.ECONNRESET: "connect: connection reset by peer",
    errno.ENOENT: "connect: no such file or directory",
    errno.EACCES: "connect: permission denied",
}
_ASKED_FOR: Final = re.compile("certificate is not valid for '([^']+)'")  # noqa: TID251 - ours, linear
_UNTRUSTED: Final = "x509: certificate signed by unknown authority"
_CERTIFICATE: Final = {
    10: "x509: certificate has expired or is not yet valid",
    9: "x509: certificate has expired or is not yet valid",
    18: _UNTRUSTED,
    19: _UNTRUSTED,
    20: _UNTRUSTED,
    21: _UNTRUSTED,
    64: "x509: cannot validate certificate: it names no such address",
}


class CallError(Exception):
    """Why there was no answer, before it is known with which URL that has to be told."""


def certificate_fault(cause: ssl.SSLCertVerificationError) -> str:
    """Why a certificate is not trusted."""
    named = _ASKED_FOR.search(cause.verify_message)
    otherwise = f"certificate is not valid for {named[1]}" if named is not None else cause.verify_message
    return _CERTIFICATE.get(cause.verify_code, f"x509: {otherwise}")


def system_fault(error: OSError) -> str:
    """Why the system gave no connection."""
    return _SYSTEM.get(error.errno or 0, (error.strerror or str(error)).lower())


def go_error(error: Exception, url: URL) -> str:
    """The text that stands behind `Get "URL": `."""
    if isinstance(error, OSError) and (alert := _ALERT.search(str(error))) is not None:
        name = alert[1].replace("_", " ").lower()
        return f"remote error: tls: {_ALERTS.get(name, name)}"
    match error:
        case aiohttp.ClientConnectorCertificateError(certificate_error=ssl.SSLCertVerificationError() as cause):
            return certificate_fault(cause)
        case aiohttp.ClientConnectorError(os_error=ssl.SSLError() | ConnectionResetError()) if url.scheme == "https":
            return _tls(error)
        case aiohttp.ClientProxyConnectionError():
            return f"proxyconnect tcp: {_dial(error, url)}"
        case aiohttp.ClientConnectorDNSError() | UnicodeError():  # a name that DNS can't hold
            return f"dial tcp: lookup {url.host}: no such host"
        case UnixClientConnectorError():
            return f"dial unix {error.path}: {_reason(error)}"
        case aiohttp.ClientConnectorError():
            return _dial(error, url)
        case aiohttp.ServerDisconnectedError():
            return "EOF"
        case aiohttp.ClientPayloadError():
            return "gzip: invalid header" if "content-encoding" in str(error) else "unexpected EOF"
        case aiohttp.ClientHttpProxyError():
            return error.message
        case OSError():
            return f"read tcp: {_SYSTEM.get(error.errno or 0, error.strerror or str(error)).removeprefix('connect: ')}"
        case _:
            return str(error)


def quoted(url: str) -> str:
    """The URL in quotes, a password in it hidden."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return f'"{_HIDEABLE.sub("//xxxxx@", url)}"'
    if parts.password:
        url = parts._replace(netloc=f"{parts.username}:xxxxx@{parts.netloc.rpartition('@')[2]}").geturl()
    return f'"{url}"'


def _dial(error: aiohttp.ClientConnectorError, url: URL) -> str:
    """Which address refused: of a name with several, the last one that was tried."""
    cause = error.os_error
    found = _REFUSING.findall(str(cause))
    host, port = found[-1] if found else (url.host or "", url.port)
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"dial tcp {place}: {_reason(error)}"


def _reason(error: aiohttp.ClientConnectorError) -> str:
    cause = error.os_error
    return _SYSTEM.get(cause.errno or 0, cause.strerror or str(cause))


def _tls(error: aiohttp.ClientConnectorError) -> str:
    text = str(error.os_error)
    if "WRONG_VERSION_NUMBER" in text or "record layer failure" in text.lower():
        return "tls: first record does not look like a TLS handshake"
    return f"tls: {text}"
