"""`| drop`, `| keep` and `| decolorize`."""

from __future__ import annotations

from collections.abc import Sequence

from engine.logql.colours import without_colours
from engine.logql.pipeline.row import DETAILS, ERROR, Row, Step
from promql.model.matchers import Matcher


def drop_step(picks: Sequence[str | Matcher]) -> Step:
    """Without these labels; one that a matcher names only where its value matches. Errors may be dropped too."""

    def step(row: Row) -> bool:
        for pick in picks:
            name = pick if isinstance(pick, str) else pick.name
            if not isinstance(pick, str) and not _matches(pick, row):
                continue
            row.labels.pop(name, None)
            if name == ERROR:
                row.error = row.details = ""
            elif name == DETAILS:
                row.details = ""
        return True

    return step


def keep_step(picks: Sequence[str | Matcher]) -> Step:
    """With these labels alone. An error stays."""
    names = {pick for pick in picks if isinstance(pick, str)}
    matchers = [pick for pick in picks if not isinstance(pick, str)]

    def step(row: Row) -> bool:
        kept = names | {one.name for one in matchers if _matches(one, row)}
        row.labels = {name: value for name, value in row.labels.items() if name in kept or name in (ERROR, DETAILS)}
        return True

    return step


def _matches(matcher: Matcher, row: Row) -> bool:
    value = row.get(matcher.name)
    return value is not None and matcher.matches(value)


def decolorize_step() -> Step:
    """Without the sequences that colour a terminal."""

    def step(row: Row) -> bool:
        row.line = without_colours(row.line)
        return True

    return step
