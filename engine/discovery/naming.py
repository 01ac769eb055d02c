"""Names and addresses as Prometheus makes them of what services tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_UNFIT: Final = re.compile(r"[^a-zA-Z0-9_]")  # noqa: TID251 - ours, linear


def meta_name(prefix: str, name: str) -> str:
    """The label for something that a service calls by a name of its own: `app.kubernetes.io/name` ends
    `app_kubernetes_io_name`.
    """
    return prefix + _UNFIT.sub("_", name)


def named(prefix: str, values: Mapping[str, str] | None) -> dict[str, str]:
    """A label for each of the values."""
    return {meta_name(prefix, name): value for name, value in (values or {}).items()}


def address(host: str, port: int | None = None) -> str:
    """`host:port`, an IPv6 address in brackets; the bare host without a port."""
    if port is None:
        return host
    return f"[{host}]:{port}" if ":" in host or "%" in host else f"{host}:{port}"


def truth(value: bool) -> str:
    """As Go prints it."""
    return "true" if value else "false"
