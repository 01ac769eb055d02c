"""Web configs judged by promtool and by us: the same verdicts."""

from __future__ import annotations

import http.client
import ssl
import subprocess
from base64 import b64encode
from pathlib import Path
from typing import Final

import bcrypt
import pytest

from engine.config.check import check
from tests.end_to_end.processes import ENGINE, free_port, running, wait_for
from tests.foundation.certificates import Certificates
from tests.peers.alone import program

pytestmark = pytest.mark.peer
HASH: Final = "QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
TLS: Final = "tls_server_config: {{cert_file: c.pem, key_file: k.pem{}}}"
TEXTS: Final = (
    "", "{}", "foo: 1", "basic_auth_users: {a: xx}", "basic_auth_users: {a: }", "basic_auth_users: {}", "basic_auth_users: [a]",
    *(f"basic_auth_users: {{a: '{head}{HASH}'}}" for head in (
        "$2b$10$", "$2y$04$", "$2a$31$", "$3b$10$", "$2b$03$", "$2b$32$", "$2b$x0$", "x2bx03x000", "$2$10$x", "$2z$+5$",
    )),
    "http_server_config: {http2: false}", "http_server_config: {http2: x}", "http_server_config: {headers: {X-Foo: 1}}",
    *(f"http_server_config: {{headers: {{{header}}}}}" for header in (
        "X-Frame-Options: deny", "X-Frame-Options: DENY", "X-Content-Type-Options: nosniff", "X-Content-Type-Options: ",
        "Strict-Transport-Security: anything", "x-frame-options: deny", "Content-Security-Policy: ",
    )),
    "tls_server_config: {}", "tls_server_config: {cert_file: c.pem}", "tls_server_config: {key_file: k.pem}",
    "tls_server_config: {client_auth_type: x}", "tls_server_config: {client_ca_file: ca.pem}",
    "tls_server_config: {min_version: TLS13}", "tls_server_config: {min_version: SSL3}", "tls_server_config: {min_version: ''}",
    "tls_server_config: {cert_file: none.pem, key_file: k.pem}", "tls_server_config: {cert_file: c.pem, key_file: c.pem}",
    "tls_server_config: {cert_file: ca.pem, key_file: k.pem}",
    *(TLS.format(more) for more in (
        "", ", client_ca_file: ca.pem", ", client_ca_file: none.pem, client_auth_type: VerifyClientCertIfGiven",
        *(f", client_auth_type: {kind}" for kind in (
            "x", "''", "NoClientCert", "RequestClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert",
        )),
        ", client_ca_file: ca.pem, client_auth_type: NoClientCert",
        ", client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert",
        ", client_ca_file: ca.pem, client_auth_type: RequestClientCert",
        ", min_version: TLS10", ", max_version: TLS12", ", max_version: TLS14", ", prefer_server_cipher_suites: false",
        ", cipher_suites: []", ", cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA, TLS_AES_128_GCM_SHA256]",
        ", cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]", ", cipher_suites: [TLS_AES_128_GCM_SHA256]",
        ", curve_preferences: [X25519]", ", curve_preferences: [CurveP521, CurveP256]", ", curve_preferences: [P256]",
    )),
)  # fmt: skip


def test_verdicts_are_the_same(tmp_path: Path) -> None:
    Certificates(tmp_path)
    files = [tmp_path / f"{number}.yml" for number in range(len(TEXTS))]
    for file, text in zip(files, TEXTS, strict=True):
        file.write_text(text)
    command = [program("promtool"), "check", "web-config", *map(str, files)]
    real = subprocess.run(command, capture_output=True, check=False, text=True)
    fine = {line.removesuffix(" SUCCESS") for line in real.stderr.splitlines()}
    judged = {text: (str(file) in fine, check(file, "web-config")) for file, text in zip(files, TEXTS, strict=True)}
    wrong = [f"{text}: {ours.findings}" for text, (theirs, ours) in judged.items() if theirs != ours.fine]
    assert not wrong, "\n".join(wrong)
    assert len(fine) > 10


def asked(port: int, tls: ssl.SSLContext | None, user: str | None) -> tuple[int, bytes, dict[str, str]] | None:
    """Status, body and headers that a client goes by; None where nobody listens yet."""
    connection = (
        http.client.HTTPConnection("localhost", port, timeout=30)
        if tls is None
        else http.client.HTTPSConnection("localhost", port, timeout=30, context=tls)
    )
    headers = {} if user is None else {"Authorization": "Basic " + b64encode(user.encode()).decode()}
    try:
        connection.request("GET", "/-/healthy", headers=headers)
        response = connection.getresponse()
        kept = ("Content-Type", "WWW-Authenticate", "X-Content-Type-Options", "X-Frame-Options")
        return response.status, response.read(), {name: response.getheader(name, "") for name in kept}
    except ConnectionRefusedError:
        return None
    finally:
        connection.close()


@pytest.mark.parametrize("secure", [False, True])
def test_callers_are_let_in_and_turned_away_alike(tmp_path: Path, secure: bool) -> None:
    certificates = Certificates(tmp_path)
    issued = certificates.authority.issue_cert("localhost")
    (tmp_path / "s.pem").write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    (tmp_path / "s.key").write_bytes(issued.private_key_pem.bytes())
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    lines = [f"basic_auth_users: {{ann: '{hashed}'}}", "http_server_config: {headers: {X-Frame-Options: sameorigin}}"]
    (tmp_path / "web.yml").write_text(
        "\n".join([*lines, "tls_server_config: {cert_file: s.pem, key_file: s.key}" * secure])
    )
    (tmp_path / "prometheus.yml").write_text("")
    real, ours = free_port(), free_port()
    shared = [f"--config.file={tmp_path}/prometheus.yml", f"--web.config.file={tmp_path}/web.yml"]
    theirs = [
        program("prometheus"),
        *shared,
        f"--web.listen-address=127.0.0.1:{real}",
        f"--storage.tsdb.path={tmp_path}/real",
    ]
    mine = [*ENGINE, "run", *shared, f"--web.listen-address=127.0.0.1:{ours}", "--data-dir=:memory:"]
    tls = ssl.create_default_context(cafile=certificates.ca) if secure else None
    with running(theirs, tmp_path / "real.log"), running(mine, tmp_path / "ours.log"):
        for port in (real, ours):
            wait_for("an answer", lambda port=port: asked(port, tls, "ann:secret"))
        for user in (None, "ann:secret", "ann:wrong", "eve:secret", "ann", ":", "ann:"):
            assert asked(ours, tls, user) == asked(real, tls, user), user
        (tmp_path / "web.yml").write_text("nonsense: 1")
        if not secure:  # with TLS there is no answer at all then
            broken = [asked(port, tls, "ann:secret") for port in (real, ours)]
            assert [answer and answer[:2] for answer in broken] == [(500, b"Internal Server Error\n")] * 2


def test_a_certificate_that_nobody_verifies_is_not_asked_for_and_that_is_told(tmp_path: Path) -> None:
    Certificates(tmp_path)
    file = tmp_path / "web.yml"
    file.write_text(TLS.format(", client_auth_type: RequireAnyClientCert"))
    assert "valid in Prometheus, not supported here" in str(check(file, "web-config").findings[0])
