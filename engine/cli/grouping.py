"""Help that a stranger can read: commands with their whole sentence, and many flags under titles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import click

Titled: TypeAlias = Sequence[tuple[str, Callable[[click.Option], bool]]]
"""Titles, each with what says whether a parameter belongs below it; the first one that says so wins."""


class Commands(click.Group):
    """A group whose help cuts no sentence off."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, summary(command)) for name, command in commands if command is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def summary(command: click.Command) -> str:
    """The first sentence, or as much as stands before an empty line."""
    return command.get_short_help_str(limit=1000)


def write_titled(ctx: click.Context, formatter: click.HelpFormatter, titles: Titled) -> None:
    """All options of the context's command, each below its title."""
    left = [one for one in ctx.command.get_params(ctx) if isinstance(one, click.Option)]
    for title, belongs in titles:
        rows = [record for one in left if belongs(one) and (record := one.get_help_record(ctx)) is not None]
        left = [one for one in left if not belongs(one)]
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)
