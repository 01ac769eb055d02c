"""`engine man`: the manual page, made of the commands' own help."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

import click

_NAME = "Prometheus, Alertmanager, Loki and their exporters in one process"


@click.command(epilog="engine man | man -l -    or    engine man > ~/.local/share/man/man1/engine.1")
def man() -> None:
    """Print the manual page of engine with all its commands."""
    from engine.cli.main import cli

    click.echo("\n".join(_page(click.Context(cli, info_name="engine"))))


def _page(top: click.Context) -> Iterator[str]:
    yield f'.TH ENGINE 1 "" "engine {version("monitoring-engine")}"'
    yield from (".SH NAME", f"engine \\- {_NAME}", ".SH SYNOPSIS", ".B engine", "COMMAND [OPTIONS] ...")
    yield from (".SH DESCRIPTION", _text(top.command.help or ""))
    for context in _commands(top):
        yield from _section(context)
    yield from (".SH EXIT STATUS", "0 fine, 1 failed, 2 bad usage or configuration, 3 findings of lint alone.")


def _commands(parent: click.Context) -> Iterator[click.Context]:
    """Those that do something, in the order of the help."""
    group = parent.command
    assert isinstance(group, click.Group), "asked of groups alone"
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        assert command is not None, f"{name} is listed"
        context = click.Context(command, parent=parent, info_name=name)
        if isinstance(command, click.Group):
            yield from _commands(context)
        else:
            yield context


def _section(context: click.Context) -> Iterator[str]:
    usage = " ".join(context.command.collect_usage_pieces(context))
    yield f'.SH "{context.command_path}"'
    yield f".B {_text(context.command_path)}"
    yield _text(usage)
    yield ".PP"
    yield from _paragraphs(context.command.help or "")
    for parameter in context.command.get_params(context):
        if isinstance(parameter, click.Option) and (record := parameter.get_help_record(context)) is not None:
            yield from (".TP", f".B {_text(record[0])}", _text(record[1]))
    if context.command.epilog:
        yield from (".PP", *_paragraphs(context.command.epilog))


def _paragraphs(text: str) -> Iterator[str]:
    for line in text.replace("\b\n", "").splitlines():
        yield _text(line) if line.strip() else ".PP"


def _text(text: str) -> str:
    """As it is read: nothing in it is a request of roff's."""
    plain = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain
