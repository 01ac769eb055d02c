"""`engine alert`: which alerts there are, a new one by hand, and why somebody was (not) notified of one."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import click

from engine.cli.alerting.client import AbsentError, asking, call
from engine.cli.alerting.shapes import ExplainedTrail, ShownAlert, ShownTrail
from engine.cli.alerting.words import labels_of, matchers_of, named
from engine.cli.grouping import Commands

_CODES = "Exit codes: 0 answered, 1 there is none or it failed, 2 bad usage."


@click.group(cls=Commands)
def alert() -> None:
    """Look at alerts, and at what became of them."""


@alert.command("list", epilog=_CODES)
@click.argument("matchers", nargs=-1)
@click.option("--receiver", default="", metavar="REGEX", help="only those that a receiver of this name hears of")
@click.option("--active/--no-active", default=True, help="those that nothing keeps quiet")
@click.option("--silenced/--no-silenced", default=False, help="those under a silence too")
@click.option("--inhibited/--no-inhibited", default=False, help="those that another alert inhibits too")
@asking
def list_(
    matchers: tuple[str, ...], *, receiver: str, active: bool, silenced: bool, inhibited: bool, url: str, as_json: bool
) -> None:
    """Alerts that match all MATCHERS, such as severity=page; a bare first word is the alert's name."""
    flags = {"active": active, "silenced": silenced, "inhibited": inhibited}
    params = [("filter", text) for text in matchers_of(matchers)]
    params += [(name, str(value).lower()) for name, value in flags.items()]
    params += [("receiver", receiver)] if receiver else []
    found = call(url, "GET", "/alerts", list[ShownAlert], params=params)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    rows = [(_labels(one), one["startsAt"], one["status"]["state"], _receivers(one)) for one in found]
    _table(("ALERT", "SINCE", "STATE", "RECEIVERS"), rows)


@alert.command(epilog=_CODES)
@click.argument("labels", nargs=-1, required=True, metavar="[NAME] LABEL=VALUE...")
@click.option("--annotation", "annotations", multiple=True, metavar="NAME=VALUE", help="repeatable")
@click.option("--start", default="", metavar="TIME", help="RFC 3339  [now]")
@click.option("--end", default="", metavar="TIME", help="RFC 3339  [resolve_timeout from now]")
@click.option("--generator-url", default="", metavar="URL")
@asking
def add(
    labels: tuple[str, ...], *, annotations: tuple[str, ...], start: str, end: str, generator_url: str, url: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Raise an alert by hand."""
    body = {"labels": labels_of(named(labels)), "annotations": labels_of(annotations)}
    given = {"startsAt": start, "endsAt": end, "generatorURL": generator_url}
    call(url, "POST", "/alerts", None, body=[body | {name: value for name, value in given.items() if value}])
    if as_json:
        click.echo(json.dumps(body, indent=2))


@alert.command(epilog=_CODES)
@click.argument("words", nargs=-1, metavar="[FINGERPRINT | MATCHER...]")
@click.option("--most", type=click.IntRange(1), default=5, show_default=True, help="tell of so many alerts at most")
@asking
def explain(words: tuple[str, ...], *, most: int, url: str, as_json: bool) -> None:
    """What became of alerts: received, routed, kept quiet, sent or not, each with its reason, and what comes next.

    Also of alerts that have resolved. A bare first word is the alert's name. What happened last comes first.
    """
    from engine.cli.alerting.trail_text import render

    fingerprints = [words[0]] if len(words) == 1 and _is_fingerprint(words[0]) else _found(url, words)
    told = [trail for one in fingerprints[:most] if (trail := _trail(url, one)) is not None]
    if as_json:
        click.echo(json.dumps(told, indent=2))
    else:
        for at, trail in enumerate(told):
            for line in (*([""] if at else []), *render(trail)):
                click.echo(line)
    if len(fingerprints) > most:
        click.echo(f"{len(fingerprints) - most} more match: --most, or more matchers", err=True)
    if not told:
        click.echo("nothing is known of such an alert: it never came in, or it was long ago", err=True)
        sys.exit(1)


def _found(url: str, words: Sequence[str]) -> list[str]:
    try:
        filters = [("filter", text) for text in matchers_of(words)]
        found = call(url, "GET", "/alerts/trails", list[ShownTrail], params=filters)
    except AbsentError:
        raise click.ClickException(f"{url} keeps no trails of alerts: it is no engine") from None
    return [one["fingerprint"] for one in found]


def _trail(url: str, fingerprint: str) -> dict[str, Any] | None:
    with suppress(AbsentError):
        found: dict[str, Any] = call(url, "GET", f"/alerts/{fingerprint}/trail", ExplainedTrail)
        return found
    return None


def _is_fingerprint(word: str) -> bool:
    return len(word) == 16 and not set(word) - set("0123456789abcdef")


def _labels(one: dict[str, Any]) -> str:
    from promql.model.labels import Labels

    return str(Labels.of(one["labels"]))


def _receivers(one: dict[str, Any]) -> str:
    return ", ".join(receiver["name"] for receiver in one["receivers"])


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        click.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
