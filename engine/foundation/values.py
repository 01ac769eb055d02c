"""Scalars of configuration files.

A scalar type is any class with `from_text(text)`, which raises ValueError (or ConfigError) in the words of the
original. What may hold a secret prints without it; `reveal()` is the one way to see it.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final, Protocol, Self
from urllib.parse import SplitResult, urlsplit

_METRIC_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)  # noqa: TID251 - ours, linear
_LABEL_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)  # noqa: TID251 - ours, linear
_SIZE: Final = re.compile(r"([0-9]*\.?[0-9]*)([^0-9.]*)", re.ASCII)  # noqa: TID251 - ours, linear
_GO_PART: Final = re.compile(r"([0-9]*\.?[0-9]*)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)  # noqa: TID251 - ours, linear
_GO_UNITS: Final = {
    "ns": 1e-6, "us": 1e-3, "µs": 1e-3, "μs": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4, "h": 3.6e6,
}  # fmt: skip
_SIZE_UNITS: Final = {"B": 1} | {
    f"{letter}{suffix}": 1024**power for power, letter in enumerate("KMGTPE", 1) for suffix in ("B", "iB")
}
_SCHEME: Final = re.compile("[A-Za-z][A-Za-z0-9+.-]*:", re.ASCII)  # noqa: TID251 - ours, linear
SECRET: Final = "<secret>"  # noqa: S105 - what is shown instead of one


class Scalar(Protocol):
    """What the decoder asks of a scalar type."""

    @classmethod
    def from_text(cls, text: str) -> Self: ...


class Secret:
    """A text that never prints itself. False when empty."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    @classmethod
    def from_text(cls, text: str) -> Self:
        return cls(text)

    def reveal(self) -> str:
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __str__(self) -> str:
        return SECRET if self._text else ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


class Url(Secret):
    """Any URL; prints with its password as `xxxxx`, as Go does. False when empty."""

    __slots__ = ("parts",)
    parts: SplitResult

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.parts = _split_url(text)

    @property
    def scheme(self) -> str:
        return self.parts.scheme

    @property
    def host(self) -> str:
        """Host and, if given, port; without user and password."""
        return self.parts.netloc.rpartition("@")[2]

    def __str__(self) -> str:
        if self.parts.password is None:
            return self._text
        shown = f"{self.parts.username}:xxxxx@{self.host}"
        return self.parts._replace(netloc=shown).geturl()


class HttpUrl(Url):
    """Alertmanager's: http or https, with a host."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        url = cls(text)
        if url.scheme not in ("http", "https"):
            raise ValueError(f'unsupported scheme "{url.scheme}" for URL')
        if not url.host:
            raise ValueError("missing host for URL")
        return url

    def as_folder(self) -> Self:
        """The same with a slash at the end of its path, so that something can be put behind it."""
        path = self.parts.path
        return self if path.endswith("/") else type(self)(self.parts._replace(path=f"{path}/").geturl())


class SecretUrl(HttpUrl):
    """A URL that is itself a secret, such as a webhook's. `<secret>` is accepted, so that shown configs load again."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        return cls(text) if text == SECRET else super().from_text(text)

    def __str__(self) -> str:
        return SECRET if self._text else ""


class HostPort(str):
    """`host:port`, both parts reachable; the port is never empty. False when empty."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if not text:
            return cls()
        host, colon, port = text.rpartition(":")
        if not colon or (host.startswith("[") and not host.endswith("]")):
            raise ValueError(f"address {text}: missing port in address")
        if ":" in host and not host.startswith("["):
            raise ValueError(f"address {text}: too many colons in address")
        if not port:
            raise ValueError(f'address "{text}": port cannot be empty')
        return cls(text)

    @property
    def host(self) -> str:
        return self.rpartition(":")[0].removeprefix("[").removesuffix("]")

    @property
    def port(self) -> str:
        """As written: a number, or a service's name."""
        return self.rpartition(":")[2]


class LabelName(str):
    """A label's name: ASCII letters, digits and underscores, no digit first."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if not is_label_name(text):
            raise ValueError(f'"{text}" is not a valid label name')
        return cls(text)


class FilePath(str):
    """A file's path as written. Relative ones belong to the folder of the file that names them."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        return cls(text)


class Size(int):
    """Bytes, written with a unit that counts in 1024s: `10MB`, `512KiB`; `0` needs none."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if text in ("", "0"):
            return cls(0)
        found = _SIZE.fullmatch(text)
        if found is None or found[1] in ("", "."):
            raise ValueError(f"units: invalid {text}")
        if found[2] not in _SIZE_UNITS:
            raise ValueError(f"units: unknown unit {found[2]} in {text}")
        return cls(int(float(found[1]) * _SIZE_UNITS[found[2]]))

    def __str__(self) -> str:
        return format_size(self)


class GoDuration(int):
    """Milliseconds, written as Go writes durations: `1h30m`, `1.5s`; days and weeks are unknown to it."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if text in ("", "0"):
            return cls(0)
        bare = text[1:] if text[0] in "+-" else text
        parts = _GO_PART.findall(bare)
        if "".join(n + unit for n, unit in parts) != bare or any(n in ("", ".") for n, _ in parts):
            raise ValueError(f'time: invalid duration "{text}"')
        ms = sum(float(n) * _GO_UNITS[unit] for n, unit in parts)
        return cls(round(-ms if text[0] == "-" else ms))

    def __str__(self) -> str:
        """As Go prints durations: `1h0m0s`, `1.5s`, `300ms`."""
        if abs(self) < 1000:
            return f"{int(self)}ms" if self else "0s"
        sign, (minutes, ms) = "-" if self < 0 else "", divmod(abs(self), 60_000)
        hours, minutes = divmod(minutes, 60)
        seconds = f"{ms / 1000:.3f}".rstrip("0").rstrip(".") + "s"
        return (
            f"{sign}{hours}h{minutes}m{seconds}"
            if hours
            else f"{sign}{minutes}m{seconds}"
            if minutes
            else sign + seconds
        )


def is_metric_name(text: str) -> bool:
    return _METRIC_NAME.fullmatch(text) is not None


def is_label_name(text: str) -> bool:
    return _LABEL_NAME.fullmatch(text) is not None


def format_size(size: int) -> str:
    """The largest unit first, as Prometheus prints sizes: `10MiB`, `1KiB512B`."""
    pieces, rest = [], size
    for power, letter in reversed(list(enumerate("KMGTPE", 1))):
        count, rest = divmod(rest, 1024**power)
        if count:
            pieces.append(f"{count}{letter}iB")
    return "".join([*pieces, f"{rest}B"] if rest or not pieces else pieces)


def _split_url(text: str) -> SplitResult:
    """Go's refusals of `url.Parse`, which `urlsplit` lets pass."""
    if any(ord(char) < 0x20 or ord(char) == 0x7F for char in text):
        raise ValueError(f'parse "{text!r}": net/url: invalid control character in URL')
    if text.startswith(":"):
        raise ValueError(f'parse "{text}": missing protocol scheme')
    if _SCHEME.match(text) is None and ":" in re.split("[/?#]", text, maxsplit=1)[0]:
        raise ValueError(f'parse "{text}": first path segment in URL cannot contain colon')
    try:
        parts = urlsplit(text)
        host = parts.netloc.rpartition("@")[2]
        if parts.port is None and host.rpartition("]")[2].count(":") and not host.endswith(":"):
            raise ValueError("port")
    except ValueError:
        raise ValueError(f'parse "{text}": invalid host or port') from None
    if host.startswith("["):
        ipaddress.ip_address(host[1:].partition("]")[0].partition("%")[0])
    return parts
