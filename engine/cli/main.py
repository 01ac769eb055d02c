"""`engine`: the commands, each imported only when it runs, so that `engine --help` answers at once."""

from __future__ import annotations

import importlib
import sys
from types import MappingProxyType
from typing import Final

import click
from click.shell_completion import CompletionItem

from engine.foundation.errors import ConfigError, EngineError

FAILED: Final = 1
BAD_USAGE: Final = 2

# name -> (module under engine.cli, attribute, help)
COMMANDS: Final = MappingProxyType(
    {
        "run": ("running.run", "run", "Start everything that the configuration names."),
        "stop": ("running.life", "stop", "End an engine that was started with run --detach."),
        "clear": ("running.life", "clear", "Empty a data folder."),
        "check": ("checking.check", "check", "Judge configuration, rule and Alertmanager files; all mistakes at once."),
        "check-config": ("checking.check", "check_config", "The same, by its other name: check-config FILE..."),
        "test": ("testing.test", "test", "Run unit tests of rules, in promtool's format: test rules FILE..."),
        "query": (
            "querying.query",
            "query",
            "Ask a running engine, or a data folder, in PromQL; explain what a query costs.",
        ),
        "rules": ("testing.rules", "rules", "Look at rules before they run: rules preview FILE..."),
        "alert": (
            "alerting.alert",
            "alert",
            "Look at alerts; tell why somebody was (not) notified: alert explain NAME.",
        ),
        "silence": ("alerting.silence", "silence", "Silence alerts: silence add MATCHER... --comment WHY."),
        "routes": ("alerting.routes", "routes", "See which receivers hear of an alert: routes test LABEL=VALUE..."),
        "template": ("alerting.template", "template", "Fill in templates of notifications: template render TEXT."),
        "receiver": ("alerting.receiver", "receiver", "Send a marked test notification: receiver test NAME."),
        "doctor": ("doctor", "doctor", "Say what ails a running stack, and the next step."),
        "tsdb": ("tsdb", "tsdb", "Look into a store that no engine uses, check it, move samples out and in."),
        "export": ("export", "export", "Take a stack to the originals: export stack DIR."),
        "exporter": ("exporters.exporter", "exporter", "Run one exporter alone, for any Prometheus to scrape."),
        "completion": (
            "completion",
            "completion",
            "Let TAB complete commands and flags: completion bash|zsh|fish.",
        ),
        "man": ("man", "man", "Print the manual page."),
    }
)


class LazyGroup(click.Group):
    """A group that knows its commands by name and help, and imports one only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"engine.cli.{module}"), attribute)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [CompletionItem(name, help=COMMANDS[name][2]) for name in COMMANDS if name.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="monitoring-engine", prog_name="engine")
def cli() -> None:
    """Prometheus, Alertmanager, Loki, Promtail and their exporters in one process, from the files that you have."""


def main() -> None:
    """Run a command; an error of the user's is one line and never a traceback."""
    try:
        status = cli.main(standalone_mode=False)
    except click.exceptions.Exit as ended:
        status = ended.exit_code
    except click.ClickException as error:
        error.show()
        status = BAD_USAGE
    except click.Abort:
        status = FAILED
    except ConfigError as error:
        click.echo(f"engine: {error}", err=True)
        status = BAD_USAGE
    except EngineError as error:
        click.echo(f"engine: {error}", err=True)
        status = FAILED
    sys.exit(status if isinstance(status, int) else 0)
