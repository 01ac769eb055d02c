"""Calls over TLS, and what is said when they fail."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from aiohttp import web
from yarl import URL

from engine.foundation.http_config import (
    HTTPClientConfig,
    TlsConfig,
    TlsVersion,
)
from engine.foundation.http_errors import go_error
from engine.foundation.values import FilePath, Secret
from tests.foundation.calls import app, get, refusal
from tests.foundation.certificates import Certificates
from tests.foundation.serving import serving


async def test_a_certificate_is_checked_against_the_authority(certificates: Certificates) -> None:
    async with serving(app(), certificates.server("127.0.0.1")) as url:
        said = await refusal(f"{url}/echo")
        assert said == f'Get "{url}/echo": x509: certificate signed by unknown authority'
        trusting = HTTPClientConfig(tls_config=TlsConfig(ca_file=certificates.ca))
        assert (await get(f"{url}/echo", trusting)).status == 200
        careless = HTTPClientConfig(tls_config=TlsConfig(insecure_skip_verify=True))
        assert (await get(f"{url}/echo", careless)).status == 200


async def test_another_server_name_can_be_expected(certificates: Certificates) -> None:
    async with serving(app(), certificates.server("inner.example")) as url:
        wrong = HTTPClientConfig(tls_config=TlsConfig(ca_file=certificates.ca))
        assert "x509: " in await refusal(f"{url}/echo", wrong)
        right = HTTPClientConfig(tls_config=TlsConfig(ca_file=certificates.ca, server_name="inner.example"))
        assert (await get(f"{url}/echo", right)).status == 200


async def test_a_client_shows_its_certificate(certificates: Certificates) -> None:
    async with serving(app(), certificates.server("127.0.0.1", ask=True)) as url:
        tls = TlsConfig(ca_file=certificates.ca, cert_file=certificates.cert, key_file=certificates.key)
        assert (await get(f"{url}/echo", HTTPClientConfig(tls_config=tls))).status == 200


async def test_certificates_and_keys_may_stand_in_the_configuration(certificates: Certificates) -> None:
    ca, cert, key = certificates.texts()
    async with serving(app(), certificates.server("127.0.0.1", ask=True)) as url:
        for tls in (
            TlsConfig(ca=ca, cert=cert, key=Secret(key)),
            TlsConfig(ca_file=certificates.ca, cert_file=certificates.cert, key=Secret(key)),
            TlsConfig(ca=ca, cert=cert, key_file=certificates.key),
        ):
            assert (await get(f"{url}/echo", HTTPClientConfig(tls_config=tls))).status == 200


@pytest.mark.parametrize("tls", [TlsConfig(ca="no PEM"), TlsConfig(ca="é"), TlsConfig(cert="x", key=Secret("y"))])
async def test_a_certificate_that_stands_there_and_is_none_is_told(tls: TlsConfig) -> None:
    assert "unable to use tls_config: " in await refusal("https://127.0.0.1:1/x", HTTPClientConfig(tls_config=tls))


async def test_a_server_that_wants_a_certificate_gets_no_question_without_one(certificates: Certificates) -> None:
    context = certificates.server("127.0.0.1", ask=True)
    async with serving(app(), context) as url:
        await refusal(f"{url}/echo", HTTPClientConfig(tls_config=TlsConfig(ca_file=certificates.ca)))


def test_what_the_other_side_has_against_us_is_told_as_go_tells_it() -> None:
    for reason, told in (
        ("[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] sslv3 alert handshake failure", "handshake failure"),
        ("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert", "certificate required"),
        ("[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca", "unknown certificate authority"),
    ):
        assert go_error(ssl.SSLError(1, reason), URL("https://a/")) == f"remote error: tls: {told}"


async def test_versions_of_tls_are_kept_to(certificates: Certificates) -> None:
    context = certificates.server("127.0.0.1")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    async with serving(app(), context) as url:
        tls = TlsConfig(ca_file=certificates.ca, min_version=TlsVersion("TLS13"))
        assert "tls: " in await refusal(f"{url}/echo", HTTPClientConfig(tls_config=tls))


async def test_a_missing_authority_is_named(tmp_path: Path) -> None:
    tls = TlsConfig(ca_file=FilePath(str(tmp_path / "none.pem")))
    said = await refusal("https://127.0.0.1:1/x", HTTPClientConfig(tls_config=tls))
    assert said.endswith(f"unable to use the TLS files {tmp_path}/none.pem: no such file or directory")


async def test_a_key_that_needs_a_password_is_refused_and_nobody_is_asked_for_one(certificates: Certificates) -> None:
    certificates.lock_key()
    tls = TlsConfig(cert_file=certificates.cert, key_file=certificates.key)
    assert "unable to use the TLS files" in await refusal("https://127.0.0.1:1/x", HTTPClientConfig(tls_config=tls))


async def test_the_authority_counts_where_a_redirect_leads_to_tls(certificates: Certificates) -> None:
    async with serving(app(), certificates.server("127.0.0.1")) as secure:

        async def onwards(_: web.Request) -> web.Response:
            raise web.HTTPFound(f"{secure}/echo")

        plain = web.Application()
        plain.router.add_get("/", onwards)
        async with serving(plain) as url:
            trusting = HTTPClientConfig(tls_config=TlsConfig(ca_file=certificates.ca))
            assert (await get(url, trusting)).status == 200


async def test_plain_text_where_tls_was_expected_is_told(site: str) -> None:
    url = site.replace("http:", "https:")
    said = await refusal(f"{url}/echo")
    assert said == f'Get "{url}/echo": tls: first record does not look like a TLS handshake'
