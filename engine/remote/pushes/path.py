"""The group that a path names: `job/NAME`, then labels and values by turns; behind `@base64` these are encoded."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Mapping
from typing import Final

from engine.foundation.errors import RemoteError
from promql.model.labels import quote

_BASE64: Final = "@base64"
_LABEL_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)  # noqa: TID251 - ours, linear
_ALPHABET: Final = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)  # noqa: TID251 - ours, linear


class PushError(RemoteError):
    """What was pushed can't be taken; in the words of the Pushgateway where it has some."""


def grouping(path: str, *, encoded: bool) -> Mapping[str, str]:
    """The labels that the path behind `job/` (where `encoded`, `job@base64/`) names. Raises PushError."""
    job, slash, rest = path.partition("/")
    if encoded:
        try:
            job = _decoded(job)
        except ValueError as error:
            raise PushError(f"invalid base64 encoding in job name {quote(job)}: {error}") from None
    labels = _labels(rest, slash) if rest else {}
    if not job:
        raise PushError("job name is required")
    return {**labels, "job": job}


def _labels(text: str, slash: str) -> dict[str, str]:
    steps = text.split("/")
    if len(steps) % 2:
        raise PushError(f"odd number of components in label string {quote(slash + text)}")
    found = {}
    for name, value in zip(steps[::2], steps[1::2], strict=True):
        plain = name.removesuffix(_BASE64)
        if not _LABEL_NAME.fullmatch(plain) or plain.startswith("__"):
            raise PushError(f"improper label name {quote(plain)}")
        try:
            found[plain] = value if plain == name else _decoded(value)
        except ValueError as error:
            raise PushError(f"invalid base64 encoding for label {plain}={quote(value)}: {error}") from None
    return found


def _decoded(text: str) -> str:
    """Without looking at how it is padded. Raises ValueError in Go's words."""
    bare = text.rstrip("=")
    good = _ALPHABET.match(bare)
    at = good.end() if good is not None else 0
    if at < len(bare) or len(bare) % 4 == 1:
        raise ValueError(f"illegal base64 data at input byte {at if at < len(bare) else len(bare) - 1}")
    try:
        return urlsafe_b64decode(bare + "=" * (-len(bare) % 4)).decode()
    except (Error, UnicodeDecodeError):
        raise ValueError("not UTF-8") from None
