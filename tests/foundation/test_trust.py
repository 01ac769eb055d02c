"""An engine of its own reads no certificates before a connection needs them, and trusts those of the system then."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from engine.foundation.trust import without_default_trust

LATER = """
import ssl
from engine.foundation.trust import without_default_trust
with without_default_trust():
    from engine.foundation.http_config import TlsConfig
    from engine.foundation.tls import ClientTls
    from pathlib import Path
    from aiohttp import connector
    assert not connector._SSL_CONTEXT_VERIFIED.cert_store_stats()["x509"]
print(ClientTls(TlsConfig(), Path()).context().cert_store_stats() == ssl.create_default_context().cert_store_stats())
"""


def test_what_a_client_of_ours_trusts_is_what_the_system_trusts() -> None:
    found = subprocess.run([sys.executable, "-c", LATER], capture_output=True, text=True, check=True)
    assert found.stdout == "True\n"


def test_the_environment_is_as_it_was_even_after_an_error() -> None:
    before = dict(os.environ)
    with pytest.raises(ZeroDivisionError):
        fail_without_trust()
    assert dict(os.environ) == before


def fail_without_trust() -> None:
    with without_default_trust():
        assert os.environ["SSL_CERT_FILE"] == os.devnull
        raise ZeroDivisionError
