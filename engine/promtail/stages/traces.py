"""Which lines go on with what stands before them: indented ones, and traces of Python, Java, Go and Node.

Law: pure; one line is looked at once, and nothing is looked ahead. A line is taken for a beginning where nothing says
otherwise, so that a program that writes no traces has its lines one by one.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

_INDENTED: Final = (" ", "\t")
_PYTHON: Final = "Traceback (most recent call last):"
_CHAINED: Final = ("During handling of the above exception", "The above exception was the direct cause")
_GO_STARTS: Final = ("panic: ", "fatal error: ", "goroutine ")
_GO_WITHIN: Final = re.compile(  # noqa: TID251 - ours, linear
    r"$|goroutine [0-9]+ \[|\[signal |created by |exit status [0-9]+$|panic: |[\w./*()$\[\]·-]+\(.*\)$|\.\.\."
)
_RAISED: Final = re.compile(r"[A-Za-z_][\w.]*(?::.*)?$")  # noqa: TID251 - ours, linear
_JAVA: Final = re.compile(  # noqa: TID251 - ours, linear
    r"(?:Exception in thread |Caused by: |Suppressed: |Wrapped by: )"
    r"|(?:[a-z_$][\w$]*+\.)+[A-Z][\w$]*(?:Exception|Error|Throwable)\b"
)
_NODE_END: Final = "}"


class _In(Enum):
    """What the lines so far are."""

    NOTHING = "nothing"
    TEXT = "text"
    FRAMES = "frames of a Python trace"
    RAISED = "its exception"
    CHAIN = "between two traces of a chain"
    GO = "a panic"


class Traces:
    """Of one stream."""

    def __init__(self) -> None:
        self._in = _In.NOTHING

    def begins(self, line: str) -> bool:
        before = self._in
        if before is not _In.NOTHING and (after := _goes_on(line, before)) is not None:
            self._in = after
            return False
        self._in = _In.FRAMES if line.endswith(_PYTHON) else _In.GO if line.startswith(_GO_STARTS) else _In.TEXT
        return True


def _goes_on(line: str, before: _In) -> _In | None:
    """What the lines are now, if this one goes on with them."""
    if line.startswith(_INDENTED):
        return before if line.strip() or before is not _In.TEXT else None
    if line.startswith(_PYTHON) or (before is _In.CHAIN and line.endswith(_PYTHON)):
        return _In.FRAMES
    match before:
        case _In.FRAMES:
            return _In.RAISED if _RAISED.match(line) is not None else None
        case _In.RAISED | _In.CHAIN:
            return _In.CHAIN if not line or line.startswith(_CHAINED) else None
        case _In.GO:
            return _In.GO if _GO_WITHIN.match(line) is not None else None
        case _In.TEXT | _In.NOTHING:
            return before if _JAVA.match(line) is not None or line == _NODE_END else None
