"""`engine silence`: silences of a running Alertmanager, ours or the original."""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO
from urllib.parse import quote

import click

from engine.cli.alerting.client import AbsentError, asking, call
from engine.cli.alerting.shapes import MadeSilence, ShownSilence
from engine.cli.alerting.words import matchers_of
from engine.cli.grouping import Commands
from engine.cli.option_types import DURATION
from engine.foundation.errors import ConfigError
from promql.model.durations import Duration

_CODES = "Exit codes: 0 done, 1 it failed, 2 bad usage or refused."


@click.group(cls=Commands)
def silence() -> None:
    """Silence alerts, look at silences, change, copy and end them."""


@silence.command("list", epilog=_CODES)
@click.argument("matchers", nargs=-1)
@click.option("--expired", is_flag=True, help="those that have ended instead")
@click.option("--created-by", default="", metavar="WHO", help="those of this author alone")
@click.option("--within", type=DURATION, default=None, help="those that end (or with --expired ended) within this time")
@click.option("-q", "--quiet", is_flag=True, help="their ids alone")
@asking
def list_(
    matchers: tuple[str, ...], *, expired: bool, created_by: str, within: Duration | None, quiet: bool, url: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Silences that have all of MATCHERS among their own; a bare first word is an alert's name."""
    shown = _found(url, matchers, expired=expired, created_by=created_by, within=within)
    if as_json:
        click.echo(json.dumps(shown, indent=2))
        return
    for one in shown:
        if quiet:
            click.echo(one["id"])
            continue
        click.echo(f"{one['id']}  {one['status']['state']}, from {one['startsAt']} to {one['endsAt']}")
        click.echo(f"  {', '.join(map(_matcher, one['matchers']))}")
        click.echo(f"  {one['createdBy']}: {one['comment']}")


silence.add_command(list_, "query")


def _found(
    url: str, matchers: tuple[str, ...], *, expired: bool, created_by: str, within: Duration | None
) -> list[ShownSilence]:
    params = [("filter", text) for text in matchers_of(matchers)]
    found: list[ShownSilence] = call(url, "GET", "/silences", list[ShownSilence], params=params)
    shown = [one for one in found if (one["status"]["state"] == "expired") is expired]
    if created_by:
        shown = [one for one in shown if one["createdBy"] == created_by]
    if within is not None:
        reach, now = timedelta(milliseconds=within), datetime.now(UTC)  # noqa: TID251 - the command's own present
        shown = [one for one in shown if abs(datetime.fromisoformat(one["endsAt"]) - now) <= reach]
    return shown


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
    from engine.alerting.matching.grammar import Grammar

    begin = _moment(start) if start else datetime.now(UTC)  # noqa: TID251 - the command's own present
    until = _moment(end) if end else _later(begin, duration)
    parsed = [Grammar.BOTH.matcher(text) for text in matchers_of(matchers)]
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


@silence.command(epilog=_CODES)
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("-c", "--comment", default="", help="why  [as before]")
@click.option("-d", "--duration", type=DURATION, default=None, help="from its start on")
@click.option("--start", default="", metavar="TIME", help="RFC 3339  [as before]")
@click.option("--end", default="", metavar="TIME", help="RFC 3339, instead of a duration  [as before]")
@asking
def update(
    ids: tuple[str, ...], *, comment: str, duration: Duration | None, start: str, end: str, url: str, as_json: bool
) -> None:
    """Change silences; prints the ids that now hold. Where the past would be rewritten, a new one takes its place."""
    made = []
    for one in ids:
        try:
            old: dict[str, Any] = call(url, "GET", f"/silence/{quote(one, safe='')}", ShownSilence)
        except AbsentError:
            raise click.ClickException(f"there is no silence {one}") from None
        begin = _moment(start or old["startsAt"])
        until = _later(begin, duration) if duration is not None and not end else _moment(end or old["endsAt"])
        changed = {"startsAt": begin.isoformat(), "endsAt": until.isoformat(), "comment": comment or old["comment"]}
        made.append(call(url, "POST", "/silences", MadeSilence, body=old | changed)["silenceID"])
    _tell_ids(made, as_json=as_json)


@silence.command("import", epilog=_CODES)
@click.argument("file", type=click.File("rb"), default="-")
@click.option("-f", "--force", is_flag=True, help="make new ones, whether or not there are such already")
@asking
def import_(file: BinaryIO, *, force: bool, url: str, as_json: bool) -> None:
    """Make silences as `list --json` (or `amtool silence query -o json`) printed them, in FILE or on the input."""
    import msgspec

    try:
        given = msgspec.json.decode(file.read(), type=list[ShownSilence])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{file.name}: no list of silences: {error}") from None
    made, faults = [], []
    for one in given:
        try:
            made.append(_import(url, dict(one) | ({"id": ""} if force else {})))
        except ConfigError as error:
            faults.append(f"{one['id']}: {error}")
    _tell_ids(made, as_json=as_json)
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        raise click.ClickException(f"{len(faults)} of {len(given)} silences could not be imported")


def _import(url: str, one: dict[str, Any]) -> str:
    """Its id; one that is not known there becomes a new one."""
    try:
        return str(call(url, "POST", "/silences", MadeSilence, body=one)["silenceID"])
    except AbsentError:
        return str(call(url, "POST", "/silences", MadeSilence, body=one | {"id": ""})["silenceID"])


def _tell_ids(ids: Sequence[str], *, as_json: bool) -> None:
    for line in [json.dumps(list(ids))] if as_json else ids:
        click.echo(line)


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


def _matcher(one: Mapping[str, Any]) -> str:
    from promql.model.matchers import Matcher, MatchOp

    return str(Matcher(one["name"], MatchOp(_OPERATORS[one.get("isEqual", True), one["isRegex"]]), one["value"]))


_OPERATORS = {(True, False): "=", (True, True): "=~", (False, False): "!=", (False, True): "!~"}
