"""`engine test rules`: unit tests of rules in promtool's format, in memory."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.grouping import Commands

if TYPE_CHECKING:
    from engine.testing.rules.junit import CaseResult
    from engine.testing.rules.run import Suite

_FINE, _FAILED, _BAD = 0, 1, 2


@click.group(cls=Commands)
def test() -> None:
    """Run unit tests of rules."""


@test.command(epilog="Exit codes: 0 all passed, 1 a test failed, 2 a file is refused.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--run", "patterns", multiple=True, metavar="REGEX", help="only tests whose name matches (repeatable)")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="write the results as JUnit's XML too")
@click.option("--coverage", is_flag=True, help="tell which rules no test has looked at")
def rules(files: tuple[Path, ...], patterns: tuple[str, ...], junit: Path | None, coverage: bool) -> None:
    """Run the tests of FILES, in the format of `promtool test rules`."""
    from engine.foundation import files as whole
    from engine.testing.rules import coverage as covered
    from engine.testing.rules.junit import document
    from engine.testing.rules.run import read

    wanted = _wanted(patterns)
    read_files = [read(path) for path in files]
    with _quiet_rules():
        results = [result for file in read_files for result in _results(file, wanted)]
    if junit is not None:
        try:
            whole.replace(junit, document(results))
        except OSError as error:
            raise click.FileError(str(junit), str(error.strerror)) from None
    if coverage:
        for line in covered.render(covered.coverage(read_files)):
            click.echo(line)
    if any(file.fatal for file in read_files):
        sys.exit(_BAD)
    sys.exit(_FAILED if any(result.failures for result in results) else _FINE)


@contextmanager
def _quiet_rules() -> Iterator[None]:
    """What a rule stumbles over is a test's result, and told there, not in the log."""
    log = logging.getLogger("engine.rules")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)


def _wanted(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Whether a test of that name is to be run. Raises BadParameter."""
    from engine.foundation.regexes import Regex, RegexError

    try:
        compiled = [Regex(pattern, anchored=False) for pattern in patterns]
    except RegexError as error:
        raise click.BadParameter(str(error), param_hint="--run") from None
    return lambda name: not compiled or any(pattern.matches(name) for pattern in compiled)


def _results(file: Suite, wanted: Callable[[str], bool]) -> Iterator[CaseResult]:
    """What each test of the file gave, told as it comes."""
    from engine.config.check import render_findings
    from engine.foundation.clock import SystemClock
    from engine.testing.rules.junit import CaseResult
    from engine.testing.rules.report import render
    from engine.testing.rules.run import run

    findings = list(render_findings(file.findings, file.sources))
    for line in findings:
        click.echo(line)
    if file.fatal:
        click.echo(f"{file.path}: refused")
        yield CaseResult(str(file.path), str(file.path), 0.0, error="\n".join(findings))
        return
    clock, count, failed = SystemClock(), 0, 0
    for name, scenario in file.scenarios():
        if wanted(name):
            began = clock.monotonic()
            failures = run(file, scenario)
            yield CaseResult(str(file.path), name, clock.monotonic() - began, failures)
            count += 1
            failed += bool(failures)
            if failures:
                click.echo(f"{file.path}: {name}: failed")
                for line in render(failures, shutil.get_terminal_size((100, 0)).columns - 2):
                    click.echo(f"  {line}" if line else "")
    click.echo(f"{file.path}: {count - failed} passed, {failed} failed" if failed else f"{file.path}: {count} passed")
