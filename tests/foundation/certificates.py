"""An authority of certificates, and what it has issued."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from engine.foundation.values import FilePath


class Certificates:
    """The authority's certificate, and a client's with its key, as files; `server` makes those of servers."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.ca, self.cert, self.key = (FilePath(str(folder / name)) for name in ("ca.pem", "c.pem", "k.pem"))
        self.authority.cert_pem.write_to_path(self.ca)
        client = self.authority.issue_cert("client@example.com")
        client.private_key_pem.write_to_path(self.key)
        client.cert_chain_pems[0].write_to_path(self.cert)

    def texts(self) -> tuple[str, str, str]:
        """What stands in the three files."""
        return Path(self.ca).read_text(), Path(self.cert).read_text(), Path(self.key).read_text()

    def lock_key(self) -> None:
        """Put a password on the client's key."""
        key = load_pem_private_key(Path(self.key).read_bytes(), None)
        locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
        Path(self.key).write_bytes(locked)

    def server(self, *names: str, ask: bool = False) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.authority.issue_cert(*names).configure_cert(context)
        if ask:
            self.authority.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        return context
