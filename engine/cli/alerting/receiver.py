"""`engine receiver test`: whether a receiver's messages arrive, before an alert has to."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from engine.cli.alerting.client import AbsentError, asking, call
from engine.cli.alerting.shapes import ShownTrial
from engine.cli.grouping import Commands


@click.group(cls=Commands)
def receiver() -> None:
    """Try receivers."""


@receiver.command(epilog="Exit codes: 0 delivered or shown, 1 something failed, 2 bad usage or the file is refused.")
@click.argument("name")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="this config, without an engine")
@click.option("--deliver", is_flag=True, help="with --config: send also what would leave this machine")
@asking
def test(name: str, *, config: Path | None, deliver: bool, url: str, as_json: bool) -> None:
    """Send a notification that says that it is a test to every integration of the receiver NAME.

    A running engine sends beyond this machine only what it was started to (--deliver); the rest is shown.
    """
    if deliver and config is None:
        raise click.UsageError("--deliver goes with --config; a running engine was told when it was started")
    if config is not None:
        tried = asyncio.run(_offline(config, name, deliver=deliver))
    else:
        try:
            tried = call(url, "POST", f"/receivers/{quote(name, safe='')}/test", list[ShownTrial])
        except AbsentError as error:
            raise click.ClickException(str(error.said) if error.said else f"{url}: it is no engine") from None
    if as_json:
        click.echo(json.dumps(tried, indent=2))
    else:
        for line in (line for one in tried for line in _told(one)):
            click.echo(line)
        if not tried:
            click.echo(f"{name} has nothing to send to")
    sys.exit(any(one["outcome"] == "failed" for one in tried))


def _told(one: dict[str, Any]) -> Iterator[str]:
    outcome = {"withheld": "only shown, since it would leave this machine"}.get(one["outcome"], one["outcome"])
    yield f"{one['integration']}: {outcome}" + (f" in {one['seconds']:.2f} s" if one["outcome"] == "delivered" else "")
    for title, key in (("to: ", "address"), ("", "payload"), ("answer: ", "answer"), ("error: ", "error")):
        for at, line in enumerate(one[key].splitlines()):
            yield f"  {'' if at else title}{line}"


async def _offline(path: Path, name: str, *, deliver: bool) -> list[dict[str, Any]]:
    import msgspec

    from engine.alerting.matching.grammar import Grammar
    from engine.alerting.running import Surroundings
    from engine.alerting.trial import try_receiver
    from engine.cli.alerting.config import read
    from engine.config.translate import ROOTED
    from engine.foundation.addresses import AddressBook
    from engine.foundation.clock import SystemClock
    from engine.foundation.delivery import EVERYBODY, Delivery, DeliveryPolicy
    from engine.foundation.supervise import Supervisor
    from engine.foundation.workers import InlineWorkers

    clock = SystemClock()
    around = Surroundings(
        clock=clock,
        supervisor=Supervisor(clock),
        workers=InlineWorkers(),
        addresses=AddressBook(clock, translate=False),
        delivery=Delivery(DeliveryPolicy(frozenset({EVERYBODY} if deliver else ()))),
        external_url="http://127.0.0.1:9093",
    )
    tried = await try_receiver(read(path, Grammar.BOTH), ROOTED, name, around)
    found: list[dict[str, Any]] = msgspec.to_builtins(tried)
    return found
