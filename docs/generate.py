"""Writes compatibility.md from the code's own tables, so that the page can't promise what the code doesn't do.

    python docs/generate.py           writes the page
    python docs/generate.py --check   exits 1 where the page is stale

Only what the originals have is written down by hand, in originals.toml; what works is asked of the code, in tables/.
"""  # noqa: INP001 - a script

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from docs.tables.command_line import command_line
from docs.tables.configuration import configuration
from docs.tables.exporters import cadvisor, node
from docs.tables.http import http
from docs.tables.kinds import discovery, receivers
from docs.tables.languages import promql, templates
from docs.tables.markdown import section

PAGE: Final = Path(__file__).with_name("compatibility.md")


def page() -> str:
    """The whole page."""
    return "\n".join(line for part in PARTS for line in part()) + "\n"


def main(arguments: Sequence[str], file: Path = PAGE) -> int:
    """Write or check the file; gives the exit code."""
    if list(arguments) not in ([], ["--check"]):
        sys.stderr.write("usage: python docs/generate.py [--check]\n")
        return 2
    text = page()
    if not arguments:
        file.write_text(text)
    elif not file.is_file() or file.read_text() != text:
        sys.stderr.write(f"docs/{file.name} is stale: run `make docs`\n")
        return 1
    return 0


def head() -> Iterator[str]:
    yield "<!-- Written by docs/generate.py from the code's own tables: change those, then run `make docs`. -->"
    yield from section(
        "Compatibility",
        "What of Prometheus 2.42, Alertmanager 0.25, node_exporter 1.5 and blackbox_exporter 0.23 works here,"
        " what is refused, and what is missing."
        " What behaves differently though it works is in [differences.md](differences.md).",
        level=1,
    )


PARTS: Final[tuple[Callable[[], Iterator[str]], ...]] = (
    head, command_line, configuration, discovery, receivers, promql, templates, node, cadvisor, http,
)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
