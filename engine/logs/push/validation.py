"""Which streams and lines of a push are refused, in the words and with the reasons of Loki 2.7.

Law: a push whose lines are all fine costs a comparison of extremes; single lines are looked at where one is refused.
What is refused in a push does not keep what is good in it from being stored; the last refusal is told.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import numpy as np
from msgspec import Struct, field

from engine.logs.config.limits import Limits
from engine.logs.push.runs import go_time, rfc3339_seconds
from engine.logs.store.head import Run
from engine.logs.store.lines import take
from engine.logs.store.novelty import run_of_lines
from promql.model.labels import Labels
from promql.model.types import BoolArray

BAD_REQUEST: Final = 400
TOO_MANY: Final = 429
_MS: Final = 1_000_000
MOST_TOLD: Final = 10


class Refusals(Struct):
    """The last one is told: HTTP's status and a text. Lines and bytes are counted by (reason, tenant)."""

    status: int = 0
    text: str = ""
    lines: Counter[tuple[str, str]] = field(default_factory=Counter)
    bytes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, tenant: str, reason: str, sizes: Iterable[int], status: int, text: str) -> None:
        """`sizes` are of the lines that are refused."""
        found = list(sizes)
        self.status, self.text = status, text
        self.lines[reason, tenant] += len(found)
        self.bytes[reason, tenant] += sum(found)


class Judge:
    """Of one push of one tenant; `now` is Unix ns."""

    def __init__(self, tenant: str, limits: Limits, now: int, refusals: Refusals) -> None:
        self._tenant = tenant
        self._limits = limits
        self._now = now
        self._refusals = refusals

    def labels(self, labels: Labels, run: Run) -> bool:
        """Whether a stream may have these labels."""
        found = next(_faults(labels, self._limits), None)
        if found is not None:
            self._refusals.add(self._tenant, found[0], run.sizes, BAD_REQUEST, found[1])
        return found is None

    def lines(self, labels: Labels, run: Run) -> Run | None:
        """The lines that may be stored; None where there are none."""
        limits, times = self._limits, np.frombuffer(run.times, np.int64)
        run = self._cut(run)
        oldest = self._now - limits.reject_old_samples_max_age * _MS if limits.reject_old_samples else None
        newest = self._now + limits.creation_grace_period * _MS
        largest = limits.max_line_size or None
        if (
            (oldest is None or int(times.min()) >= oldest)
            and int(times.max()) <= newest
            and (largest is None or max(run.sizes) <= largest)
        ):
            return run
        sizes = np.frombuffer(run.sizes, np.uint32)
        old = times < oldest if oldest is not None else np.zeros(len(times), np.bool_)
        new = ~old & (times > newest)
        long = ~old & ~new & (sizes > largest) if largest is not None else np.zeros(len(times), np.bool_)
        self._tell(labels, run, old, new, long)
        return kept(run, ~(old | new | long))

    def _tell(self, labels: Labels, run: Run, old: BoolArray, new: BoolArray, long: BoolArray) -> None:
        """The refusal of the latest line of the push last."""
        oldest = rfc3339_seconds(self._now - self._limits.reject_old_samples_max_age * _MS)
        most = int(self._limits.max_line_size)
        kinds: tuple[tuple[str, BoolArray, Callable[[int], str]], ...] = (
            (
                "greater_than_max_sample_age",
                old,
                lambda row: (
                    f"entry for stream '{labels}' has timestamp too old: {rfc3339_seconds(run.times[row])}, "
                    f"oldest acceptable timestamp is: {oldest}"
                ),
            ),
            (
                "too_far_in_future",
                new,
                lambda row: f"entry for stream '{labels}' has timestamp too new: {rfc3339_seconds(run.times[row])}",
            ),
            (
                "line_too_long",
                long,
                lambda row: (
                    f"Max entry size '{most}' bytes exceeded for stream '{labels}' while adding an entry with"
                    f" length '{run.sizes[row]}' bytes"
                ),
            ),
        )
        found = [(np.flatnonzero(rows).tolist(), reason, say) for reason, rows, say in kinds if rows.any()]
        for rows, reason, say in sorted(found, key=lambda one: one[0][-1]):
            sizes = (run.sizes[row] for row in rows)
            self._refusals.add(self._tenant, reason, sizes, BAD_REQUEST, say(rows[-1]))

    def _cut(self, run: Run) -> Run:
        """Where long lines are cut and not refused."""
        largest = self._limits.max_line_size
        if not largest or not self._limits.max_line_size_truncate or max(run.sizes) <= largest:
            return run
        lines, at = [], 0
        for size in run.sizes:
            lines.append(run.text[at : at + min(size, largest)])
            at += size + 1
        return Run(b"\n".join(lines) + b"\n", array("I", map(len, lines)), run.times, run.metadata)

    def behind(self, labels: Labels, run: Run, highest: int | None, window: int) -> Run | None:
        """The lines that are not further behind the newest of their stream than `window` ns."""
        times = np.frombuffer(run.times, np.int64)
        start = highest if highest is not None else int(times[0])
        if int(times.min()) >= max(start, int(times.max())) - window:
            return run
        before = np.maximum.accumulate(np.concatenate([[start], times[:-1]]))
        late = times < before - window
        if not late.any():
            return run
        rows = np.flatnonzero(late)
        ordered = self._limits.unordered_writes
        told = [
            f"entry with timestamp {go_time(run.times[row])} ignored, reason: '{_late(before[row] - window, ordered)}'"
            f" for stream: {labels},\n"
            for row in rows[:MOST_TOLD].tolist()
        ]
        text = "".join(told) + f"total ignored: {len(rows)} out of {len(run)}"
        reason = "too_far_behind" if ordered else "out_of_order"
        self._refusals.add(self._tenant, reason, [run.sizes[row] for row in rows.tolist()], BAD_REQUEST, text)
        return kept(run, ~late)


def _late(oldest: int, unordered: bool) -> str:
    if not unordered:
        return "entry out of order"
    return f"entry too far behind, oldest acceptable timestamp is: {rfc3339_seconds(int(oldest))}"


def kept(run: Run, rows: BoolArray) -> Run | None:
    """The lines that are True."""
    if rows.all():
        return run
    return run_of_lines(take(run.lines(), np.flatnonzero(rows))) if rows.any() else None


def without_duplicates(run: Run) -> Run:
    """Times raised by 1 ns where another line of the push has the same, as `increment_duplicate_timestamp` says."""
    times, text, at, last = array("q"), run.text, 0, b""
    for time, size in zip(run.times, run.sizes, strict=True):
        line = text[at : at + size]
        at += size + 1
        times.append(max(time, times[-1] + 1) if times and line != last else time)
        last = line
    return Run(run.text, run.sizes, times, run.metadata)


def _faults(labels: Labels, limits: Limits) -> Iterator[tuple[str, str]]:
    """Reason and text."""
    if not len(labels):
        yield "missing_labels", "error at least one label pair is required per stream"
    if len(labels) > limits.max_label_names_per_series:
        most = limits.max_label_names_per_series
        yield (
            "max_label_names_per_series",
            f"entry for stream '{labels}' has {len(labels)} label names; limit {most}",
        )
    for name, value in labels:
        if len(name) > limits.max_label_name_length or len(name.encode()) > limits.max_label_name_length:
            yield "label_name_too_long", f"stream '{labels}' has label name too long: '{name}'"
        if len(value) * 4 > limits.max_label_value_length < len(value.encode()):
            yield "label_value_too_long", f"stream '{labels}' has label value too long: '{value}'"
    wanted = [name for name in limits.enforced_labels if name not in labels]
    if wanted:
        yield (
            "missing_enforced_labels",
            f"stream '{labels}' is missing required labels {', '.join(wanted)}",
        )
