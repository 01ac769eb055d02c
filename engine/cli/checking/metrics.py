"""`engine check metrics`: pages of metrics judged as promtool does, from files or standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NoReturn

import click

from exporters.exposition.lint import lint
from exporters.exposition.strict import Described, FormatError, read

FINE: Final = 0
FAILED: Final = 1
LINT: Final = 3


def check_metrics(files: Sequence[str], *, extended: bool) -> NoReturn:
    """Lint on standard error; with `extended`, how many series each has. Ends with promtool's exit code."""
    codes = set()
    for name in files or ("-",):
        where = f"{name}: " if len(files) > 1 else ""
        try:
            families = read(_text(name))
        except (FormatError, OSError) as error:
            said = error.strerror if isinstance(error, OSError) else error
            click.echo(f"{where}error while linting: {said}", err=True)
            codes.add(FAILED)
            continue
        problems = lint(families)
        for metric, text in problems:
            click.echo(f"{where}{metric} {text}", err=True)
        if extended:
            for line in table(families):
                click.echo(line)
        codes.add(LINT if problems else FINE)
    sys.exit(next(code for code in (FAILED, LINT, FINE) if code in codes))


def table(families: Sequence[Described]) -> Iterator[str]:
    """Metrics by the number of their series."""
    total = sum(family.cardinality for family in families)
    largest = sorted(families, key=lambda family: -family.cardinality)
    rows = [
        ("Metric", "Cardinality", "Percentage"),
        *((one.name, str(one.cardinality), f"{100 * one.cardinality / total:.2f}%") for one in largest),
        ("Total", str(total), f"{100 if total else float('nan'):.0f}%"),
    ]
    widths = [max(len(row[column]) for row in rows) + 4 for column in range(3)]
    for row in rows:
        yield "".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))


def _text(name: str) -> str:
    raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    return raw.decode(errors="surrogateescape")
