"""Asking an Alertmanager, ours or the original, over its API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

import click

from engine.cli.here import url_of, url_option
from engine.foundation.errors import ConfigError, RemoteError

_SECONDS: Final = 30.0

F = TypeVar("F", bound=Callable[..., Any])


def _address(_context: click.Context, _option: click.Parameter, given: str | None) -> str:
    text = url_of(given, "alertmanager")
    with suppress(ValueError):
        parts = urlsplit(text)
        if parts.scheme in ("http", "https") and parts.hostname:
            return text
    raise click.BadParameter(f'"{text}" is no address of an Alertmanager: want http://HOST:PORT')


def asking(command: F) -> F:
    """The options of every command that asks."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="the API's answer, for machines"),
        url_option("alertmanager", "the Alertmanager to ask", _address),
    ):
        command = option(command)
    return command


class AbsentError(RemoteError):
    """A path that there is not; `said` is the answer's body."""

    def __init__(self, where: str, said: Any) -> None:
        super().__init__(f"{where}: 404: no Alertmanager answers there")
        self.said = said


def call(
    url: str, method: str, path: str, shape: Any, *, params: Sequence[tuple[str, str]] = (), body: object = None
) -> Any:
    """The decoded answer of a path of API v2, which has at least this shape.

    Raises ConfigError for a bad request, AbsentError, RemoteError.
    """
    import msgspec

    where = f"{url.rstrip('/')}/api/v2{path}" + (f"?{urlencode(params)}" if params else "")
    said = asyncio.run(_call(where, method, body))
    try:
        msgspec.convert(said, shape)
    except msgspec.ValidationError:
        raise RemoteError(f"{where}: no Alertmanager answers there, but something else") from None
    return said


async def _call(where: str, method: str, body: object) -> Any:
    from engine.foundation.addresses import AddressBook
    from engine.foundation.clock import SystemClock
    from engine.foundation.http_client import HttpClient
    from engine.foundation.http_config import HTTPClientConfig

    async with HttpClient(HTTPClientConfig(), AddressBook(SystemClock(), translate=False)) as client:
        answer = await client.request(
            method,
            where,
            timeout=_SECONDS,
            headers={"Content-Type": "application/json"},
            body=None if body is None else json.dumps(body).encode(),
        )
    text = answer.body.decode("utf-8", "replace").strip()
    try:
        said = json.loads(text) if text else None
    except ValueError:
        if answer.status == 200:
            raise RemoteError(f"{where}: no Alertmanager answers there, but something else") from None
        said = text
    if answer.status in (400, 422):  # the second where a part of the request has a wrong form
        raise ConfigError(str(said.get("message", said) if isinstance(said, dict) else said))
    if answer.status == 404:
        raise AbsentError(where, said)
    if answer.status != 200:
        raise RemoteError(f"{where}: {answer.status} {said}")
    return said
