"""`engine check promtail FILE --try`: lines from standard input through a job's stages, each step told."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import click

from engine.config.check import BAD, Judging, check, render_verdict
from engine.foundation.clock import SystemClock
from engine.foundation.errors import ConfigError
from engine.promtail.config import parse_promtail
from engine.promtail.config_sources import ScrapeConfig
from engine.promtail.trying import Trial, tried

_WIDTH = 20


def try_lines(path: Path, job: str, how: Judging) -> NoReturn:
    """Ends the process: 0, or 2 where the file is refused."""
    verdict = check(path, "promtail", how)
    if not verdict.fine:
        for line in render_verdict(verdict):
            click.echo(line)
        sys.exit(BAD)
    config = parse_promtail(path.read_bytes(), str(path), environment=how.environment).value
    chosen = _job(config.scrape_configs, job)
    labels = next((dict(group.labels) for group in chosen.static_configs), {"job": chosen.job_name})
    shown = {name: value for name, value in labels.items() if not name.startswith("__")}
    lines = (line.rstrip("\n") for line in sys.stdin)
    for trial in tried(chosen.pipeline_stages, shown, lines, SystemClock().now_ns()):
        click.echo("\n".join(_told(trial)))
    sys.exit(0)


def _job(jobs: tuple[ScrapeConfig, ...], name: str) -> ScrapeConfig:
    found = [one for one in jobs if one.job_name == name] if name else list(jobs)
    if len(found) == 1:
        return found[0]
    names = ", ".join(one.job_name for one in jobs) or "none"
    raise ConfigError(
        f"--job {name}: there is no such job (there are: {names})" if name else f"name a job: --job ({names})"
    )


def _told(trial: Trial) -> Iterator[str]:
    yield "at the end" if trial.line is None else f"< {trial.line}"
    for step in trial.steps:
        first, *others = step.deeds or ("-",)
        yield f"  {step.stage:<{_WIDTH}}{first}"
        yield from (f"  {'':<{_WIDTH}}{deed}" for deed in others)
    yield from (f"> {out}" for out in trial.out)
