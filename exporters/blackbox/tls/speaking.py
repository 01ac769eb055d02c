"""TLS of probes: how to speak it, and what is told of the other side's certificates."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Any, Final

from exporters.blackbox.task import ProbeError, Task
from exporters.blackbox.tls.certificates import Certificate, read_certificate
from exporters.blackbox.told import Told

NO_TIME: Final = -62_135_596_800
"""Go's zero time in Unix seconds, which is shown where no chain was verified."""
_VERSIONS: Final = {"TLSv1": "TLS 1.0", "TLSv1.1": "TLS 1.1", "TLSv1.2": "TLS 1.2", "TLSv1.3": "TLS 1.3"}


def context(task: Task, protocols: Sequence[str] = ()) -> ssl.SSLContext:
    """That of the task's module, which offers these protocols. Raises TlsError."""
    made = task.tls.context()
    if protocols:
        made.set_alpn_protocols(list(protocols))
    return made


def tell_chain(told: Told, spoken: ssl.SSLObject, *, last_chain: bool = True) -> None:
    """The families about the certificates of a connection. Raises ProbeError where these can't be read."""
    sent = _certificates(_chain(spoken, "get_unverified_chain"))
    verified = _certificates(_chain(spoken, "get_verified_chain")) if _is_verified(spoken) else []
    if not sent:
        raise ProbeError("the server sent no certificate")
    leaf = sent[0]
    told.set("probe_ssl_earliest_cert_expiry", min(one.not_after for one in sent))
    told.set("probe_tls_version_info", 1.0, version=_VERSIONS.get(spoken.version() or "", "unknown"))
    if last_chain:
        until = min((one.not_after for one in verified), default=NO_TIME)
        told.set("probe_ssl_last_chain_expiry_timestamp_seconds", until)
    told.set(
        "probe_ssl_last_chain_info",
        1.0,
        fingerprint_sha256=leaf.fingerprint,
        subject=leaf.subject,
        issuer=leaf.issuer,
        subjectalternative=",".join(leaf.dns_names),
    )


def _is_verified(spoken: ssl.SSLObject) -> bool:
    return spoken.context.verify_mode is not ssl.CERT_NONE


def _chain(spoken: Any, which: str) -> list[bytes]:
    """The certificates in DER. Python has a public name for this from 3.13 on."""
    if hasattr(spoken, which):
        return list(getattr(spoken, which)())
    encoding = 2  # DER, as the library numbers it
    return [one.public_bytes(encoding) for one in getattr(spoken._sslobj, which)() or ()]  # noqa: SLF001 - see above


def _certificates(chain: list[bytes]) -> list[Certificate]:
    try:
        return [read_certificate(der) for der in chain]
    except ValueError as error:
        raise ProbeError(str(error)) from None
