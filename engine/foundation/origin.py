"""On whose behalf something runs, for logs that tell it: a request, or a group of rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

ORIGIN: Final = ContextVar[Mapping[str, object]]("origin", default=MappingProxyType({}))


@contextmanager
def asked_by(**origin: object) -> Iterator[None]:
    """Within it, and in what is started within it, `ORIGIN` holds this."""
    token = ORIGIN.set(origin)
    try:
        yield
    finally:
        ORIGIN.reset(token)
