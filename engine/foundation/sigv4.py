"""AWS' Signature Version 4: headers that prove who asks. Pure; the time is given.

As described in AWS' "Signature Version 4 signing process"; tests hold it to that document's worked example.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from msgspec import Struct

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


class Credentials(Struct, frozen=True):
    """`token` is that of a session, where there is one."""

    access_key: str
    secret_key: str
    token: str = ""

    @property
    def secrets(self) -> tuple[str, str]:
        """What nobody may see."""
        return self.secret_key, self.token


class Scope(Struct, frozen=True):
    """What a signature is for; `time` in Unix seconds."""

    region: str
    service: str
    time: int

    @property
    def stamp(self) -> str:
        return datetime.fromtimestamp(self.time, UTC).strftime("%Y%m%dT%H%M%SZ")

    @property
    def text(self) -> str:
        return f"{self.stamp[:8]}/{self.region}/{self.service}/aws4_request"


def signed(
    method: str, url: str, credentials: Credentials, scope: Scope, *, headers: Mapping[str, str], body: bytes = b""
) -> dict[str, str]:
    """The headers, with those that sign the request."""
    extra = {"X-Amz-Security-Token": credentials.token} if credentials.token else {}
    shown = {**headers, "X-Amz-Date": scope.stamp, **extra}
    lowered = sorted((name.lower(), " ".join(value.split())) for name, value in {**shown, "Host": _host(url)}.items())
    names = ";".join(name for name, _ in lowered)
    lines = "".join(f"{name}:{value}\n" for name, value in lowered)
    canonical = "\n".join([method, _path(url), _query(url), lines, names, sha256(body).hexdigest()])
    to_sign = "\n".join([_ALGORITHM, scope.stamp, scope.text, sha256(canonical.encode()).hexdigest()])
    signature = hmac.new(_key(credentials, scope), to_sign.encode(), sha256).hexdigest()
    proof = f"Credential={credentials.access_key}/{scope.text}, SignedHeaders={names}, Signature={signature}"
    return {**shown, "Authorization": f"{_ALGORITHM} {proof}"}


def _key(credentials: Credentials, scope: Scope) -> bytes:
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.text.split("/"):
        key = hmac.new(key, part.encode(), sha256).digest()
    return key


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _path(url: str) -> str:
    return quote(urlsplit(url).path or "/")


def _query(url: str) -> str:
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    return "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in sorted(pairs))
