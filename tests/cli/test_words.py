"""Help, the manual page and completion, made of the commands' own tables."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from engine.cli.completion import SHELLS, VARIABLE
from engine.cli.main import COMMANDS, cli
from engine.cli.running.run import run
from tests.conftest import PROJECT


def commands(parent: click.Context) -> Iterator[click.Context]:
    group = parent.command
    assert isinstance(group, click.Group)
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        assert command is not None
        context = click.Context(command, parent=parent, info_name=name)
        yield context
        if isinstance(command, click.Group):
            yield from commands(context)


EVERY = list(commands(click.Context(cli, info_name="engine")))


def said(*words: str) -> str:
    done = CliRunner().invoke(cli, list(words))
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("context", EVERY, ids=lambda context: context.command_path)
def test_every_help_says_what_its_command_does_and_cuts_nothing_off(context: click.Context) -> None:
    text = context.get_help()
    assert context.command.help
    if isinstance(context.command, click.Group):
        shown = "".join(text.partition("Commands:")[2].split())
        for command in context.command.commands.values():
            first = " ".join((command.help or "").partition("\n\n")[0].split()).partition(". ")[0]
            assert first.replace(" ", "").rstrip(".") in shown


def test_the_help_of_run_has_each_flag_once_below_a_title() -> None:
    text = said("run", "--help")
    for option in run.params:
        if isinstance(option, click.Option):
            assert len(re.findall(rf"\n  {re.escape(', '.join(option.opts))}[ \n]", text)) == 1, option.opts
    titles = [line for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert titles[0] == "Which files:"


def test_the_manual_page_has_every_command_and_flag() -> None:
    page = said("man")
    for context in EVERY:
        if not isinstance(context.command, click.Group):
            assert f'.SH "{context.command_path}"\n' in page
            for option in context.command.params:
                if isinstance(option, click.Option) and not option.hidden:
                    assert option.opts[-1].replace("-", "\\-") in page


def test_the_manual_page_is_one_that_man_reads() -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is not here")
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww"], input=said("man"), capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    complaints = [line for line in done.stderr.splitlines() if "adjust line" not in line and "break line" not in line]
    assert complaints == []
    assert "engine run" in done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_a_script_that_names_the_variable(shell: str) -> None:
    assert VARIABLE in said("completion", shell)


def completed(*words: str) -> list[str]:
    """What TAB offers behind these words, as bash asks for it."""
    asked = {VARIABLE: "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    program = "import sys; sys.argv[0] = 'engine'; from engine.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, **asked}, capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_tab_completes_commands_flags_and_values() -> None:
    assert completed("engine", "do") == ["doctor"]
    assert "--compose" in completed("engine", "run", "--comp")
    assert completed("engine", "run", "--log.level", "de") == ["debug"]
    assert set(completed("engine", "query", "")) >= {"instant", "range", "logs"}
    assert len(completed("engine", "")) == len(COMMANDS)


def shown_commands() -> list[str]:
    """Every command line of the README and the pages."""
    pages = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
    blocks = [block for page in pages for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL)]
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return sorted({line for line in lines if line.startswith("engine ")})


@pytest.mark.parametrize("line", shown_commands())
def test_every_command_that_a_page_shows_is_one(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    context = click.Context(cli, info_name="engine")
    while isinstance(context.command, click.Group) and words and not words[0].startswith("-"):
        found = context.command.get_command(context, words.pop(0))
        assert found is not None, line
        context = click.Context(found, parent=context, info_name=found.name)
    assert not isinstance(context.command, click.Group) or words, line
    known = {name for one in context.command.get_params(context) for name in (*one.opts, *one.secondary_opts)}
    if not context.command.ignore_unknown_options:  # exporters read the originals' flags themselves
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known, line
