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


ERRORS: Final = _rows("errors.json")
CANONICAL: Final = _rows("canonical.json")
PRETTY: Final = _rows("pretty.json")
