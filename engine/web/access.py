"""Whom the server lets in, as the `--web.config.file` says it at this moment.

The file is read again when it, or a file that it names, has changed: the next connection is made by it, and the next
request judged by it. Whether TLS is spoken at all is settled at the start, as in the originals; a file that makes no
sense later ends in an error for whoever calls and in the log, and is never ignored.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import ssl
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from engine.foundation.errors import ConfigError
from engine.foundation.tls_server import server_context
from engine.foundation.web_config import WebConfig, named_files, parse_web_config
from engine.foundation.workers import Workers
from engine.web.answers import plain

_NOBODY: Final = "$2b$10$UYUT4WaA4Q35ji37JTFvb.tWCiuox371DukEUbue8uWVIeYRvckCW"
"""The hash with which the password of an unknown user is compared, so that it takes as long as a known one's."""
_REMEMBERED: Final = 100
_MOST_BYTES: Final = 72  # bcrypt looks at no more
_PREFIX: Final = "basic "
_Stamp = tuple[int, int, int]

log = logging.getLogger(__name__)


class WebAccess:
    """One file in force."""

    def __init__(self, path: Path, workers: Workers, environment: Mapping[str, str] | None = None) -> None:
        """`environment` is what `${NAME}` stands for, if for anything. Raises ConfigError where it can't be used."""
        self._path = path
        self._environment = environment
        self._base = path.parent
        self._workers = workers
        self._turn = asyncio.Lock()
        self._seen: list[_Stamp] = []
        self._config = WebConfig()
        self._context: ssl.SSLContext | None = None
        self._judged: OrderedDict[bytes, bool] = OrderedDict()
        self.speaks_tls: Final = self._read().tls_server_config.enabled

    def context(self) -> ssl.SSLContext:
        """For the next connection. Raises ConfigError."""
        self._read()
        if self._context is None:
            raise ConfigError(f"{self._path}: TLS config is not present")
        return self._context

    @property
    def asks_passwords(self) -> bool:
        """Whether a request that came in has named a user, and said the password."""
        return bool(self._config.basic_auth_users)

    def middleware(self) -> Middleware:
        """What every request passes first."""

        @web.middleware
        async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                config = self._read()
            except ConfigError as error:
                log.error("%s", error)  # noqa: TRY400 - its text says it all
                return plain(500, "Internal Server Error")
            if not config.basic_auth_users or await self._knows(config, request.headers.get("Authorization", "")):
                return await handler(request)
            refused = plain(401, "Unauthorized")
            refused.headers["WWW-Authenticate"] = "Basic"
            return refused

        return admit

    async def add_headers(self, _: web.Request, response: web.StreamResponse) -> None:
        """Those that every answer gets."""
        response.headers.update(self._config.http_server_config.headers)

    def _read(self) -> WebConfig:
        """The file as it is now."""
        if not self._seen or self._seen != self._stamps():
            self._seen = []
            before = _stamp(self._path)
            config = self._parsed()
            tls = config.tls_server_config
            seen = [before, *map(_stamp, named_files(tls, self._base))]
            self._context = server_context(tls, self._base) if tls.enabled else None
            self._config, self._seen = config, seen
        return self._config

    def _parsed(self) -> WebConfig:
        try:
            source = self._path.read_bytes()
        except OSError as error:
            raise ConfigError(f"--web.config.file {self._path}: can't be read: {error.strerror}") from None
        found = parse_web_config(source, str(self._path), environment=self._environment)
        if found.fatal:
            mistakes = "\n".join(f"  {finding}" for finding in found.findings if finding.fatal)
            raise ConfigError(f"--web.config.file {self._path} can't be used:\n{mistakes}")
        return found.value

    def _stamps(self) -> list[_Stamp]:
        """Of the file, and of those that it named when it was read; a missing one has none."""
        return list(map(_stamp, [self._path, *named_files(self._config.tls_server_config, self._base)]))

    async def _knows(self, config: WebConfig, header: str) -> bool:
        given = _credentials(header)
        if given is None:
            return False
        user, password = given
        known = config.basic_auth_users.get(user)
        hashed = _NOBODY if known is None else known.reveal()
        key = _key(user, hashed, password)
        if (judged := self._judged.get(key)) is None:
            async with self._turn:  # one at a time, since it is meant to take long
                matches = await self._workers.run(_matches, password, hashed)
            judged = matches and known is not None
            self._judged[key] = judged
            if len(self._judged) > _REMEMBERED:
                self._judged.popitem(last=False)
        return judged


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return 0, 0, 0
    return found.st_mtime_ns, found.st_size, found.st_ino


def _credentials(header: str) -> tuple[str, bytes] | None:
    """User and password of a header of basic authentication."""
    if header[: len(_PREFIX)].lower() != _PREFIX:
        return None
    try:
        user, colon, password = b64decode(header[len(_PREFIX) :], validate=True).partition(b":")
    except ValueError:
        return None
    return (user.decode("utf-8", "surrogateescape"), password) if colon else None


def _key(user: str, hashed: str, password: bytes) -> bytes:
    """Stands for the three, so that no password is kept."""
    parts: Sequence[bytes] = (user.encode("utf-8", "surrogateescape"), hashed.encode(), password)
    return hashlib.sha256(b"".join(b"%d:%b" % (len(part), part) for part in parts)).digest()


def _matches(password: bytes, hashed: str) -> bool:
    import bcrypt  # noqa: PLC0415 - few need it

    at = hashed.find("$", 1)
    try:
        return bcrypt.checkpw(password[:_MOST_BYTES], f"$2b{hashed[at:]}".encode())
    except ValueError:  # a hash of whose rest nobody has looked
        return False
