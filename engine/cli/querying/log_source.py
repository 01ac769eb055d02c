"""Who answers `engine query logs`: an engine, or a real Loki, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

from aiohttp import (
    ClientConnectionError,
    ClientResponseError,
    ClientSession,
    InvalidURL,
    WSMsgType,
    WSServerHandshakeError,
)
from msgspec import DecodeError, Struct, json

from engine.foundation.errors import ConfigError, RemoteError

_FINE: Final = 1000
"""The code of an end that was meant."""


class LokiServer(Struct, frozen=True):
    """`tenant` is sent as X-Scope-OrgID where it is given."""

    url: str
    tenant: str = ""

    async def ask(self, path: str, params: Mapping[str, str]) -> bytes:
        """The body of an answer. Raises EngineError."""
        try:
            async with (
                ClientSession(headers=self._headers()) as client,
                client.get(f"{self.url}/loki/api/v1{path}", params=params) as response,
            ):
                body = await response.read()
        except InvalidURL:
            raise ConfigError(f"--url {self.url}: want http://HOST:PORT") from None
        except (ClientConnectionError, TimeoutError) as error:
            raise self._unreachable(error) from None
        if response.status != 200:
            reason = body.decode(errors="replace").strip()
            raise RemoteError(reason or f"{self.url}{path}: {response.status} {response.reason}")
        return body

    async def follow(self, params: Mapping[str, str]) -> AsyncGenerator[Mapping[str, Any]]:
        """Messages of the tail until it ends. Raises EngineError."""
        try:
            async with (
                ClientSession(headers=self._headers()) as client,
                client.ws_connect(f"{self.url}/loki/api/v1/tail", params=params) as socket,
            ):
                while (message := await socket.receive()).type is WSMsgType.TEXT:
                    yield json.decode(message.data)
                if message.type is WSMsgType.CLOSE and message.data != _FINE:
                    raise RemoteError(str(message.extra or f"{self.url} ended the tail with code {message.data}"))
        except InvalidURL:
            raise ConfigError(f"--url {self.url}: want http://HOST:PORT") from None
        except DecodeError:
            raise RemoteError(f"{self.url} sent what is no message of a tail: is a Loki there?") from None
        except WSServerHandshakeError as error:
            raise RemoteError(f"{self.url}: no tail: {error.status} {error.message}") from None
        except (ClientConnectionError, ClientResponseError, TimeoutError) as error:
            raise self._unreachable(error) from None

    def _headers(self) -> dict[str, str]:
        return {"X-Scope-OrgID": self.tenant} if self.tenant else {}

    def _unreachable(self, error: Exception) -> RemoteError:
        return RemoteError(f"{self.url}: {error}: is an engine running there? --url names another")
