"""`engine check stack`: all files of a stack together, and the metrics of a running engine beside them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from msgspec import DecodeError, json

from engine.cli.querying.source import Remote, asked
from engine.config.check import Judging, exit_code, render_verdict
from engine.config.stack.check import check_stack
from engine.foundation.clock import SystemClock
from engine.foundation.errors import EngineError


def judge_stacks(paths: Sequence[str], url: str, how: Judging) -> None:
    """Prints what is found, and ends the process. Raises ConfigError."""
    if not paths:
        raise click.UsageError("name a folder or a compose file: engine check stack DIR")
    exposed = asyncio.run(_exposed(url))
    verdicts = [check_stack(Path(path), exposed, how) for path in paths]
    for verdict in verdicts:
        for line in render_verdict(verdict):
            click.echo(line)
    if exposed is None:
        click.echo(f"nothing answers at {url}: whether targets expose what rules ask for is not known (--url)")
    sys.exit(exit_code(verdicts))


async def _exposed(url: str) -> frozenset[str] | None:
    """The metrics that a running engine knows; None where there is none."""
    try:
        answer = await asked(Remote(url.rstrip("/"), SystemClock()), "/label/__name__/values", {})
        return frozenset(json.decode(answer)["data"])
    except (EngineError, DecodeError, KeyError, TypeError):
        return None
