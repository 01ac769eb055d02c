"""The certificates of the system, which are read when a connection needs them.

aiohttp makes a TLS context for those who name none as it is imported, with all of these certificates, which takes 30 ms
and 2 MB. Our clients name theirs, so that one is never used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_PLACES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@contextmanager
def without_default_trust() -> Iterator[None]:
    """What is imported meanwhile finds none of them. For a process that is ours alone: the context that aiohttp makes
    in here trusts nobody, and where an engine runs in somebody's tests, these use aiohttp too.
    """
    before = {name: os.environ.get(name) for name in _PLACES}
    os.environ.update(dict.fromkeys(_PLACES, os.devnull))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
