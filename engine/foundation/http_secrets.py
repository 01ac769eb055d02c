"""What proves to the other side who calls: an Authorization header, and headers of the user's own.

Secrets in files are read when they are sent, so that rotating them needs no reload.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from engine.foundation.http_config import HTTPClientConfig, HttpHeader, canonical
from engine.foundation.http_errors import CallError

Headers: TypeAlias = list[tuple[str, str]]


def read_secret(base: Path, name: str, what: str) -> str:
    """The file's content, nothing where none is named. Raises CallError."""
    if not name:
        return ""
    try:
        return (base / name).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror or str(error) if isinstance(error, OSError) else "not UTF-8 text"
        raise CallError(f"unable to read {what} file {name}: open {name}: {reason.lower()}") from None


class Credentials:
    """Those of one configuration. Relative file names belong to `base`."""

    def __init__(self, config: HTTPClientConfig, base: Path) -> None:
        self._config = config
        self._base = base

    def headers(self) -> Headers:
        """The headers. Raises CallError where a file can't be read."""
        return [*self._authorization(), *self._own()] if self._config.http_headers else self._authorization()

    def secrets(self) -> Iterator[str]:
        """What of the headers is nobody's business, in the forms in which others may repeat it. Raises CallError."""
        for _, value in self._authorization():
            scheme, _, secret = value.partition(" ")
            yield from (value, secret)
            if scheme == "Basic":
                yield b64decode(secret).decode().partition(":")[2]
        for header in self._config.http_headers.values():
            yield from (secret.reveal() for secret in header.secrets)
            yield from (read_secret(self._base, file, "headers") for file in header.files)

    def _authorization(self) -> Headers:
        basic, bearer = self._config.basic_auth, self._config.bearer
        if basic is not None:
            user = basic.username or read_secret(self._base, basic.username_file, "basic auth username")
            password = basic.password.reveal() or read_secret(self._base, basic.password_file, "basic auth password")
            return [("Authorization", "Basic " + b64encode(f"{user}:{password}".encode()).decode())]
        if bearer is not None:
            what = "authorization credentials"
            secret = bearer.credentials.reveal() or read_secret(self._base, bearer.credentials_file, what)
            return [("Authorization", f"{bearer.scheme} {secret}")]
        return []

    def _own(self) -> Iterator[tuple[str, str]]:
        for name, header in self._config.http_headers.items():
            for value in self._values(header):
                yield canonical(name), value

    def _values(self, header: HttpHeader) -> Iterator[str]:
        yield from header.values
        yield from (secret.reveal() for secret in header.secrets)
        yield from (read_secret(self._base, file, "headers") for file in header.files)
