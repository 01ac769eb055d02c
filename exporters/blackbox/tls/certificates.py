"""What probes tell of an X.509 certificate (RFC 5280): until when it is good, whose it is, who issued it.

Names are written as Go writes them: the attributes that it knows in an order of its own, others by their numbers.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

from msgspec import Struct

from exporters.blackbox.tls.der import SEQUENCE, DerError, Element, elements

# In the order in which Go shows them: the last part of the identifier (2.5.4.N) and what it is called.
_NAMED: Final = {5: "SERIALNUMBER", 3: "CN", 17: "POSTALCODE", 9: "STREET", 8: "ST", 7: "L", 11: "OU", 10: "O", 6: "C"}
_SINGLE: Final = (3, 5)
"""Of these Go keeps the last alone."""
_PREFIX: Final = "2.5.4."
_ALTERNATIVE_NAMES: Final = "2.5.29.17"
_VERSION: Final = 0xA0
_EXTENSIONS: Final = 0xA3
_DNS_NAME: Final = 0x82
_SPECIAL: Final = frozenset(',+"\\<>;')
_PRINTABLE: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?")


class Certificate(Struct, frozen=True):
    """`not_after` is Unix time in seconds; `dns_names` are those of the alternative names."""

    fingerprint: str
    subject: str
    issuer: str
    not_after: int
    dns_names: tuple[str, ...]


@lru_cache(maxsize=256)
def read_certificate(der: bytes) -> Certificate:
    """Raises DerError."""
    try:
        body = next(elements(der)).parts()[0].parts()
        fields = body[1:] if body[0].tag == _VERSION else body
        _, _, issuer, validity, subject = fields[:5]
        extensions = next((part for part in fields[5:] if part.tag == _EXTENSIONS), None)
        return Certificate(
            fingerprint=hashlib.sha256(der).hexdigest(),
            subject=_name(subject),
            issuer=_name(issuer),
            not_after=validity.parts()[1].unix_time(),
            dns_names=() if extensions is None else _dns_names(extensions),
        )
    except (IndexError, ValueError, StopIteration) as error:
        raise DerError(f"no certificate: {error}") from None


def _dns_names(extensions: Element) -> tuple[str, ...]:
    for extension in extensions.parts()[0].parts():
        parts = extension.parts()
        if parts[0].oid() == _ALTERNATIVE_NAMES:
            names = next(elements(parts[-1].content)).parts()
            return tuple(name.content.decode("ascii", "replace") for name in names if name.tag == _DNS_NAME)
    return ()


def _name(name: Element) -> str:
    known: dict[int, list[str]] = {}
    others: list[str] = []
    for attribute in (pair for part in name.parts() for pair in part.parts() if pair.tag == SEQUENCE):
        kind, value = attribute.parts()[:2]
        identifier = kind.oid()
        last = identifier.removeprefix(_PREFIX)
        if identifier.startswith(_PREFIX) and last.isdigit() and int(last) in _NAMED:
            known.setdefault(int(last), []).append(value.text() or "")
        else:
            others.append(f"{identifier}=#{_encoded(value).hex()}")
    return ",".join([*_shown(known), *reversed(others)])


def _shown(known: dict[int, list[str]]) -> list[str]:
    shown = []
    for number, called in _NAMED.items():
        values = [value for value in known.get(number, ()) if value or number not in _SINGLE]
        if values:
            kept = values[-1:] if number in _SINGLE else values
            shown.append("+".join(f"{called}={_escaped(value)}" for value in kept))
    return shown


def _escaped(value: str) -> str:
    last = len(value) - 1
    return "".join(
        f"\\{char}" if char in _SPECIAL or (char == " " and at in (0, last)) or (char == "#" and at == 0) else char
        for at, char in enumerate(value)
    )


def _encoded(value: Element) -> bytes:
    """A text as Go would encode it, whatever its kind was; all else as it is."""
    text = value.text()
    if text is None:
        return value.whole
    data = text.encode()
    tag = 0x13 if _PRINTABLE.issuperset(text) else 0x0C
    length = bytes([len(data)]) if len(data) < 0x80 else _long(len(data))
    return bytes([tag]) + length + data


def _long(length: int) -> bytes:
    size = (length.bit_length() + 7) // 8
    return bytes([0x80 | size]) + length.to_bytes(size)
