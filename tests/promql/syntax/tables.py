"""What Prometheus 2.42 said to texts, recorded from the running program; tests/peers asks it again.

errors.json: text, its error. canonical.json: text, the text that the rules API shows. pretty.json: text, what
/api/v1/format_query answers, where that differs from the canonical text.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final


def _rows(name: str) -> list[tuple[str, str]]:
    return [(text, answer) for text, answer in json.loads((Path(__file__).parent / name).read_text())]


# Refused there and read here, since Prometheus 3 reads it (docs/differences.md): text, how it is printed.
WIDER: Final = {
    'up{"a"="b"}': 'up{a="b"}',
    "1_000": "1000",
    "5m": "5m",
    "5m30s": "5m30s",
    "up[5]": "up[5s]",
    "up[ 5 ]": "up[5s]",
    "up[1.5]": "up[1s500ms]",
    "up[1h:30]": "up[1h:30s]",
    "up offset 5": "up offset 5s",
    "up offset -5": "up offset -5s",
    "up @ 5m": "up @ 300.000",
    'sum by ("a") (up)': "sum by (a) (up)",
    '{"a"}': '{__name__="a"}',
}
ERRORS: Final = _rows("errors.json")
CANONICAL: Final = _rows("canonical.json")
PRETTY: Final = _rows("pretty.json")
