"""Tokens for client credentials (RFC 6749, 4.4): asked for when one is needed, and kept while they are good.

How a server wants the client's name and secret, in a header or among the parameters, is found out by trying, as Go's
library does, and remembered.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl, quote_plus, urlencode

import msgspec

from engine.foundation.errors import RemoteError
from engine.foundation.http_config import OAuth2
from engine.foundation.http_errors import CallError
from engine.foundation.http_secrets import read_secret

_EARLY_SECONDS: Final = 10.0
"""So long before its end a token is replaced."""
_LARGEST: Final = 2**20
_FORMS: Final = ("application/x-www-form-urlencoded", "text/plain")
_TYPES: Final = {"bearer": "Bearer", "mac": "MAC", "basic": "Basic"}


class Answer(Protocol):
    """Of the server that gives tokens."""

    @property
    def status(self) -> int: ...
    @property
    def reason(self) -> str: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


class Client(Protocol):
    """What is needed of an HTTP client; see `engine.foundation.http_client`."""

    async def request(
        self, method: str, url: str, *, timeout: float, headers: Mapping[str, str], body: bytes, limit: int
    ) -> Answer: ...

    async def close(self) -> None: ...


class _RefusedError(CallError):
    """The server of tokens gave none."""


class Tokens:
    """Of one configuration; owns the client, which asks for them. Relative file names belong to `base`."""

    def __init__(self, config: OAuth2, client: Client, base: Path) -> None:
        self._config = config
        self._client = client
        self._base = base
        self._asking = asyncio.Lock()
        self._in_header = [True, False]
        self._secret = ""
        self._token = ""
        self._good_until = 0.0

    async def header(self, timeout: float) -> tuple[str, str]:
        """The Authorization header, within so many seconds. Raises CallError."""
        async with asyncio.timeout(timeout), self._asking:
            config, loop = self._config, asyncio.get_running_loop()
            file = "oauth2 client secret"
            secret = config.client_secret.reveal() or read_secret(self._base, config.client_secret_file, file)
            if secret != self._secret or not self._token or loop.time() >= self._good_until:
                self._token, seconds = await self._fetch(secret, timeout)
                self._secret = secret
                self._good_until = loop.time() + seconds - _EARLY_SECONDS if seconds else float("inf")
        return "Authorization", self._token

    def secrets(self) -> tuple[str, str]:
        """What was told last: the client's secret, and the token alone."""
        return self._secret, self._token.partition(" ")[2]

    async def close(self) -> None:
        await self._client.close()

    async def _fetch(self, secret: str, timeout: float) -> tuple[str, float]:
        """Type and token, and for how many seconds it is good, 0 for any time."""
        for last, in_header in enumerate(self._in_header, 1):
            try:
                found = await self._ask(secret, timeout, in_header=in_header)
            except _RefusedError:
                if last == len(self._in_header):
                    raise
            else:
                self._in_header = [in_header]
                break
        return found

    async def _ask(self, secret: str, timeout: float, *, in_header: bool) -> tuple[str, float]:
        config = self._config
        form = {"grant_type": "client_credentials", **config.endpoint_params}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if config.scopes:
            form["scope"] = " ".join(config.scopes)
        if in_header:
            pair = f"{quote_plus(config.client_id)}:{quote_plus(secret)}".encode()
            headers["Authorization"] = "Basic " + b64encode(pair).decode()
        else:
            form |= {"client_id": config.client_id, "client_secret": secret}
        body = urlencode(form).encode()
        try:
            answer = await self._client.request(
                "POST", config.token_url, timeout=timeout, headers=headers, body=body, limit=_LARGEST
            )
        except RemoteError as error:
            raise CallError(str(error)) from None
        if answer.status // 100 != 2:
            said = answer.body.decode("utf-8", "replace")
            raise _RefusedError(f"oauth2: cannot fetch token: {answer.status} {answer.reason}\nResponse: {said}")
        return _token(answer)


def _token(answer: Answer) -> tuple[str, float]:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        told: Any = (
            dict(parse_qsl(answer.body.decode())) if kind in _FORMS else msgspec.json.decode(answer.body, type=dict)
        )
        seconds = float(told.get("expires_in") or 0)
    except (msgspec.MsgspecError, ValueError, TypeError) as error:
        raise CallError(f"oauth2: cannot parse the answer: {error}") from None
    if not (token := told.get("access_token")):
        raise CallError("oauth2: server response missing access_token")
    scheme = str(told.get("token_type") or "Bearer")
    return f"{_TYPES.get(scheme.lower(), scheme)} {token}", seconds
