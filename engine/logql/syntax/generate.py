"""Makes tables.py from logql.lark: `python -m engine.logql.syntax.generate`. How and why: promql.syntax.generate."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from promql.syntax.generate import table_of

STARTS: Final = ("query", "selector_only")


def source() -> str:
    """The text of tables.py for the grammar as it stands."""
    return table_of(files("engine.logql.syntax").joinpath("logql.lark").read_text(), STARTS, "logql.lark")


if __name__ == "__main__":
    Path(__file__).with_name("tables.py").write_text(source())
