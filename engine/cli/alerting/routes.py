"""`engine routes`: which receivers hear of an alert, from the file alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.alerting.words import grammar_of, labels_of, with_features
from engine.cli.grouping import Commands

if TYPE_CHECKING:
    from engine.alerting.routing.route import Route
    from promql.model.labels import Labels

_CONFIG = click.option(
    "--config", "--config.file", "config", required=True, type=click.Path(path_type=Path), metavar="FILE",
    help="Alertmanager's configuration",
)  # fmt: skip


@click.group(cls=Commands)
def routes() -> None:
    """See where alerts are routed."""


@routes.command()
@_CONFIG
@with_features
def show(config: Path, features: tuple[str, ...]) -> None:
    """The tree of routes."""
    for line in _tree(_root(config, features)):
        click.echo(line)


@routes.command(epilog="Exit codes: 0 routed, 1 others than those of --verify, 2 bad usage or the file is refused.")
@click.argument("labels", nargs=-1, metavar="LABEL=VALUE...")
@_CONFIG
@click.option("--verify", "--verify.receivers", "verify", metavar="NAME,...", help="the receivers that it should be")
@click.option("--tree", is_flag=True, help="show the routes that match")
@click.option("--why", is_flag=True, help="tell of each route the group that the alert comes into, and its times")
@with_features
def test(
    labels: tuple[str, ...], *, config: Path, verify: str | None, tree: bool, why: bool, features: tuple[str, ...]
) -> None:
    """The receivers that hear of an alert with these labels, in order."""
    from promql.model.labels import Labels

    root = _root(config, features)
    alert = Labels.of(labels_of(labels))
    found = root.match(alert)
    if tree:
        for line in _tree(root, [route.place for route in found]):
            click.echo(line)
    click.echo(",".join(route.receiver for route in found))
    if why:
        for line in _reasons(found, alert):
            click.echo(line)
    if verify is not None and (wanted := verify.split(",")) != [route.receiver for route in found]:
        click.echo(f"wanted {','.join(wanted)}", err=True)
        sys.exit(1)


def _root(config: Path, features: Sequence[str]) -> Route:
    from engine.alerting.config.resolve import build_route
    from engine.cli.alerting.config import read

    grammar = grammar_of(features)
    route = read(config, grammar).route
    assert route is not None, "a config without a route is refused"
    return build_route(route, grammar)


def _tree(root: Route, only: Sequence[tuple[int, ...]] | None = None) -> Iterator[str]:
    yield f"{'default-route':<24}  receiver: {root.receiver}"
    yield from _below(root, "", only)


def _below(route: Route, indent: str, only: Sequence[tuple[int, ...]] | None) -> Iterator[str]:
    children = [one for one in route.children if only is None or any(p[: len(one.place)] == one.place for p in only)]
    for at, child in enumerate(children):
        last = at == len(children) - 1
        text = child.key[len(route.key) + 1 :]
        goes_on = "  continue: true" if child.continues else ""
        yield f"{indent}{'└── ' if last else '├── '}{text}{goes_on}  receiver: {child.receiver}"
        yield from _below(child, indent + ("    " if last else "│   "), only)


def _reasons(found: Sequence[Route], alert: Labels) -> Iterator[str]:
    from engine.foundation.clock import MILLISECOND
    from promql.model.durations import format_duration

    for route in found:
        wait, turn, repeat = (
            format_duration(ns // MILLISECOND) for ns in (route.group_wait, route.group_interval, route.repeat_interval)
        )
        yield f"  {route.receiver}: group {route.group_key(route.group_labels(alert))}"
        yield f"    group_wait {wait}, group_interval {turn}, repeat_interval {repeat}"
        for what, names in (("active", route.active_intervals), ("mute", route.mute_intervals)):
            if names:
                yield f"    {what}_time_intervals {', '.join(names)}"
