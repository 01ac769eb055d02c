"""`engine template render`: a text of a receiver, filled in without sending anything."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.grouping import Commands

if TYPE_CHECKING:
    from engine.alerting.notify.templating import Templates

_SAMPLE = {
    "receiver": "receiver",
    "groupLabels": {"alertname": "Example"},
    "externalURL": "http://127.0.0.1:9093",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "Example", "instance": "a:9100", "severity": "page"},
            "annotations": {"summary": "a is slow"},
            "startsAt": "2024-01-02T03:04:05Z",
            "generatorURL": "http://127.0.0.1:9090/graph?g0.expr=up",
            "fingerprint": "0123456789abcdef",
        },
        {
            "status": "resolved",
            "labels": {"alertname": "Example", "instance": "b:9100", "severity": "page"},
            "annotations": {"summary": "b is slow"},
            "startsAt": "2024-01-02T02:04:05Z",
            "endsAt": "2024-01-02T03:00:00Z",
            "generatorURL": "http://127.0.0.1:9090/graph?g0.expr=up",
            "fingerprint": "fedcba9876543210",
        },
    ],
}


@click.group(cls=Commands)
def template() -> None:
    """Try templates of notifications."""


@template.command(epilog="Exit codes: 0 rendered, 1 the template fails, 2 bad usage or a file is refused.")
@click.argument("text", required=False)
@click.option("--template.text", "other", help="the same as TEXT")
@click.option(
    "--config", type=click.Path(path_type=Path), metavar="FILE", help="a config whose templates are there too"
)
@click.option("--glob", "--template.glob", "globs", multiple=True, help="files of templates (repeatable)")
@click.option("--html", is_flag=True, help="escape as in letters")
@click.option("--template.type", "kind", type=click.Choice(["text", "html"]), default="text", help="the same")
@click.option(
    "--data", "--template.data", "data", type=click.Path(path_type=Path), metavar="FILE",
    help="a notification in the form of a webhook's  [an example]",
)  # fmt: skip
def render(
    text: str | None, *, other: str | None, config: Path | None, globs: tuple[str, ...], html: bool, kind: str,
    data: Path | None,
) -> None:  # fmt: skip
    """Fill in TEXT, such as '{{ template "slack.default.title" . }}'; `-` reads it from standard input."""
    from engine.alerting.notify.notification_json import read
    from engine.gotemplate.errors import TemplateError

    given = text if text is not None else other
    if given is None:
        raise click.UsageError("say which text to fill in")
    whole = sys.stdin.read() if given == "-" else given
    templates = _templates(config, globs)
    notification = read(_SAMPLE if data is None else _json(data))
    fill = templates.html if html or kind == "html" else templates.text
    try:
        click.echo(fill(whole, notification))
    except TemplateError as error:
        click.echo(f"engine: {error}", err=True)
        sys.exit(1)


def _templates(config: Path | None, globs: tuple[str, ...]) -> Templates:
    from engine.alerting.matching.grammar import Grammar
    from engine.alerting.notify.templating import load_templates
    from engine.cli.alerting.config import read
    from engine.config.translate import ROOTED

    patterns = [str(Path(one).absolute()) for one in globs]
    if config is not None:
        patterns = [*read(config, Grammar.BOTH).templates, *patterns]
    return load_templates(patterns, ROOTED)


def _json(path: Path) -> Any:
    from engine.foundation.errors import ConfigError

    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: this is no JSON that can be read: {error}") from None
