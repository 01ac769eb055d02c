"""TLS towards others, as a configuration says it.

Files are read again when they have changed, so that rotating them needs no reload.
"""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final, Self

from engine.foundation.errors import ConfigError
from engine.foundation.http_config import TlsConfig, TlsVersion

_OLD: Final = frozenset({"TLS10", "TLS11"})
LAX: Final = "@SECLEVEL=0"  # the library's own level has no cipher that these versions could use


class TlsError(ConfigError):
    """A certificate or a key is missing or wrong; names the files, where they are in files."""

    @classmethod
    def of(cls, error: OSError, files: Iterable[Path]) -> Self:
        reason = (error.strerror or str(error)).lower()
        named = ", ".join(map(str, files))
        return cls(f"unable to use the TLS files {named}: {reason}" if named else f"unable to use tls_config: {reason}")


class ClientTls:
    """The context of one TLS configuration, made again when a file has changed. Relative names belong to `base`."""

    def __init__(self, config: TlsConfig, base: Path) -> None:
        self._config = config
        named = (("ca", config.ca_file), ("cert", config.cert_file), ("key", config.key_file))
        self._files = {what: base / name for what, name in named if name}
        self._made: tuple[list[int], ssl.SSLContext] | None = None

    def context(self) -> ssl.SSLContext:
        """Raises TlsError."""
        try:
            stamps = [file.stat().st_mtime_ns for file in self._files.values()]
            if self._made is None or self._made[0] != stamps:
                self._made = (stamps, self._make())
        except OSError as error:  # ssl.SSLError is one
            raise TlsError.of(error, self._files.values()) from None
        return self._made[1]

    def _make(self) -> ssl.SSLContext:
        config = self._config
        with as_file(self._files.get("ca", config.ca)) as cafile:
            context = ssl.create_default_context(cafile=cafile)
        if config.cert or "cert" in self._files:
            load_identity(context, self._files.get("cert", config.cert), self._files.get("key", config.key.reveal()))
        if config.insecure_skip_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        context.hostname_checks_common_name = False  # in Go, and so in the originals, alternative names alone count
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # which later Pythons ask for, and Go does not
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # to Go, whatever certificate is trusted ends a chain
        limit_versions(context, config.min_version, config.max_version)
        return context


def load_identity(context: ssl.SSLContext, cert: Path | str, key: Path | str) -> None:
    """A certificate and its key, each a file or its text (PEM). Raises OSError."""
    with as_file(cert) as certfile, as_file(key) as keyfile:
        # Without a password of ours the library would ask for one at the terminal, and wait.
        context.load_cert_chain(certfile or "", keyfile, password="")


@contextmanager
def as_file(given: Path | str) -> Iterator[Path | None]:
    """The file, or one that nobody else may read with the text, for as long as the block lasts; nothing is no file.

    The library reads keys from files alone, and refuses letters beyond ASCII in the comments of other texts.
    """
    if not given or isinstance(given, Path):
        yield given or None
        return
    with NamedTemporaryFile(prefix="tls-") as file:
        file.write(given.encode())
        file.flush()
        yield Path(file.name)


def limit_versions(context: ssl.SSLContext, lowest: TlsVersion, highest: TlsVersion) -> None:
    """An empty one leaves it to the library."""
    if _OLD & {lowest, highest}:
        context.set_ciphers(f"DEFAULT:{LAX}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # whoever names an old version knows that it is old
        if lowest:
            context.minimum_version = lowest.protocol
        if highest:
            context.maximum_version = highest.protocol
