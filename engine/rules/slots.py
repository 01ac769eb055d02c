"""When groups are evaluated: in slots of absolute time, spread over the interval by the group's name.

Two engines with the same rules evaluate at the same instants, and a restart does not move them.
"""

from __future__ import annotations

import hashlib


def offset(file: str, name: str, interval: int) -> int:
    """The group's place within its interval, ms."""
    digest = hashlib.blake2b(f"{file}\xff{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % interval


def slot(time: int, interval: int, shift: int) -> int:
    """The newest slot that is not after `time`."""
    return time - (time - shift) % interval


def missed(now: int, last: int, interval: int) -> int:
    """How many slots went by unused since `last`, if the next evaluation takes the newest."""
    return max(0, (now - last) // interval - 1)
