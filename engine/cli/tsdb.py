"""`engine tsdb`: a store that no engine uses: figures, checks, text out and text in."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from engine.cli.grouping import Commands

if TYPE_CHECKING:
    from engine.offline.progress import Progress
    from engine.offline.reading import Wanted
    from engine.offline.writing import Written
    from engine.tsdb.store import Store

_CODES = "Exit codes: 0 fine, 1 failed or damaged, 2 bad usage."
_FAILED = 1
_DAY = 86_400_000
_KEPT = 15 * _DAY
F = TypeVar("F", bound=Callable[..., None])


class TimeType(click.ParamType[int]):
    """Unix milliseconds, as promtool takes them, or RFC 3339."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from datetime import datetime

        if isinstance(value, int):
            return value
        try:
            return (
                int(value) if value.lstrip("-").isdigit() else round(datetime.fromisoformat(value).timestamp() * 1000)
            )
        except ValueError:
            self.fail(f"{value!r} is neither Unix milliseconds nor RFC 3339 (2024-05-01T12:00:00Z)", param, ctx)


def _data_dir(command: F) -> F:
    return click.option(
        "--data-dir", default="engine-data", show_default=True, type=click.Path(path_type=Path),
        help="the folder that `engine run --data-dir` was given",
    )(command)  # fmt: skip


def _selection(command: F) -> F:
    """The options of what writes text."""
    for option in (
        click.option("--output", type=click.Path(path_type=Path), help="write to this file  [standard output]"),
        click.option("--max-time", type=TimeType(), help="no samples after this: Unix ms or RFC 3339"),
        click.option("--min-time", type=TimeType(), help="no samples before this: Unix ms or RFC 3339"),
        click.option("--match", multiple=True, metavar="SELECTOR", help="only such series (repeatable)  [all]"),
        _data_dir,
    ):
        command = option(command)
    return command


@click.group(cls=Commands)
def tsdb() -> None:
    """Look into a store that no engine uses, check it, or move samples out and in."""


@tsdb.command(epilog=_CODES)
@_data_dir
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="how long each list is")
def stats(data_dir: Path, limit: int) -> None:
    """How many series and samples there are, what they cost on disk, and which labels make most of them."""
    from engine.offline.figures import figures, told
    from engine.offline.folder import opened, store_folder

    folder = store_folder(data_dir)
    with opened(folder) as store:
        found = figures(store, folder, limit, _progress())
    for line in told(found, folder):
        click.echo(line)


@tsdb.command(epilog=_CODES)
@_data_dir
def verify(data_dir: Path) -> None:
    """Read every checksum; tell which bytes of which file are damaged, and what that costs. Changes nothing."""
    from engine.offline.folder import locked, store_folder
    from engine.offline.verifying import Verifier

    folder = store_folder(data_dir)
    with locked(folder):
        verifier = Verifier(folder)
        with _progress().of(sum(path.stat().st_size for path in verifier.files()), "bytes read") as step:
            verdict = verifier.run(step)
    for damage in verdict.damages:
        click.echo(str(damage))
    state = f"{len(verdict.damages)} damages" if verdict.damages else "nothing is damaged"
    click.echo(f"{folder}: {verdict.files} files, {verdict.bytes:,} bytes, {verdict.series:,} names: {state}")
    sys.exit(_FAILED if verdict.damages else 0)


@tsdb.command(epilog=_CODES)
@_selection
def dump(**given: Any) -> None:
    """Print every sample as `promtool tsdb dump` does."""
    from engine.offline.writing import dump as write

    _written(write, given)


@tsdb.command(epilog=_CODES)
@_selection
def export(**given: Any) -> None:
    """Write OpenMetrics, for imports here or by `promtool tsdb create-blocks-from`; it has no stale markers."""
    from engine.offline.writing import export as write

    written = _written(write, given)
    if written.left_out:
        click.echo(f"{written.left_out} series are left out: OpenMetrics can't hold their names", err=True)
        sys.exit(_FAILED)


@tsdb.command("import", epilog=_CODES)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_data_dir
def import_(files: tuple[Path, ...], data_dir: Path) -> None:
    """Take in FILES: OpenMetrics, or text with timestamps, of any age; what is stored already is passed over."""
    from engine.offline.folder import new_store_folder, opened
    from engine.offline.importing import Importer

    folder = new_store_folder(data_dir)
    with opened(folder) as store:
        done = Importer(store, folder, _progress()).run(files)
        newest = store.size.max_time
    click.echo(f"{folder}: {done.samples:,} samples of {done.series:,} series are in")
    if done.there or done.other:
        click.echo(f"passed over: {done.there:,} that were there, {done.other:,} with another value than is stored")
    if done.samples and done.start < newest - _KEPT:
        days = (newest - done.start) // _DAY + 1
        click.echo(f"an engine keeps 15d unless told otherwise: --storage.tsdb.retention.time={days}d keeps it all")


def _written(
    write: Callable[[Store, Wanted, Callable[[str], object], Progress], Written], given: dict[str, Any]
) -> Written:
    from engine.offline.folder import opened, store_folder
    from engine.offline.reading import EVERYTHING, FIRST, LAST, Wanted

    start, end = given["min_time"], given["max_time"]
    wanted = Wanted(
        _selectors(given["match"]) or EVERYTHING,
        FIRST if start is None else start,
        LAST if end is None else end,
    )
    folder = store_folder(given["data_dir"])
    with opened(folder) as store, _output(given["output"]) as out:
        written = write(store, wanted, out, _progress() if given["output"] else _silent())
    if given["output"]:
        click.echo(f"{given['output']}: {written.samples:,} samples of {written.series:,} series")
    return written


def _selectors(texts: Sequence[str]) -> list[tuple[Any, ...]]:
    from promql.errors import ParseError
    from promql.syntax.parser import parse_selector

    try:
        return [tuple(parse_selector(text)) for text in texts]
    except ParseError as error:
        raise click.BadParameter(str(error), param_hint="--match") from None


@contextmanager
def _output(path: Path | None) -> Iterator[Callable[[str], object]]:
    """A file that is whole or not there, or standard output, whose reader may go before the end."""
    if path is None:
        try:
            yield sys.stdout.write
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(_FAILED)
        return
    from engine.foundation.files import beside

    try:
        with beside(path) as file:
            yield lambda text: file.write(text.encode())
    except OSError as error:
        raise click.FileError(str(path), str(error.strerror)) from None


def _progress() -> Progress:
    from engine.offline.progress import shown

    return shown(partial(click.echo, err=True))


def _silent() -> Progress:
    from engine.offline.progress import Silent

    return Silent()
