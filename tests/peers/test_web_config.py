"""Web configs judged by promtool and by us: the same verdicts."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from engine.config.check import check
from tests.foundation.certificates import Certificates

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed"),
]
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
    command = ["promtool", "check", "web-config", *map(str, files)]
    real = subprocess.run(command, capture_output=True, check=False, text=True)
    fine = {line.removesuffix(" SUCCESS") for line in real.stderr.splitlines()}
    judged = {text: (str(file) in fine, check(file, "web-config")) for file, text in zip(files, TEXTS, strict=True)}
    wrong = [f"{text}: {ours.findings}" for text, (theirs, ours) in judged.items() if theirs != ours.fine]
    assert not wrong, "\n".join(wrong)
    assert len(fine) > 10


def test_a_certificate_that_nobody_verifies_is_not_asked_for_and_that_is_told(tmp_path: Path) -> None:
    Certificates(tmp_path)
    file = tmp_path / "web.yml"
    file.write_text(TLS.format(", client_auth_type: RequireAnyClientCert"))
    assert "valid in Prometheus, not supported here" in str(check(file, "web-config").findings[0])
