"""What the pages show of targets."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field


class TargetStatus(Struct, frozen=True):
    """`kind` is `File`, `Docker`, `Journal`, `Syslog`, `Push`. `ready` says whether there is anything that it reads.

    `details` are by what they are about: of files the path, with how far each was read.
    """

    kind: str
    job: str
    labels: Mapping[str, str]
    discovered: Mapping[str, str]
    ready: bool
    details: Mapping[str, str] = field(default_factory=dict)
    dropped: str = ""
    """Why it is none, if it is none."""
