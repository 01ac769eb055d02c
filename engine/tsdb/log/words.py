"""Words of 8 bytes, most of whose bytes are zero, as few bytes.

The form: a bit for each word, set unless it is zero; for each word that is not, a byte whose bits tell which of its
bytes are not zero; these bytes. Nothing is searched, so packing is a few passes of numpy, and the words of many
records are unpacked at once. (Deflate and zstd on byte planes were tried: on the changes of a page of 500 series they
take twice the time and save no byte; only above some thousand words are the bits and bytes worth deflating.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from promql.model.types import AnyArray, IntArray


def packed(words: AnyArray) -> tuple[int, bytes]:
    """How many of these `uint64[N]` are not zero, and all of them, packed."""
    some = words != 0
    kept = words[some]
    raw = kept.view(np.uint8)
    full = raw != 0
    return len(kept), b"".join((np.packbits(some).data, np.packbits(full).data, raw[full].data))


def unpacked(bodies: Sequence[bytes | memoryview], counts: Sequence[int], width: int) -> AnyArray:
    """What was packed: `uint64[len(bodies), width]`; `counts` is how many of each are not zero."""
    bits = (width + 7) // 8
    some = _bits(b"".join([body[:bits] for body in bodies])).reshape(len(bodies), -1)[:, :width]
    full = _bits(b"".join([body[bits : bits + count] for body, count in zip(bodies, counts, strict=True)]))
    raw = b"".join([body[bits + count :] for body, count in zip(bodies, counts, strict=True)])
    kept = np.zeros(sum(counts), np.uint64)
    kept.view(np.uint8)[full] = np.frombuffer(raw, np.uint8)
    words = np.zeros(some.shape, np.uint64)
    words[some] = kept
    return words


def turns(numbers: IntArray) -> AnyArray:
    """Numbers by the change of their step, of which there is none where they count up: `uint64[N]`."""
    return np.diff(numbers, n=2, prepend=[0, 0]).view(np.uint64)


def from_turns(words: AnyArray) -> IntArray:
    """The opposite of `turns`."""
    return words.view(np.int64).cumsum().cumsum()


def _bits(data: bytes) -> AnyArray:
    return np.unpackbits(np.frombuffer(data, np.uint8)).view(np.bool_)
