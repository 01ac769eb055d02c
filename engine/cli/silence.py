"""`engine silence`: silences of a running Alertmanager, ours or the original."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import click

from engine.cli.am_client import AbsentError, asking, call, matchers_of
from engine.cli.am_shapes import MadeSilence, ShownSilence
from engine.cli.option_types import DURATION
from promql.model.durations import Duration

_CODES = "Exit codes: 0 done, 1 it failed, 2 bad usage or refused."


@click.group()
def silence() -> None:
    """Silence alerts, look at silences, end them."""


@silence.command("list", epilog=_CODES)
@click.argument("matchers", nargs=-1)
@click.option("--expired", is_flag=True, help="those that have ended instead")
@asking
def list_(matchers: tuple[str, ...], *, expired: bool, url: str, as_json: bool) -> None:
    """Silences that have all of MATCHERS among their own; a bare first word is an alert's name."""
    found = call(
        url, "GET", "/silences", list[ShownSilence], params=[("filter", text) for text in matchers_of(matchers)]
    )
    shown = [one for one in found if (one["status"]["state"] == "expired") is expired]
    if as_json:
        click.echo(json.dumps(shown, indent=2))
        return
    for one in shown:
        click.echo(f"{one['id']}  {one['status']['state']}, from {one['startsAt']} to {one['endsAt']}")
        click.echo(f"  {', '.join(map(_matcher, one['matchers']))}")
        click.echo(f"  {one['createdBy']}: {one['comment']}")


@silence.command(epilog=_CODES)
@click.argument("matchers", nargs=-1, required=True)
@click.option("-c", "--comment", required=True, help="why")
@click.option("-a", "--author", default="", help="who  [the user]")
@click.option("-d", "--duration", type=DURATION, default="1h", show_default=True)
@click.option("--start", default="", metavar="TIME", help="RFC 3339  [now]")
@click.option("--end", default="", metavar="TIME", help="RFC 3339, instead of a duration")
@asking
def add(
    matchers: tuple[str, ...], *, comment: str, author: str, duration: Duration, start: str, end: str, url: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Silence the alerts that match all MATCHERS; prints the silence's id."""
    from engine.alerting.matchers import parse_matcher

    begin = _moment(start) if start else datetime.now(UTC)  # noqa: TID251 - the command's own present
    until = _moment(end) if end else _later(begin, duration)
    parsed = [parse_matcher(text) for text in matchers_of(matchers)]
    body = {
        "matchers": [
            {"name": m.name, "value": m.value, "isRegex": m.op.value.endswith("~"), "isEqual": m.op.value[0] == "="}
            for m in parsed
        ],
        "startsAt": begin.isoformat(),
        "endsAt": until.isoformat(),
        "createdBy": author or _user(),
        "comment": comment,
    }
    answer = call(url, "POST", "/silences", MadeSilence, body=body)
    click.echo(json.dumps(answer) if as_json else answer["silenceID"])


@silence.command(epilog=_CODES)
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@asking
def expire(ids: tuple[str, ...], *, url: str, as_json: bool) -> None:
    """End silences now."""
    for one in ids:
        try:
            call(url, "DELETE", f"/silence/{quote(one, safe='')}", None)
        except AbsentError:
            raise click.ClickException(f"there is no silence {one}") from None
    if as_json:
        click.echo(json.dumps(list(ids)))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # as in a container, where the number has no name
        raise click.UsageError("who you are is not known here: say it by --author") from None


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f'"{text}" is no time: want RFC 3339, such as 2026-01-02T15:04:05Z') from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _later(begin: datetime, duration: Duration) -> datetime:
    try:
        return begin + timedelta(milliseconds=duration)
    except OverflowError:
        raise click.UsageError("no calendar reaches that far: want an earlier end") from None


def _matcher(one: dict[str, Any]) -> str:
    from promql.model.matchers import Matcher, MatchOp

    return str(Matcher(one["name"], MatchOp(_OPERATORS[one.get("isEqual", True), one["isRegex"]]), one["value"]))


_OPERATORS = {(True, False): "=", (True, True): "=~", (False, False): "!=", (False, True): "!~"}
