"""Python's collector of cyclic garbage, kept from looking where there can't be any.

It looks through all objects again and again while many are made that stay: reading the names of 100,000 series took
half as long again.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """No collection in this block; for one that makes many objects, none of them in cycles."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
