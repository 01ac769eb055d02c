"""`engine completion SHELL`: what a shell sources, so that TAB completes commands, flags and their values."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_ENGINE_COMPLETE"


@click.command(
    epilog="""\b
bash   eval "$(engine completion bash)"     in ~/.bashrc
zsh    eval "$(engine completion zsh)"      in ~/.zshrc, behind compinit
fish   engine completion fish > ~/.config/fish/completions/engine.fish"""
)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print what makes SHELL complete the commands and flags of engine."""
    from engine.cli.main import cli

    kind = get_completion_class(shell)
    assert kind is not None, "click knows these three"
    click.echo(kind(cli, {}, "engine", VARIABLE).source())
