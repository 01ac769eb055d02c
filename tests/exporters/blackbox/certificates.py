"""Certificates of servers, good and bad, of an authority that is asked to be trusted."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier


class Authority:
    """`ca` is the file of its certificate."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority = trustme.CA()
        self.ca = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.ca))

    def server(self, *names: str, protocols: tuple[str, ...] = (), days: int = 30) -> ssl.SSLContext:
        """Days below 0 make one that is over."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        until = datetime.now(UTC) + timedelta(days=days)
        self._authority.issue_cert(*names, not_before=until - timedelta(days=60), not_after=until).configure_cert(
            context
        )
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context

    def own(self, subject: x509.Name) -> tuple[ssl.SSLContext, Path]:
        """One that signed itself, and its file."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(7).not_valid_before(now).not_valid_after(now + timedelta(days=9))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.DNSName("b.example")]), critical=False)
            .sign(key, hashes.SHA256())
        )  # fmt: skip
        file = self._folder / "own.pem"
        encoding = serialization.Encoding.PEM
        private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file.write_bytes(made.public_bytes(encoding) + private)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context, file


ODD_NAME = x509.Name([
    x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
    x509.NameAttribute(NameOID.ORGANIZATION_NAME, 'Ä, "B" + C'),
    x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "one"),
    x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, " two "),
    x509.NameAttribute(NameOID.EMAIL_ADDRESS, "a@example.com"),
    x509.NameAttribute(ObjectIdentifier("1.2.3.4"), "own"),
    x509.NameAttribute(NameOID.DOMAIN_COMPONENT, "example"),
    x509.NameAttribute(NameOID.COMMON_NAME, "#odd\\one"),
    x509.NameAttribute(NameOID.SERIAL_NUMBER, "12"),
])  # fmt: skip
