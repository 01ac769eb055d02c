"""`| logfmt`: the pairs of a line as labels.

Reading ends at the first pair that is malformed; what came before it counts. So it is in Loki 2.7, and so it stays:
Loki 3 goes on behind it and leaves out empty values unless told `--strict --keep-empty`, which are accepted and say
here what holds anyway. The form with expressions came later, and does as it does there: malformed pairs only count with
`--strict`.
"""

from __future__ import annotations

from typing import Final

from engine.logql.logfmt import MalformedError, pairs
from engine.logql.pipeline.row import REPLACEMENT, Row, Step, Wanted, sanitized
from engine.logql.syntax.ast import LogfmtStage

KIND: Final = "LogfmtParserErr"
_NAMES: Final = 4096
"""Keys whose labels are remembered."""


def step_of(stage: LogfmtStage, wanted: Wanted) -> Step:
    """A step that sets the labels that are wanted."""
    if wanted.nothing:
        return lambda _row: True
    return _picked(stage, wanted) if stage.extractions else _all(wanted)


def _all(wanted: Wanted) -> Step:
    labels: dict[bytes, str] = {}

    def label_of(key: bytes) -> str:
        name = sanitized(key.decode("utf-8", "replace"))
        label = name if wanted.takes(name) else ""
        if len(labels) < _NAMES:
            labels[key] = label
        return label

    def step(row: Row) -> bool:
        try:
            for key, value in pairs(row.line):
                label = labels.get(key)
                if label is None:
                    label = label_of(key)
                if label:
                    row.put(label, _text(value))
        except MalformedError as error:
            row.fail(KIND, str(error))
        return True

    return step


def _picked(stage: LogfmtStage, wanted: Wanted) -> Step:
    taken = [(one.label, one.path.encode()) for one in stage.extractions if wanted.takes(one.label)]

    def step(row: Row) -> bool:
        found: dict[bytes, bytes] = {}
        try:
            found.update(pairs(row.line))
        except MalformedError as error:
            if stage.strict:
                row.fail(KIND, str(error))
                return True
        for label, key in taken:
            row.put(label, _text(found.get(key, b"")))
        return True

    return step


def _text(value: bytes) -> str:
    """A value that is not quite UTF-8 is empty, as in Loki."""
    text = value.decode("utf-8", "replace")
    return text if REPLACEMENT not in text else ""
