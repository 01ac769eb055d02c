"""TLS towards those who call, as a `--web.config.file` says it."""

from __future__ import annotations

import ssl
from pathlib import Path

from engine.foundation.tls import LAX, TlsError, as_file, limit_versions, load_identity
from engine.foundation.web_config import CIPHERS, CURVES, TlsServerConfig, named_files


def server_context(config: TlsServerConfig, base: Path) -> ssl.SSLContext:
    """The context; relative names belong to `base`. Raises TlsError where a file is missing or wrong."""
    try:
        return _context(config, base)
    except OSError as error:  # ssl.SSLError is one
        raise TlsError.of(error, named_files(config, base)) from None


def _context(config: TlsServerConfig, base: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cert: Path | str = base / config.cert_file if config.cert_file else config.cert
    key: Path | str = base / config.key_file if config.key_file else config.key.reveal()
    load_identity(context, cert, key)
    _limit(context, config)
    with as_file(base / config.client_ca_file if config.client_ca_file else config.client_ca) as cafile:
        if cafile is not None:
            context.load_verify_locations(cafile)
        elif config.asks:
            context.set_default_verify_paths()
    if config.asks:
        context.verify_mode = ssl.CERT_REQUIRED if config.demands else ssl.CERT_OPTIONAL
    return context


def _limit(context: ssl.SSLContext, config: TlsServerConfig) -> None:
    """Which versions, ciphers and curves are spoken."""
    limit_versions(context, config.min_version, config.max_version)
    names = [CIPHERS[cipher] for cipher in config.cipher_suites if CIPHERS[cipher]]
    if names:
        context.set_ciphers(":".join([*names, *([LAX] if config.min_version < "TLS12" else [])]))
    if config.cipher_suites and not names:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    if config.curve_preferences:
        context.set_ecdh_curve(CURVES[config.curve_preferences[0]])
    if config.prefer_server_cipher_suites:
        context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    else:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
