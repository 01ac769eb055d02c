"""TLS towards others, as a configuration says it.

Files are read again when they have changed, so that rotating them needs no reload.
"""

from __future__ import annotations

import ssl
import warnings
from pathlib import Path
from typing import Final

from engine.foundation.errors import ConfigError
from engine.foundation.http_config import TlsConfig, TlsVersion

_OLD: Final = frozenset({"TLS10", "TLS11"})
LAX: Final = "@SECLEVEL=0"  # the library's own level has no cipher that these versions could use


class TlsError(ConfigError):
    """A file of certificates or keys is missing or wrong; names the files."""


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
            named = ", ".join(map(str, self._files.values()))
            reason = (error.strerror or str(error)).lower()
            raise TlsError(f"unable to use the TLS files {named}: {reason}") from None
        return self._made[1]

    def _make(self) -> ssl.SSLContext:
        config = self._config
        context = ssl.create_default_context(cafile=self._files.get("ca"))
        if "cert" in self._files:
            # Without a password of ours the library would ask for one at the terminal, and wait.
            context.load_cert_chain(self._files["cert"], self._files.get("key"), password="")
        if config.insecure_skip_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        context.hostname_checks_common_name = False  # in Go, and so in the originals, alternative names alone count
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # which later Pythons ask for, and Go does not
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # to Go, whatever certificate is trusted ends a chain
        limit_versions(context, config.min_version, config.max_version)
        return context


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
