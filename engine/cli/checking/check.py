"""`engine check`: judge files. Findings go to standard output, the exit code is that of the worst file.

`engine check metrics` is another judge: of exposition pages, in promtool's words.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

import click

from engine.cli.alerting.words import grammar_of, with_features
from engine.cli.here import url_of, url_option
from engine.config import lint
from engine.config.check import ORIGINALS, Judging, Kind, exit_code, render_verdict
from engine.config.check import check as judge

_KINDS: Final = get_args(Kind)
_METRICS: Final = "metrics"
_STACK: Final = "stack"
_PROMTAIL: Final = "promtail"


class LintsType(click.ParamType[frozenset[str]]):
    """Names of lints between commas; `all`, `none`."""

    name = "lints"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[str]:
        if not isinstance(value, str):
            return frozenset(value)
        known = {"all": frozenset(lint.ALL), "none": frozenset[str](), **{name: frozenset({name}) for name in lint.ALL}}
        for name in value.split(","):
            if name not in known:
                self.fail(f'unknown lint "{name}" (there are: {", ".join(known)})', param, ctx)
        return frozenset[str]().union(*(known[name] for name in value.split(",")))


_TRANSLATE = click.option("--no-translate", is_flag=True, help="take container paths as they are written")
_EXPAND = click.option("--expand-env", is_flag=True, help="${NAME} in files is the environment variable NAME")
_ALWAYS: Final = ", ".join(name for name in lint.ALL if name in lint.DEFAULT)
_LINT = click.option(
    "--lint", "lints", type=LintsType(), default=lint.DEFAULT, metavar="all|none|NAME,...",
    help=f"which lints of rules are wanted: {', '.join(lint.ALL)}  [{_ALWAYS}]",
)  # fmt: skip


@click.command(epilog="Exit codes: 0 fine, 2 refused, 3 lint findings only; of metrics 0, 1, 3, as promtool's.")
@click.argument("words", nargs=-1, required=True, metavar=f"[{'|'.join((*_KINDS, _METRICS, _STACK))}] FILE...")
@_TRANSLATE
@_LINT
@_EXPAND
@click.option("--as", "original", type=click.Choice(list(ORIGINALS)), help="judge as this release would")
@click.option("--syntax-only", is_flag=True, help="files that are named need not exist")
@url_option("prometheus", "of a stack: the running engine whose metrics are compared with what rules ask for")
@click.option("--extended", is_flag=True, help="of metrics: tell how many series each has")
@click.option("--try", "try_out", is_flag=True, help="of promtail: lines of standard input through a job's stages")
@with_features
@click.option("--job", default="", help="whose stages --try means, where there are several jobs")
def check(words: tuple[str, ...], *, url: str | None, extended: bool, try_out: bool, job: str, **given: Any) -> None:
    """Judge FILES: all mistakes at once, each with file, line and column.

    The kind of a file is told by its keys, unless the first word says it. A stack is a folder or a compose file, with
    all files that it leads to. Metrics are read from standard input where no file is named.
    """
    if words[0] == _METRICS:
        from engine.cli.checking.metrics import check_metrics

        check_metrics(words[1:], extended=extended)
    if extended:
        raise click.UsageError("--extended is for metrics: engine check metrics --extended")
    if try_out or job:
        if words[0] != _PROMTAIL or len(words) != 2 or not try_out:
            raise click.UsageError("--try is for Promtail: engine check promtail FILE --try [--job NAME] < LINES")
        from engine.cli.checking.promtail import try_lines

        try_lines(Path(words[1]), job, _judging(given))
    if words[0] == _STACK:
        from engine.cli.checking.stack import judge_stacks

        judge_stacks(words[1:], url_of(url, "prometheus"), _judging(given))
    kind = next((kind for kind in _KINDS if kind == words[0]), None)
    files = [Path(word) for word in (words[1:] if kind else words)]
    _judge(files, kind, _judging(given))


@click.command("check-config")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@_TRANSLATE
@_LINT
@_EXPAND
def check_config(files: tuple[Path, ...], **given: Any) -> None:
    """Judge FILES, as `engine check FILES`."""
    _judge(files, None, _judging(given))


def _judging(given: Mapping[str, Any]) -> Judging:
    return Judging(
        translate=not given["no_translate"],
        lints=given["lints"],
        environment=os.environ if given["expand_env"] else None,
        original=given.get("original") or "",
        syntax_only=given.get("syntax_only", False),
        matchers=grammar_of(given.get("features", ())),
    )


def _judge(files: Sequence[Path], kind: Kind | None, how: Judging) -> None:
    if not files:
        raise click.UsageError("name at least one file")
    verdicts = [judge(_here(file) if how.translate else file, kind, how) for file in files]
    for verdict in verdicts:
        for line in render_verdict(verdict):
            click.echo(line)
    sys.exit(exit_code(verdicts))


def _here(file: Path) -> Path:
    """The file of this folder that a container sees at this path, where there is none at it: that is said."""
    from engine.config.translate import in_this_folder

    found = None if file.exists() else in_this_folder(file)
    if found is None:
        return file
    click.echo(f"{found}")
    return Path(found.used)
