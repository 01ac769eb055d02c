"""Commands and flags, as the commands themselves have them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from docs.tables.markdown import ORIGINALS, Row, code, originals, section, table
from engine.cli.main import COMMANDS, cli
from engine.cli.running.run import NOT_YET, run


def command_line() -> Iterator[str]:
    yield from section("Command line", "`engine run` takes these flags. Where two names are given, either works.")
    yield from table(("Flag", "Default", "Meaning"), [_flag_row(o) for o in run.params if isinstance(o, click.Option)])
    ours = {name for option in run.params for name in option.opts}
    yield from _flags("Refused by name as not supported yet", sorted(NOT_YET))
    yield from _flags(
        "Prometheus's other flags, refused as unknown options",
        sorted(originals("prometheus", "flags") - ours - set(NOT_YET)),
    )
    yield "Alertmanager's flags have these counterparts; it has no others here."
    yield ""
    yield from table(
        ("Alertmanager", "`engine run`"),
        [(f"`{name}`", here) for name, here in ORIGINALS["alertmanager"]["flags"].items()],
    )
    yield from section("Other commands", level=3)
    yield from table(("Command", "Options", "What it does"), _commands())


def _flag_row(option: click.Option) -> Row:
    names = " or ".join(f"`{name}`" for name in option.opts)
    shown = (
        "" if option.is_flag or option.multiple or not isinstance(option.default, str | int) else str(option.default)
    )
    return names, f"`{shown}`" if shown else "", option.help or ", ".join(getattr(option.type, "choices", ()))


def _flags(title: str, names: Iterable[str]) -> Iterator[str]:
    yield f"{title}: {code(names) or 'none'}."
    yield ""


def _commands() -> Iterator[Row]:
    context = click.Context(cli)
    for name, (_, _, text) in COMMANDS.items():
        command = cli.get_command(context, name)
        if isinstance(command, click.Group):
            for child in command.commands.values():
                yield f"`engine {name} {child.name}`", _options(child), (child.help or "").partition("\n\n")[0].strip()
        elif command is not None and command is not run:
            yield f"`engine {name}`", _options(command), text


def _options(command: click.Command) -> str:
    return code(name for option in command.params if isinstance(option, click.Option) for name in option.opts)
