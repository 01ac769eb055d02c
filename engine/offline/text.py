"""Samples as text: as `promtool tsdb dump` prints them, and as OpenMetrics."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from engine.offline.reading import Row
from exporters.exposition.render import escape
from promql.model.labels import METRIC_NAME, Labels, quote
from promql.model.numbers import general, special
from promql.model.types import FloatArray, IntArray

EOF: Final = "# EOF\n"
_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)  # noqa: TID251 - ours, linear
_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)  # noqa: TID251 - ours, linear


def dumped(row: Row) -> str:
    """`{__name__="m", a="1"} 1.5 1700000000000`, a line a sample."""
    head = "{" + ", ".join(f"{name}={quote(value)}" for name, value in row.labels) + "} "
    values = map(general, row.values.tolist())
    return "".join(f"{head}{value} {time}\n" for value, time in zip(values, row.times.tolist(), strict=True))


def exportable(labels: Labels) -> bool:
    """Can OpenMetrics name this series?"""
    names = (name for name in labels.names() if name != METRIC_NAME)
    return _NAME.fullmatch(labels.name) is not None and all(_LABEL.fullmatch(name) for name in names)


def openmetrics(row: Row) -> str:
    """`m{a="1"} 1.5 1700000000.000`, a line a sample; the name must be `exportable`."""
    inner = ",".join(f'{name}="{escape(value)}"' for name, value in row.labels if name != METRIC_NAME)
    head = f"{row.labels.name}{{{inner}}} " if inner else f"{row.labels.name} "
    stamps = _seconds(row.times)
    return "".join(f"{head}{value} {stamp}\n" for value, stamp in zip(_texts(row.values), stamps, strict=True))


def _seconds(times: IntArray) -> Iterator[str]:
    """Whoever reads them makes floats of them, and of those milliseconds by cutting off what is behind: where that
    would be one too few (in 2004 and 2038, mostly), a tenth of a millisecond is added, and cut off again.
    """
    short = (times / 1000 * 1000).astype(np.int64) != times
    for time, more in zip(times.tolist(), short.tolist(), strict=True):
        whole, rest = divmod(abs(time), 1000)
        yield f"{'-' if time < 0 else ''}{whole}.{rest:03}{'1' if more else ''}" if rest else str(time // 1000)


def _texts(values: FloatArray) -> Sequence[str]:
    """The shortest digits that read back as the same."""
    texts = [repr(value).removesuffix(".0") for value in values.tolist()]
    for at in np.flatnonzero(~np.isfinite(values)).tolist():
        texts[at] = special(float(values[at])) or texts[at]
    return texts
