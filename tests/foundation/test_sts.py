"""Roles of AWS, from a server of the test's own that gives keys for a while."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.foundation.addresses import AddressBook
from engine.foundation.aws import AwsError
from engine.foundation.clock import SECOND, Clock
from engine.foundation.sigv4 import Credentials
from engine.foundation.sts import Role
from engine.testing.manual_clock import ManualClock

OWN = Credentials("AKID", "secret")
ROLE = "arn:aws:iam::1:role/writer"
REFUSED = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not &amp; never</Message></Error></ErrorResponse>"


class Service:
    """Gives keys that are good for an hour, or `answer`."""

    def __init__(self, clock: Clock) -> None:
        self.asked: list[dict[str, str]] = []
        self.signatures: list[str] = []
        self.answer: tuple[int, str] | None = None
        self._clock = clock

    async def give(self, request: web.Request) -> web.Response:
        self.asked.append({name: str(value) for name, value in (await request.post()).items()})
        self.signatures.append(request.headers["Authorization"])
        if self.answer is not None:
            return web.Response(status=self.answer[0], text=self.answer[1])
        end = datetime.fromtimestamp(self._clock.now_ns() / SECOND + 3600, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return web.Response(
            text="<AssumeRoleResponse><AssumeRoleResult><Credentials>"
            f"<AccessKeyId>LENT{len(self.asked)}</AccessKeyId><SecretAccessKey>s/+</SecretAccessKey>"
            f"<SessionToken>token</SessionToken><Expiration>{end}</Expiration>"
            "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
        )


@asynccontextmanager
async def serving(clock: Clock, environment: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    service, app = Service(clock), web.Application()
    app.router.add_post("/", service.give)
    async with TestServer(app) as server:
        environment.setenv("AWS_ENDPOINT_URL_STS", str(server.make_url("/")))
        yield service


@asynccontextmanager
async def role(clock: ManualClock, environment: pytest.MonkeyPatch) -> AsyncIterator[tuple[Role, Service]]:
    async with serving(clock, environment) as service:
        made = Role(ROLE, AddressBook(clock), clock)
        yield made, service
        await made.close()


async def test_keys_are_asked_for_once_and_again_before_they_end(
    manual_clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with role(manual_clock, monkeypatch) as (made, service):
        assert await made.credentials(OWN, "eu-west-1") == Credentials("LENT1", "s/+", "token")
        await manual_clock.advance(3_500_000)
        assert (await made.credentials(OWN, "eu-west-1")).access_key == "LENT1"
        await manual_clock.advance(50_000)
        assert (await made.credentials(OWN, "eu-west-1")).access_key == "LENT2"
        assert (await made.credentials(Credentials("OTHER", "x"), "eu-west-1")).access_key == "LENT3"
    assert (service.asked[0]["Action"], service.asked[0]["RoleArn"]) == ("AssumeRole", ROLE)
    assert "Credential=AKID/" in service.signatures[0]
    assert "/eu-west-1/sts/aws4_request" in service.signatures[0]


async def test_an_endpoint_that_is_no_url_is_told(manual_clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://[")
    made = Role(ROLE, AddressBook(manual_clock), manual_clock)
    with pytest.raises(AwsError, match="can't be taken"):
        await made.credentials(OWN, "eu-west-1")
    await made.close()


@pytest.mark.parametrize(
    ("answer", "told"),
    [((403, REFUSED), "AccessDenied: not & never"), ((500, "?"), "taken: status 500"), ((200, "<a/>"), "without keys")],
)
async def test_a_role_that_is_not_given_is_told_with_the_services_words(
    manual_clock: ManualClock, monkeypatch: pytest.MonkeyPatch, answer: tuple[int, str], told: str
) -> None:
    async with role(manual_clock, monkeypatch) as (made, service):
        service.answer = answer
        with pytest.raises(AwsError, match=told):
            await made.credentials(OWN, "eu-west-1")
