"""`engine query`: PromQL asked of a running engine (or a real Prometheus), or of the data folder of a stopped one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from engine.cli.grouping import Commands
from engine.cli.here import url_option
from engine.cli.moments import Moment, MomentType
from engine.cli.querying.logs import logs
from engine.foundation.clock import SystemClock
from promql.model.durations import Duration

if TYPE_CHECKING:
    from engine.cli.querying.source import Params

_HOUR: Final = 3_600_000
_POINTS: Final = 60
_CODES: Final = "Exit codes: 0 answered, 1 refused or failed, 2 bad usage."

F = TypeVar("F", bound=Callable[..., None])


def _asking(command: F) -> F:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="the API's answer instead of a table"),
        click.option(
            "--data-dir", type=click.Path(path_type=Path), help="the data folder of an engine that is not running"
        ),
        url_option("prometheus", "the engine to ask"),
    ):
        command = option(command)
    return command


def _evaluating(command: F) -> F:
    for option in (
        click.option("--timeout", help="end the query after this time"),
        click.option("--lookback-delta", help="how old a sample may be and still count as now"),
        click.option("--dialect", type=click.Choice(["prometheus2", "prometheus3"]), help="whose meanings hold"),
        click.option("--limit", type=click.IntRange(0), help="tell so many rows at most"),
    ):
        command = option(command)
    return _asking(command)


def _spanning(command: F) -> F:
    for option in (
        click.option("--end", type=MomentType(), help="[now, or the newest sample of --data-dir]"),
        click.option(
            "--start", type=MomentType(), help="Unix seconds, RFC 3339, or a time before the end such as -2h  [-1h]"
        ),
    ):
        command = option(command)
    return command


@click.group(cls=Commands)
def query() -> None:
    """Ask a running engine, or a data folder, in PromQL; its logs in LogQL."""


query.add_command(logs)


@query.command(epilog=_CODES)
@click.argument("expression")
@click.option("--time", type=MomentType(), help="[now, or the newest sample of --data-dir]")
@_evaluating
def instant(expression: str, time: Moment | None, **given: Any) -> None:
    """The value of EXPRESSION at one instant."""
    _tell("/query", given, lambda now: {"query": expression, "time": _text((time or Moment()).at(now))})


@query.command("range", epilog=_CODES)
@click.argument("expression")
@_spanning
@click.option("--step", help=f"[a {_POINTS}th of the range, at least 1s]")
@_evaluating
def range_(expression: str, **given: Any) -> None:
    """The values of EXPRESSION at the steps of a range."""
    start, end, step = given.pop("start"), given.pop("end"), given.pop("step")
    _tell("/query_range", given, lambda now: {"query": expression, **_window(now, start, end, step)})


@query.command(epilog=_CODES)
@click.argument("expression")
@click.option("--time", type=MomentType(), help="[now, or the newest sample of --data-dir]")
@_spanning
@click.option("--step", help=f"[a {_POINTS}th of the range, at least 1s]")
@_evaluating
def explain(expression: str, time: Moment | None, **given: Any) -> None:
    """Run EXPRESSION and tell its plan: rows, values, samples and time of each part.

    With --start, --end or --step as a range query, else as an instant one. The plan reads from the answer at the top
    to what is fetched; a part that is needed twice is evaluated once.
    """
    start, end, step = given.pop("start"), given.pop("end"), given.pop("step")
    ranged = not start is end is step is None

    def params(now: int) -> Params:
        when = _window(now, start, end, step) if ranged else {"time": _text((time or Moment()).at(now))}
        return {"query": expression, **when}

    _tell("/query_explain", given, params)


@query.command(epilog=_CODES)
@click.argument("selectors", nargs=-1, required=True)
@_spanning
@click.option("--limit", type=click.IntRange(0), help="tell so many series at most")
@_asking
def series(selectors: tuple[str, ...], **given: Any) -> None:
    """The series that match any of SELECTORS."""
    start, end = given.pop("start"), given.pop("end")
    _tell("/series", given, lambda now: {"match[]": list(selectors), **_bounds(now, start, end)})


@query.command(epilog=_CODES)
@click.argument("name", required=False)
@click.option("--match", multiple=True, metavar="SELECTOR", help="of such series alone (repeatable)")
@_spanning
@click.option("--limit", type=click.IntRange(0), help="tell so many at most")
@_asking
def labels(name: str | None, match: tuple[str, ...], **given: Any) -> None:
    """The names of all labels, or the values of the label NAME."""
    start, end = given.pop("start"), given.pop("end")
    path = "/labels" if name is None else f"/label/{name}/values"
    _tell(path, given, lambda now: {"match[]": list(match), **_bounds(now, start, end)})


def _tell(path: str, given: dict[str, Any], params: Callable[[int], Params]) -> None:
    """Ask and print. `params` are made once it is known what now is."""
    from engine.cli.querying.source import asked, opened
    from engine.cli.querying.table import table

    url, data_dir, as_json = given.pop("url"), given.pop("data_dir"), given.pop("as_json")
    own = {name: str(value) for name, value in given.items() if value is not None}
    with opened(url, data_dir, SystemClock()) as source:
        body = asyncio.run(asked(source, path, {**params(source.now), **own}))
    click.echo(body.decode() if as_json else table(path, body))


def _window(now: int, start: Moment | None, end: Moment | None, step: str | None) -> Params:
    last = (end or Moment()).at(now)
    first = (start or Moment(before=_HOUR)).at(last)
    return {
        "start": _text(first),
        "end": _text(last),
        "step": step or str(Duration(max((last - first) // _POINTS // 1000, 1) * 1000)),
    }


def _bounds(now: int, start: Moment | None, end: Moment | None) -> Params:
    """Only what was given; without it everything that is stored counts."""
    last = (end or Moment()).at(now)
    given: Sequence[tuple[str, Moment | None, int]] = (("start", start, last), ("end", end, now))
    return {name: _text(moment.at(base)) for name, moment, base in given if moment is not None}


def _text(ms: int) -> str:
    return f"{ms / 1000:.3f}"
