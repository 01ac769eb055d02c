"""What is read out of certificates."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporters.blackbox.tls.certificates import read_certificate
from exporters.blackbox.tls.der import DerError, elements
from tests.exporters.blackbox.certificates import ODD_NAME, Authority


@pytest.fixture
def own(tmp_path: Path) -> bytes:
    _, file = Authority(tmp_path).own(ODD_NAME)
    return ssl.PEM_cert_to_DER_cert(file.read_text().partition("-----BEGIN PRIVATE")[0])


def test_a_certificate_says_whose_it_is_and_until_when(own: bytes) -> None:
    found, known = read_certificate(own), x509.load_der_x509_certificate(own)
    assert found.not_after == int(known.not_valid_after_utc.timestamp())
    assert found.fingerprint == known.fingerprint(hashes.SHA256()).hex()
    assert found.dns_names == ("localhost", "b.example")
    assert found.subject == found.issuer


def test_names_are_written_as_go_writes_them(own: bytes) -> None:
    start, _, others = read_certificate(own).subject.partition(",1.2.3.4=#")
    assert start.startswith(r"SERIALNUMBER=12,CN=\#odd\\one,OU=one+OU=\ two\ ,O=Ä\, \"B\" \+ C,C=DE,")
    assert others == "0c036f776e,1.2.840.113549.1.9.1=#0c0d61406578616d706c652e636f6d" or others.startswith("1303")


@given(st.binary(max_size=200))
def test_bytes_that_are_no_certificate_are_refused_and_no_more(data: bytes) -> None:
    with pytest.raises(DerError):
        read_certificate(data)


@given(at=st.integers(0, 10_000), byte=st.integers(0, 255))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_certificate_with_a_changed_byte_is_read_or_refused(own: bytes, at: int, byte: int) -> None:
    at %= len(own)
    try:
        read_certificate(own[:at] + bytes([byte]) + own[at + 1 :])
    except DerError:
        return


@given(st.lists(st.binary(max_size=300), max_size=4))
def test_elements_come_back_as_they_were_put_in(contents: list[bytes]) -> None:
    data = b"".join(_element(content) for content in contents)
    assert [element.content for element in elements(data)] == contents


def _element(content: bytes) -> bytes:
    size = len(content)
    return bytes([4, size]) + content if size < 0x80 else bytes([4, 0x82]) + size.to_bytes(2) + content
