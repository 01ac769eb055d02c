"""A parsed page: columns, not objects.

A page of 100,000 samples becomes one list of keys and one array of values. A key is the raw text of a series
as it stands in the page (`name{a="b"}`), decoded once per key by whoever keeps series; two spellings of one
series are two keys.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace

from engine.foundation.errors import RemoteError
from promql.model.types import BoolArray, FloatArray, IntArray


class Metadata(Struct, frozen=True):
    """What a page says of one family; None where it says nothing. `type` is in OpenMetrics's words."""

    type: str | None = None
    help: str | None = None
    unit: str | None = None

    def over(self, older: Metadata) -> Metadata:
        """What both say; the older one where this one says nothing."""
        return Metadata(
            older.type if self.type is None else self.type,
            older.help if self.help is None else self.help,
            older.unit if self.unit is None else self.unit,
        )


class Exemplar(Struct, frozen=True):
    """An exemplar of the sample with this index. `labels` is the raw text in braces; `timestamp` is Unix ms."""

    sample: int
    labels: bytes
    value: float
    timestamp: int | None


class Page(Struct, frozen=True, eq=False):
    """`keys` and `values: float64[N]` in page order, NaNs made ordinary.

    `timestamps: int64[N]` (Unix ms) is None where no line bears one; else `stamped: bool[N]` says which lines do.
    Whoever parses the next page of the same target hands out the same list object while its keys are the same.
    """

    keys: list[bytes]
    values: FloatArray
    timestamps: IntArray | None = None
    stamped: BoolArray | None = None
    metadata: dict[str, Metadata] = field(default_factory=dict)
    exemplars: list[Exemplar] = field(default_factory=list)

    def taken(self, samples: IntArray) -> Page:
        """These samples, in this order; comments stay, exemplars go with their samples."""
        keys = [self.keys[i] for i in samples.tolist()]
        timestamps, stamped = self.timestamps, self.stamped
        if timestamps is not None and stamped is not None:
            timestamps, stamped = (timestamps[samples], stamped[samples]) if stamped[samples].any() else (None, None)
        borne = {exemplar.sample: exemplar for exemplar in self.exemplars}
        exemplars = [replace(borne[i], sample=at) for at, i in enumerate(samples.tolist()) if i in borne]
        return Page(keys, self.values[samples], timestamps, stamped, self.metadata, exemplars)


EMPTY_PAGE = Page([], np.empty(0))


def joined(pages: Sequence[Page], keys: list[bytes] | None = None) -> Page:
    """Pages behind each other as one; `keys`, if it is known, is the list of all of theirs."""
    if len(pages) == 1:
        return pages[0]
    if keys is None:
        keys = [key for page in pages for key in page.keys]
    values = np.concatenate([page.values for page in pages])
    exemplars, before = [], 0
    for page in pages:
        exemplars += [replace(e, sample=e.sample + before) for e in page.exemplars]
        before += len(page.keys)
    return Page(keys, values, *_joined_times(pages), _joined_metadata(pages), exemplars)


def _joined_times(pages: Sequence[Page]) -> tuple[IntArray | None, BoolArray | None]:
    if all(page.stamped is None for page in pages):
        return None, None
    times = [np.zeros(len(page.keys), np.int64) if page.timestamps is None else page.timestamps for page in pages]
    stamped = [np.zeros(len(page.keys), np.bool_) if page.stamped is None else page.stamped for page in pages]
    return np.concatenate(times), np.concatenate(stamped)


def _joined_metadata(pages: Sequence[Page]) -> dict[str, Metadata]:
    """What a later page says of a family stands."""
    found: dict[str, Metadata] = {}
    for page in pages:
        for name, said in page.metadata.items():
            found[name] = said.over(found[name]) if name in found else said
    return found


class ExpositionError(RemoteError):
    """The page breaks its format; the text is Prometheus 2.42's. `page` holds what stood before the fault."""

    def __init__(self, message: str, page: Page = EMPTY_PAGE) -> None:
        super().__init__(message)
        self.page = page
