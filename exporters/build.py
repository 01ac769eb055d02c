"""What a `*_build_info` family says of the platform, and the page that tells the same."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

ARCHITECTURES: Final = MappingProxyType(
    {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "i686": "386", "armv7l": "arm"}
)


def labels(version: str, revision: str = "unknown") -> dict[str, str]:
    """Under the names of the originals, whose releases are built with Go."""
    machine = platform.machine()
    return {
        "branch": "HEAD",
        "goarch": ARCHITECTURES.get(machine, machine),
        "goos": platform.system().lower(),
        "goversion": f"python{platform.python_version()}",
        "revision": revision,
        "version": version,
    }


def page(info: Mapping[str, str]) -> dict[str, str]:
    """What `/status/buildinfo` tells of these labels; clients choose their queries by it."""
    return {
        "version": info["version"],
        "revision": info["revision"],
        "branch": info["branch"],
        "buildUser": "",
        "buildDate": "",
        "goVersion": info["goversion"],
    }
