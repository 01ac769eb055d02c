"""Whom `--web.config.file` lets in, and how: over real sockets, with real certificates."""

from __future__ import annotations

import asyncio
import json
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import bcrypt
import pytest
from aiohttp import ClientConnectionError, ClientSession, web

from engine.foundation.errors import ConfigError
from engine.foundation.workers import InlineWorkers
from engine.web.access import WebAccess
from engine.web.connections import DEFAULT_LIMITS, Limits
from engine.web.counts import HttpCounts
from engine.web.server import Serving
from tests.foundation.certificates import Certificates
from tests.web.serving import serving

HASH = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()


class World:
    """A web config and certificates in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "web.yml"
        self.certificates = Certificates(folder)

    def issue(self, *names: str) -> None:
        """The server's certificate and key, beside the file."""
        issued = self.certificates.authority.issue_cert(*names)
        (self.folder / "s.pem").write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
        (self.folder / "s.key").write_bytes(issued.private_key_pem.bytes())

    def write(self, *lines: str, **tls: str) -> None:
        given = [f"  {name}: {value}" for name, value in tls.items()]
        self.file.write_text("\n".join([*lines, *(["tls_server_config:", *given] if given else [])]))

    def client(self, *, own: bool = False, newest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
        """Trusts the authority, and has a certificate of its `own`."""
        context = ssl.create_default_context(cafile=self.certificates.ca)
        if own:
            context.load_cert_chain(self.certificates.cert, self.certificates.key)
        if newest is not None:
            context.maximum_version = newest
        return context

    @asynccontextmanager
    async def serving(self, limits: Limits = DEFAULT_LIMITS) -> AsyncIterator[int]:
        how = Serving(counts=HttpCounts(), access=WebAccess(self.file, InlineWorkers()), limits=limits)
        async with serving([web.get("/hello", hello)], how) as port:
            yield port


def basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


async def hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.issue("localhost")
    return made


async def ask(
    port: int, *, tls: ssl.SSLContext | None = None, auth: str | None = None, path: str = "/hello"
) -> tuple[int, str, Mapping[str, str]]:
    scheme, headers = "http" if tls is None else "https", {} if auth is None else {"Authorization": auth}
    async with (
        ClientSession() as client,
        client.get(f"{scheme}://localhost:{port}{path}", ssl=tls or True, headers=headers) as response,
    ):
        return response.status, await response.text(), response.headers


async def test_an_empty_file_changes_nothing(world: World) -> None:
    world.write("")
    async with world.serving() as port:
        assert (await ask(port))[:2] == (200, "hello")


async def test_users_are_let_in_by_their_passwords_and_nobody_else(world: World) -> None:
    world.write(f"basic_auth_users: {{ann: '{HASH}', bob: '{HASH.replace('$2b$', '$2y$')}'}}")
    async with world.serving() as port:
        for name in ("ann", "bob", "ann"):
            assert (await ask(port, auth=basic(name, "secret")))[:2] == (200, "hello")
        for auth in (None, basic("ann", "wrong"), basic("eve", "secret"), basic("ann", "")):
            status, text, headers = await ask(port, auth=auth)
            assert (status, text, headers["WWW-Authenticate"]) == (401, "Unauthorized\n", "Basic")


async def test_headers_are_on_every_answer(world: World) -> None:
    world.write("http_server_config: {headers: {X-Frame-Options: deny}}", f"basic_auth_users: {{ann: '{HASH}'}}")
    async with world.serving() as port:
        for auth, path in (
            (None, "/hello"),
            (basic("ann", "secret"), "/hello"),
            (basic("ann", "secret"), "/x"),
        ):
            assert (await ask(port, auth=auth, path=path))[2]["X-Frame-Options"] == "deny"


async def test_tls_is_spoken_in_the_versions_that_are_named(world: World) -> None:
    world.write(cert_file="s.pem", key_file="s.key", min_version="TLS13")
    async with world.serving() as port:
        assert (await ask(port, tls=world.client()))[:2] == (200, "hello")
        with pytest.raises(ClientConnectionError):
            await ask(port, tls=world.client(newest=ssl.TLSVersion.TLSv1_2))
        with pytest.raises(ClientConnectionError):
            await ask(port)


async def test_certificates_and_keys_may_stand_in_the_file(world: World) -> None:
    ca, _, _ = world.certificates.texts()
    cert, key = ((world.folder / name).read_text() for name in ("s.pem", "s.key"))
    world.write(
        cert=json.dumps(cert),
        key=json.dumps(key),
        client_ca=json.dumps(ca),
        client_auth_type="RequireAndVerifyClientCert",
    )
    async with world.serving() as port:
        assert (await ask(port, tls=world.client(own=True)))[:2] == (200, "hello")
        with pytest.raises(ClientConnectionError):
            await ask(port, tls=world.client())


async def test_ciphers_are_those_that_are_named(world: World) -> None:
    world.write(
        cert_file="s.pem", key_file="s.key", max_version="TLS12",
        cipher_suites="[TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]",
    )  # fmt: skip
    async with world.serving() as port:
        context = world.client()
        assert (await ask(port, tls=context))[0] == 200
        context.set_ciphers("ECDHE+AES128")
        with pytest.raises(ClientConnectionError):
            await ask(port, tls=context)


async def test_a_client_must_show_a_certificate_of_the_authority(world: World) -> None:
    tls = {"cert_file": "s.pem", "key_file": "s.key", "client_ca_file": "ca.pem", "max_version": "TLS12"}
    world.write(**tls, client_auth_type="RequireAndVerifyClientCert")
    async with world.serving() as port:
        assert (await ask(port, tls=world.client(own=True)))[0] == 200
        with pytest.raises(ClientConnectionError):
            await ask(port, tls=world.client())
    world.write(**tls, client_auth_type="VerifyClientCertIfGiven")
    async with world.serving() as port:
        assert (await ask(port, tls=world.client(own=True)))[0] == 200
        assert (await ask(port, tls=world.client()))[0] == 200


async def test_what_changes_in_the_files_holds_for_the_next_connection(world: World) -> None:
    world.write(cert_file="s.pem", key_file="s.key")
    async with world.serving() as port:
        assert (await ask(port, tls=world.client()))[0] == 200
        world.issue("elsewhere.example.com")
        with pytest.raises(ClientConnectionError, match="certificate"):
            await ask(port, tls=world.client())
        world.issue("localhost")
        world.write(f"basic_auth_users: {{ann: '{HASH}'}}", cert_file="s.pem", key_file="s.key")
        assert (await ask(port, tls=world.client()))[0] == 401


async def test_variables_of_the_environment_stand_where_the_file_names_them(world: World) -> None:
    world.write("basic_auth_users: {ann: '${HASH}'}")
    with pytest.raises(ConfigError, match="too short"):
        WebAccess(world.file, InlineWorkers())
    WebAccess(world.file, InlineWorkers(), {"HASH": HASH})


async def test_a_file_that_makes_no_sense_any_more_lets_nobody_in_until_it_does(world: World) -> None:
    world.write("")
    async with world.serving() as port:
        world.write("nonsense: true")
        assert (await ask(port))[:2] == (500, "Internal Server Error\n")
        world.write("http_server_config: {}")
        assert (await ask(port))[0] == 200


def test_a_file_that_makes_no_sense_at_the_start_is_refused_with_its_place(world: World) -> None:
    world.write("basic_auth_users: {ann: secret}")
    with pytest.raises(ConfigError, match=r"web.yml:1:25: basic_auth_users.ann: .* too short to be a bcrypted"):
        WebAccess(world.file, InlineWorkers())
    world.write(cert_file="none.pem", key_file="s.key")
    with pytest.raises(ConfigError, match=r"unable to use the TLS files .*none.pem.*no such file"):
        WebAccess(world.file, InlineWorkers())
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        WebAccess(world.folder / "nope.yml", InlineWorkers())


async def test_who_does_not_end_the_handshake_in_time_makes_room(world: World) -> None:
    world.write(cert_file="s.pem", key_file="s.key")
    async with world.serving(Limits(0.2, 1)) as port, asyncio.timeout(60):
        reader, writer = await asyncio.open_connection("localhost", port)
        writer.write(b"\x16\x03\x01\x02\x00")
        assert await reader.read() == b""
        writer.close()
