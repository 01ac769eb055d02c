"""`engine rules preview`: when alerts would have been pending and firing, over stored history."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import click

from engine.cli.grouping import Commands
from engine.cli.here import url_of, url_option
from engine.cli.option_types import DURATION
from engine.foundation.errors import ConfigError, RemoteError
from promql.model.durations import Duration

if TYPE_CHECKING:
    from engine.rules.spec import GroupSpec

_SECONDS: Final = 120.0


class InstantType(click.ParamType[int]):
    """Unix seconds or RFC 3339, to Unix ms."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from engine.web.api.params import parse_time

        try:
            return parse_time(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.group(cls=Commands)
def rules() -> None:
    """Look at rules before they run."""


@rules.command(epilog="Exit codes: 0 done, 1 a rule failed, 2 bad usage or a file is refused.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False), metavar="[FILE...]")
@click.option("--since", type=DURATION, default="6h", show_default=True, help="how far back to go")
@click.option("--until", type=InstantType(), metavar="TIME", help="the end  [now; of a folder its newest sample]")
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="the store, if no engine uses it")
@url_option("prometheus", "a running engine; without FILE, its own rules")
@click.option("--interval", type=DURATION, help="with --data-dir: of groups that have none  [1m]")
@click.option("--alert", default="", metavar="NAME", help="only this alert")
@click.option("--json", "as_json", is_flag=True, help="for machines")
def preview(
    files: tuple[Path, ...], *, since: Duration, until: int | None, data_dir: Path | None, url: str | None,
    interval: Duration | None, alert: str, as_json: bool,
) -> None:  # fmt: skip
    """Replay the rules of FILES over history: when each alert would have been pending and firing."""
    if data_dir is not None and url is not None:
        raise click.UsageError("--data-dir DIR and --url URL are two histories: name one")
    if data_dir is not None:
        if not files:
            raise click.UsageError("name at least one rule file")
        document = _of_folder(files, data_dir, since, until, interval or Duration(60_000))
    else:
        if interval is not None:
            raise click.UsageError("--interval goes with --data-dir; an engine has its evaluation_interval")
        document = asyncio.run(_of_engine(files, url_of(url, "prometheus"), since, until))
    if alert:
        document = _only(document, alert)
    _show(document, as_json=as_json)
    sys.exit(any("error" in rule for group in document["groups"] for rule in group["rules"]))


def _show(document: dict[str, Any], *, as_json: bool) -> None:
    from engine.cli.testing.timeline import DRAWN, PLAIN, Look, render

    if as_json:
        click.echo(json.dumps(document, indent=2))
        return
    look = Look(DRAWN if sys.stdout.isatty() else PLAIN, shutil.get_terminal_size((100, 0)).columns)
    for line in render(document, look):
        click.echo(line)


def _of_folder(
    files: Sequence[Path], folder: Path, since: Duration, until: int | None, interval: Duration
) -> dict[str, Any]:
    from engine.config.prometheus import GlobalConfig
    from engine.config.written import groups_of
    from engine.foundation.clock import SystemClock
    from engine.foundation.workers import InlineWorkers
    from engine.offline.folder import opened, store_folder
    from engine.query.engine import QueryEngine
    from engine.rules.preview.document import document
    from engine.rules.preview.replay import Replay

    settings = GlobalConfig(evaluation_interval=interval)
    groups: list[GroupSpec] = [one for file in files for one in groups_of(_content(file), str(file), settings)]
    with opened(store_folder(folder)) as store:
        end = store.size.max_time if until is None else until
        replay = Replay(QueryEngine(store, InlineWorkers(), SystemClock(), default_step_ms=interval), {})
        return document(asyncio.run(replay(groups, end - since, end)), end - since, end)


async def _of_engine(files: Sequence[Path], url: str, since: Duration, until: int | None) -> dict[str, Any]:
    """The answer of the engine for all files, as one."""
    from engine.foundation.addresses import AddressBook
    from engine.foundation.clock import SystemClock
    from engine.foundation.http_client import HttpClient
    from engine.foundation.http_config import HTTPClientConfig

    asked = {"since": str(since), **({} if until is None else {"end": str(until / 1000)})}
    where = f"{url.rstrip('/')}/api/v1/rules/preview?{urlencode(asked)}"
    async with HttpClient(HTTPClientConfig(), AddressBook(SystemClock(), translate=False)) as client:
        if not files:
            return _data(await client.request("GET", where, timeout=_SECONDS), url)
        answers = [
            _data(await client.request("POST", where, timeout=_SECONDS, body=_content(file)), url) for file in files
        ]
    named = zip(files, answers, strict=True)
    groups = [group | {"file": str(file)} for file, answer in named for group in answer["groups"]]
    return answers[0] | {"groups": groups}


def _data(answer: Any, url: str) -> dict[str, Any]:
    try:
        told = json.loads(answer.body)
    except ValueError:
        raise RemoteError(f"{url}: this is no engine (status {answer.status})") from None
    if told.get("status") != "success":
        if answer.status == 400:
            raise ConfigError(told.get("error", ""))
        raise RemoteError(f"{url}: {told.get('error', answer.status)}")
    found: dict[str, Any] = told["data"]
    return found


def _only(document: dict[str, Any], alert: str) -> dict[str, Any]:
    groups = [
        group | {"rules": [one for one in group["rules"] if one["type"] == "alerting" and one["name"] == alert]}
        for group in document["groups"]
    ]
    return document | {"groups": [group for group in groups if group["rules"]]}


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
