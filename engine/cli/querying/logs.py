"""`engine query logs`: LogQL asked of a running engine, or of a real Loki."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from engine.cli.here import url_of, url_option
from engine.cli.moments import Moment, MomentType
from engine.cli.option_types import DURATION
from engine.foundation.clock import SystemClock
from engine.foundation.errors import ConfigError, RemoteError

if TYPE_CHECKING:
    from engine.cli.querying.log_lines import Line, Shown
    from engine.cli.querying.log_source import LokiServer

_HOUR: Final = 3_600_000


@click.command(epilog="Exit codes: 0 answered, 1 refused or failed, 2 bad usage.")
@click.argument("query")
@click.option("--since", type=DURATION, help="so long before the end  [1h]")
@click.option("--start", type=MomentType(), help="Unix seconds, RFC 3339, or a time before the end such as -2h")
@click.option("--end", type=MomentType(), help="[now]")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="tell so many lines at most")
@click.option("--step", help="of a metric query  [a 250th of the range, at least 1s]")
@click.option("--oldest", is_flag=True, help="where there are more lines, tell the oldest ones")
@click.option("--tail", is_flag=True, help="go on with new lines as they come")
@click.option("--delay", type=click.IntRange(0, 5), default=0, help="with --tail, wait so many seconds for late lines")
@click.option("--json", "as_json", is_flag=True, help="one JSON object a line, also on a terminal")
@click.option("--explain", is_flag=True, help="tell how the query will be answered, and ask nobody")
@click.option("--stats", is_flag=True, help="tell what was read, and how long that took")
@click.option("--tenant", default="", help="whose lines, where there are several tenants")
@url_option("loki", "the engine to ask")
def logs(query: str, *, tail: bool, explain: bool, url: str | None, tenant: str, **given: Any) -> None:
    """The lines, or the values, that QUERY finds: '{job="varlogs"} |= "error"'.

    Lines come in order of time, in colours on a terminal and as one JSON object a line elsewhere.
    """
    from engine.cli.querying.log_lines import as_json as json_lines
    from engine.cli.querying.log_lines import for_people
    from engine.cli.querying.log_source import LokiServer

    if explain:
        _explain(query)
        return
    shown = json_lines if given["as_json"] or not sys.stdout.isatty() else for_people
    params = _params(query, SystemClock().now_ms(), given)
    source = LokiServer(url_of(url, "loki").rstrip("/"), tenant)
    if tail:
        _follow(source, query, params, given["delay"], shown)
    else:
        _ask(source, params, shown, stats=given["stats"])


def _explain(query: str) -> None:
    from engine.logql.explain import explained
    from engine.logql.syntax.parser import parse

    for line in explained(parse(query)):
        click.echo(line)


def _params(query: str, now: int, given: Mapping[str, Any]) -> dict[str, str]:
    if given["since"] is not None and given["start"] is not None:
        raise ConfigError("--since and --start both say where to begin: give one of them")
    end = (given["end"] or Moment()).at(now)
    since = _HOUR if given["since"] is None else given["since"]
    start = (given["start"] or Moment(before=since)).at(end)
    direction = "forward" if given["oldest"] else "backward"
    params = {
        "query": query,
        "start": _nanoseconds(start),
        "end": _nanoseconds(end),
        "limit": str(given["limit"]),
        "direction": direction,
    }
    return params if given["step"] is None else {**params, "step": given["step"]}


def _nanoseconds(ms: int) -> str:
    return f"{ms}000000"


def _ask(source: LokiServer, params: Mapping[str, str], shown: Shown, *, stats: bool) -> None:
    from msgspec import DecodeError, json

    from engine.cli.querying.log_lines import lines
    from engine.cli.querying.table import table

    body = asyncio.run(source.ask("/query_range", params))
    try:
        data = json.decode(body)["data"]
    except (DecodeError, KeyError, TypeError):
        raise RemoteError(f"{source.url} answered what is no answer of Loki's: is another server there?") from None
    if stats:
        click.echo(_read(data.get("stats", {}).get("summary", {})), err=True)
    if data["resultType"] != "streams":
        click.echo(table("/query_range", body))
        return
    found = lines(data["result"])
    _print(found, shown)
    if len(found) == int(params["limit"]):
        click.echo(f"({len(found)} lines; there may be more: --limit)", err=True)


def _read(summary: Mapping[str, Any]) -> str:
    lines, size = summary.get("totalLinesProcessed", 0), summary.get("totalBytesProcessed", 0)
    return f"({lines} lines, {size} bytes read in {summary.get('execTime', 0):.3f} s)"


def _follow(source: LokiServer, query: str, params: Mapping[str, str], delay: int, shown: Shown) -> None:
    from engine.cli.querying.log_lines import lines

    asked = {"query": query, "start": params["start"], "limit": params["limit"], "delay_for": str(delay)}

    async def run() -> None:
        async for message in source.follow(asked):
            _print(lines(message.get("streams") or ()), shown)
            if dropped := message.get("dropped_entries"):
                click.echo(f"({len(dropped)} lines left out: there were too many)", err=True)

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        click.echo("", err=True)


def _print(found: list[Line], shown: Shown) -> None:
    for text in shown(found):
        click.echo(text)
