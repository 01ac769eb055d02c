"""Lines of one source on their way through stages together: a column each of what they have, and not an entry a line.

Law: columns are replaced and never changed. What stages make of a portion is what they make of its lines one by one
(tests/promtail/stages/test_portions.py holds that); a stage that can't say so leaves the portion as it is, and from
there on each line is an entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Self, TypeVar

from msgspec import Struct, field

from engine.logql.lines import StreamLines
from engine.promtail.batch import DEFAULT_TENANT, LabelLimits
from engine.promtail.entry import TENANT, Entry
from engine.promtail.stages.texts import as_text
from promql.model.labels import Labels

T = TypeVar("T")
Pairs = tuple[tuple[str, str], ...]


MISSING: Final = object()
"""Stands in a column of what was extracted where nothing was."""


class Portion(Struct, eq=False):
    """`times` are Unix ns, `starts` tell where in its file each line began. All lines have `labels`; `own` are labels
    by line, None where a line has none of that name.

    What stages found stands in `extracted` by line; what they did not find there is as in `first`, the labels that
    lines had at first.
    """

    lines: list[str]
    times: list[int]
    starts: list[int]
    labels: dict[str, str]
    first: Mapping[str, str]
    own: dict[str, list[str | None]] = field(default_factory=dict)
    extracted: dict[str, Sequence[object]] = field(default_factory=dict)

    @classmethod
    def of(cls, labels: Mapping[str, str], time: int, lines: Sequence[bytes], starts: list[int]) -> Self:
        """As they come from their source; each a nanosecond after the one before."""
        texts = [line.decode("utf-8", "replace") for line in lines]
        return cls(texts, list(range(time, time + len(lines))), starts, dict(labels), labels)

    def __len__(self) -> int:
        return len(self.lines)

    def texts(self, name: str) -> list[str | None]:
        """What was extracted under that name as texts, None where nothing was."""
        return [
            value if type(value) is str else None if value is MISSING else as_text(value)
            for value in self._extracted(name)
        ]

    def extract(self, name: str, values: Sequence[object]) -> None:
        """Where something is missing, what was there stays."""
        if MISSING in values:
            old = self._extracted(name)
            values = [was if new is MISSING else new for was, new in zip(old, values, strict=True)]
        self.extracted[name] = values

    def _extracted(self, name: str) -> Sequence[object]:
        found = self.extracted.get(name)
        return [self.first.get(name, MISSING)] * len(self) if found is None else found

    def set_label(self, name: str, values: Sequence[str | None]) -> None:
        """A label of each line; where the value is None it stays as it was."""
        if values.count(None) == len(values):
            return
        if values[0] is not None and values.count(values[0]) == len(values):
            self.own.pop(name, None)
            self.labels[name] = values[0]
            return
        if None in values:
            was: Sequence[str | None] = self.own.get(name) or [self.labels.get(name)] * len(self)
            values = [old if new is None else new for old, new in zip(was, values, strict=True)]
        self.labels.pop(name, None)
        self.own[name] = list(values)

    def drop_label(self, name: str) -> None:
        self.labels.pop(name, None)
        self.own.pop(name, None)

    def keep(self, rows: Sequence[int]) -> None:
        """These lines alone."""
        self.lines = [self.lines[row] for row in rows]
        self.times = [self.times[row] for row in rows]
        self.starts = [self.starts[row] for row in rows]
        self.own = {name: [column[row] for row in rows] for name, column in self.own.items()}
        self.extracted = {name: [column[row] for row in rows] for name, column in self.extracted.items()}

    def groups(self) -> dict[Pairs, Sequence[int]]:
        """The lines by their labels, which are sorted; in the order in which each label set comes first."""
        if not self.own:
            return {tuple(sorted(self.labels.items())): range(len(self))} if self.lines else {}
        found: dict[tuple[str | None, ...], list[int]] = {}
        for row, key in enumerate(zip(*self.own.values(), strict=True)):
            known = found.get(key)
            if known is None:
                found[key] = [row]
            else:
                known.append(row)
        return {self._labelled(key): rows for key, rows in found.items()}

    def last_rows(self) -> dict[Pairs, int]:
        """The last line of each label set."""
        if not self.own:
            return {key: len(self) - 1 for key in self.groups()}
        last = dict(zip(zip(*self.own.values(), strict=True), range(len(self)), strict=True))
        return {self._labelled(key): row for key, row in last.items()}

    def _labelled(self, own: Sequence[str | None]) -> Pairs:
        some = {name: value for name, value in zip(self.own, own, strict=True) if value is not None}
        return tuple(sorted({**self.labels, **some}.items()))

    def streams(self, limits: LabelLimits) -> list[tuple[str, StreamLines]]:
        """As `gathered` makes streams of entries."""
        found: dict[tuple[str, Pairs], list[int]] = {}
        for pairs, rows in self.groups().items():
            shown = tuple(pair for pair in pairs if not pair[0].startswith("__"))
            found.setdefault((dict(pairs).get(TENANT, DEFAULT_TENANT), shown), []).extend(rows)
        encoded = [line.encode("utf-8", "replace") for line in self.lines]
        return [
            (tenant, StreamLines(Labels.of(limits.fitted(shown)), _some(self.times, rows), _some(encoded, rows)))
            for (tenant, shown), rows in ((key, sorted(rows)) for key, rows in found.items())
        ]

    def entries(self) -> list[Entry]:
        """One by one."""
        entries: list[Entry] = []
        for row, line in enumerate(self.lines):
            own = {name: value for name, column in self.own.items() if (value := column[row]) is not None}
            more = {name: found for name, column in self.extracted.items() if (found := column[row]) is not MISSING}
            entries.append(
                Entry({**self.labels, **own}, self.times[row], line, {**self.first, **more}, (self.starts[row],))
            )
        return entries


def _some(column: list[T], rows: list[int]) -> list[T]:
    return column if len(rows) == len(column) else [column[row] for row in rows]
