"""From lines to samples: what a range aggregation looks at.

Plain filters give whole blocks of times at once. Only where stages read lines, each line is looked at, and then only
what the result's labels need is parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from operator import itemgetter
from typing import Final, TypeAlias

import numpy as np
from msgspec import Struct, field

from engine.logql.errors import PipelineError, TooManySeriesError
from engine.logql.execute.context import Context
from engine.logql.execute.lines import row_of
from engine.logql.pipeline.json_picked import Picked
from engine.logql.pipeline.program import Program, compiled
from engine.logql.pipeline.row import ERROR, Row
from engine.logql.search.text import Text
from engine.logql.syntax.ast import Grouping, RangeAggregation
from promql.model.labels import Labels
from promql.model.types import FloatArray, IntArray

_BREATH: Final = 16
_BYTES: Final = frozenset(("bytes_over_time", "bytes_rate"))

Pairs: TypeAlias = tuple[tuple[str, str], ...]


class Samples(Struct, frozen=True):
    """Series laid end to end: series `i` has `times[offsets[i]:offsets[i + 1]]`, ascending (ns). `values: float64[N]`,
    or None where each line counts as one.
    """

    labels: list[Labels]
    offsets: IntArray
    times: IntArray
    values: FloatArray | None


class _Series(Struct):
    times: list[IntArray] = field(default_factory=list)
    values: list[FloatArray] = field(default_factory=list)


def samples(
    context: Context,
    expr: RangeAggregation,
    grouping: Grouping | None,
    start: int,
    end: int,
    *,
    most: int | None = None,
) -> Samples:
    """Those with start < time <= end, of `most` series. Raises ParseError, PipelineError, TooManySeriesError."""
    gather = _Gather(context, expr, grouping)
    for block in context.source.blocks(expr.log.matchers, start + 1, end + 1):
        context.pause()
        text = Text(block)
        index = text.between(start + 1, end + 1)
        if len(index):
            context.read.block(len(index), block.size)
            gather.block(text, gather.program.select(text, index, block.labels))
            if most is not None and gather.series > most:
                raise TooManySeriesError(most)
    return gather.done()


class _Gather:
    def __init__(self, context: Context, expr: RangeAggregation, grouping: Grouping | None) -> None:
        self._context = context
        self._counts_bytes = expr.op in _BYTES
        self._unwrapped = expr.log.unwrap
        self._has_values = self._counts_bytes or self._unwrapped is not None
        self._grouping = grouping
        self.program: Program = compiled(expr.log.stages, self._wanted(grouping), context.now)
        self._series: dict[Pairs, _Series] = {}

    @property
    def series(self) -> int:
        """So many were met."""
        return len(self._series)

    def _wanted(self, grouping: Grouping | None) -> frozenset[str] | None:
        return None if grouping is None or grouping.without else frozenset(grouping.labels)

    def block(self, text: Text, index: IntArray) -> None:
        if not len(index):
            return
        row = self.program.row(text)
        reader = self.program.reader
        if reader is not None and row.clean and not text.block.metadata():
            self._tally(text, index, row, reader)
        elif self.program.is_plain and not text.block.metadata():
            values = text.lengths(index).astype(np.float64) if self._counts_bytes else None
            self._add(self._grouped(text.block.labels.as_dict()), text.times[index], values)
        else:
            self._read(text, index, row)

    def _tally(self, text: Text, index: IntArray, row: Row, reader: Picked) -> None:
        """Where lines are only read for labels that decide all: once for all lines with the same. Only those that are
        out of order are read one by one.
        """
        found, odd = reader.tally(text.lines(index))
        for turn, (values, places) in enumerate(found.items()):
            if turn % _BREATH == 0:
                self._context.pause()
            row.begin(b"", 0)
            reader.put(row, values)
            value = self.program.judge(row)
            if value is None:
                continue
            if row.error:
                raise self._failure(row)
            lines = index[places]
            measured = text.lengths(lines).astype(np.float64) if self._counts_bytes else np.full(len(places), value)
            self._add(self._grouped(row.labels), text.times[lines], measured if self._has_values else None)
        if odd:
            self._read(text, index[odd], row)

    def _add(self, pairs: Pairs, times: IntArray, values: FloatArray | None) -> None:
        series = self._series.get(pairs)
        if series is None:
            series = self._series[pairs] = _Series()
        series.times.append(times)
        if values is not None:
            series.values.append(values)

    def _read(self, text: Text, index: IntArray, row: Row) -> None:
        """Line by line; those with the same labels are put together at the end of the block."""
        times, rows = text.times[index].tolist(), index.tolist()
        has_metadata = bool(text.block.metadata())
        key_of = _key_of(self._grouping)
        found: dict[Hashable, tuple[dict[str, str], list[int], list[float]]] = {}
        value_of = self._value
        for at, (line, time) in enumerate(zip(text.lines(index), times, strict=True)):
            if at % _BREATH == 0:
                self._context.pause()
            one = row_of(row, text.block, rows[at]) if has_metadata else row
            one.begin(line, time)
            value = value_of(one)
            if value is None:
                continue
            if one.error:
                raise self._failure(one)
            key = key_of(one.labels)
            kept = found.get(key)
            if kept is None:
                kept = found[key] = (one.labels, [], [])
            kept[1].append(at)
            kept[2].append(value)
        for labels, places, values in found.values():
            lines = index[places]
            self._add(self._grouped(labels), text.times[lines], np.array(values) if self._has_values else None)

    def _value(self, row: Row) -> float | None:
        """None for a line that does not count."""
        if not self.program.passes(row):
            return None
        return self.program.value_of(row, float(len(row.line)) if self._counts_bytes else 1.0)

    def _failure(self, row: Row) -> PipelineError:
        labels = Labels(tuple(sorted(row.all_labels().items())))
        return PipelineError(row.get(ERROR) or "", str(labels))

    def _grouped(self, labels: dict[str, str]) -> Pairs:
        unwrapped = self._unwrapped.label if self._unwrapped is not None else None
        if self._grouping is None or self._grouping.without:
            dropped = {*(self._grouping.labels if self._grouping else ()), unwrapped}
            return tuple(sorted(pair for pair in labels.items() if pair[0] not in dropped))
        kept = self._grouping.labels
        return tuple(sorted(pair for pair in labels.items() if pair[0] in kept))

    def done(self) -> Samples:
        """In the order of the labels; the samples of a series in the order of time."""
        ordered = sorted(self._series.items(), key=itemgetter(0))
        labels, offsets = [Labels(pairs) for pairs, _ in ordered], [0]
        times: list[IntArray] = []
        values: list[FloatArray] = []
        for _, series in ordered:
            own = np.concatenate(series.times)
            order = None if (np.diff(own) >= 0).all() else np.argsort(own, kind="stable")
            times.append(own if order is None else own[order])
            if series.values:
                measured = np.concatenate(series.values)
                values.append(measured if order is None else measured[order])
            offsets.append(offsets[-1] + len(own))
        self._series.clear()
        return Samples(
            labels,
            np.array(offsets, np.int64),
            np.concatenate(times) if times else np.empty(0, np.int64),
            (np.concatenate(values) if values else np.empty(0)) if self._has_values else None,
        )


def _key_of(grouping: Grouping | None) -> Callable[[dict[str, str]], Hashable]:
    """What tells the label sets of one block apart, at little cost."""
    if grouping is None or grouping.without:
        return lambda labels: tuple(labels.items())
    names = grouping.labels
    if len(names) == 1:
        (name,) = names
        return lambda labels: labels.get(name)
    if not names:
        return lambda _labels: None
    return lambda labels: tuple(map(labels.get, names))
