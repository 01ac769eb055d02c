"""`engine check`: judge files. Findings go to standard output, the exit code is that of the worst file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import click

from engine.config.check import Kind, exit_code, render_verdict
from engine.config.check import check as judge

_KINDS = get_args(Kind)
_TRANSLATE = click.option("--no-translate", is_flag=True, help="take container paths as they are written")


@click.command(epilog="Exit codes: 0 fine, 2 refused, 3 lint findings only.")
@click.argument("words", nargs=-1, required=True, metavar=f"[{'|'.join(_KINDS)}] FILE...")
@_TRANSLATE
def check(words: tuple[str, ...], no_translate: bool) -> None:
    """Judge FILES: all mistakes at once, each with file, line and column.

    The kind of a file is told by its keys, unless the first word says it.
    """
    kind = next((kind for kind in _KINDS if kind == words[0]), None)
    _judge([Path(word) for word in words[1:]] if kind else [Path(word) for word in words], kind, not no_translate)


@click.command("check-config")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@_TRANSLATE
def check_config(files: tuple[Path, ...], no_translate: bool) -> None:
    """Judge FILES, as `engine check FILES`."""
    _judge(files, None, not no_translate)


def _judge(files: Sequence[Path], kind: Kind | None, translate: bool) -> None:
    if not files:
        raise click.UsageError("name at least one file")
    verdicts = [judge(file, kind, translate=translate) for file in files]
    for verdict in verdicts:
        for line in render_verdict(verdict):
            click.echo(line)
    sys.exit(exit_code(verdicts))
