"""Escapers at the end of a pipeline, each once: `html` and `urlquery` at its end already do a part of the work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from engine.gotemplate.html.escapers import PREFIX
from engine.gotemplate.nodes import Command, Identifier, Pipeline

_PREDEFINED: Final = ("html", "urlquery")
_SAME: Final = {
    "attrescaper": "html",
    "htmlescaper": "html",
    "nospaceescaper": "html",
    "rcdataescaper": "html",
    "urlescaper": "urlquery",
    "urlnormalizer": "urlquery",
}
_REDUNDANT: Final = {  # what need not follow an escaper
    "commentescaper": ("attrescaper", "htmlescaper"),
    "cssescaper": ("attrescaper",),
    "jsregexpescaper": ("attrescaper",),
    "jsstrescaper": ("attrescaper",),
    "urlescaper": ("attrescaper",),
}


def with_escapers(pipeline: Pipeline, names: Sequence[str]) -> Pipeline:
    """`names` without their prefix."""
    if not names:
        return pipeline
    commands = list(pipeline.commands)
    wanted = [PREFIX + name for name in names]
    last = commands[-1].operands[0]
    if isinstance(last, Identifier) and last.name in _PREDEFINED:
        commands, wanted = _around(commands, wanted, last)
    present = {_normal(c.operands[0].name) for c in commands if isinstance(c.operands[0], Identifier)}
    for name in wanted:
        if _normal(name) not in present and not _is_redundant(commands[-1], name):
            commands.append(Command(pipeline.start, (Identifier(pipeline.start, name),)))
    return replace(pipeline, commands=tuple(commands))


def _around(commands: list[Command], wanted: list[str], predefined: Identifier) -> tuple[list[Command], list[str]]:
    """A predefined escaper takes the place of the first escaper that does the same."""
    command = commands[-1]
    if len(commands) == 1 and len(command.operands) > 1:
        together = Identifier(predefined.start, "_eval_args_")
        commands = [
            replace(command, operands=(together, *command.operands[1:])),
            Command(command.start, (predefined,)),
        ]
    replaced = [predefined.name if _normal(name) == predefined.name else name for name in wanted]
    return (commands[:-1] if replaced != wanted else commands), replaced


def _normal(name: str) -> str:
    return _SAME.get(name.removeprefix(PREFIX), name)


def _is_redundant(last: Command, name: str) -> bool:
    first = last.operands[0]
    if not isinstance(first, Identifier):
        return False
    return name.removeprefix(PREFIX) in _REDUNDANT.get(first.name.removeprefix(PREFIX), ())
