"""AWS roles: keys for an hour or so, which the Security Token Service gives to whoever may take a role.

`AWS_ENDPOINT_URL_STS` names another server, as it does for AWS' own programs.
"""

from __future__ import annotations

import html
import os
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from msgspec import Struct

from engine.foundation.addresses import AddressBook
from engine.foundation.aws import AwsError
from engine.foundation.clock import SECOND, Clock
from engine.foundation.http_client import HttpClient, HttpError
from engine.foundation.http_config import PrometheusHTTPClientConfig
from engine.foundation.sigv4 import Credentials, Scope, signed

_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
_VERSION: Final = "2011-06-15"
_SECONDS: Final = 30.0
_MARGIN_SECONDS: Final = 60.0
"""Keys are asked for anew so long before they end."""


class _Lent(Struct, frozen=True):
    """Keys, whose they are in exchange for, and the Unix seconds at which they are no good any more."""

    keys: Credentials
    own: Credentials
    until: float


class Role:
    """One role, which is taken with one's own keys, again whenever what was given ends. `close` it."""

    def __init__(self, arn: str, addresses: AddressBook, clock: Clock) -> None:
        self._arn = arn
        self._clock = clock
        self._http = HttpClient(PrometheusHTTPClientConfig(), addresses, base=Path())
        self._lent: _Lent | None = None

    async def close(self) -> None:
        await self._http.close()

    async def credentials(self, own: Credentials, region: str) -> Credentials:
        """Raises AwsError."""
        now = self._clock.now_ns() / SECOND
        if self._lent is None or self._lent.own != own or now > self._lent.until - _MARGIN_SECONDS:
            self._lent = _lent(await self._asked(own, region), own)
        return self._lent.keys

    async def _asked(self, own: Credentials, region: str) -> str:
        url = os.environ.get("AWS_ENDPOINT_URL_STS") or f"https://sts.{region}.amazonaws.com/"
        form = {
            "Action": "AssumeRole", "Version": _VERSION, "RoleArn": self._arn,
            "RoleSessionName": f"engine-{self._clock.now_ns()}",
        }  # fmt: skip
        body, scope = urlencode(form).encode(), Scope(region, "sts", self._clock.now_ns() // SECOND)
        try:
            headers = signed("POST", url, own, scope, headers=_FORM, body=body)
            answer = await self._http.request("POST", url, timeout=_SECONDS, headers=headers, body=body)
        except (HttpError, ValueError) as error:  # of what the environment names, which may be no URL
            raise AwsError(f"the role {self._arn} can't be taken: {error}") from None
        text = answer.body.decode("utf-8", "replace")
        if answer.status // 100 != 2:
            why = ": ".join(filter(None, (_text(text, "Code"), _text(text, "Message")))) or f"status {answer.status}"
            raise AwsError(f"the role {self._arn} can't be taken: {why}")
        return text


def _lent(answer: str, own: Credentials) -> _Lent:
    """What an answer gives. Raises AwsError."""
    key, secret, token, until = (
        _text(answer, name) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
    )
    try:
        end = datetime.fromisoformat(until).timestamp()
    except ValueError:
        end = 0.0
    if not (key and secret and token and end):
        raise AwsError("the Security Token Service answered without keys")
    return _Lent(Credentials(key, secret, token), own, end)


def _text(answer: str, name: str) -> str:
    """The text of the first element of this name; empty where there is none."""
    return html.unescape(answer.partition(f"<{name}>")[2].partition(f"</{name}>")[0]).strip()
