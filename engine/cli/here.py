"""Which engine a command asks where nobody says: the one that runs with this folder's data, else the usual port.

An engine may listen elsewhere (`--listen`, `--free-ports`), and its data folder knows where.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal, TypeAlias

import click

DATA_DIR: Final = "engine-data"
Component: TypeAlias = Literal["prometheus", "alertmanager", "loki"]
USUAL: Final[Mapping[Component, str]] = {
    "prometheus": "http://127.0.0.1:9090",
    "alertmanager": "http://127.0.0.1:9093",
    "loki": "http://127.0.0.1:3100",
}


def url_here(component: Component, folder: Path = Path(DATA_DIR)) -> str:
    """Raises ConfigError where only others may look into the folder."""
    from engine.app.process.datafolder import running

    run = running(folder)
    return USUAL[component] if run is None or component not in run.ports else f"http://{run.ports[component]}"


def url_of(given: str | None, component: Component) -> str:
    """What `--url` says, else `url_here`. Raises ConfigError."""
    return url_here(component) if given is None else given


def url_option(
    component: Component, text: str, check: Callable[[click.Context, click.Parameter, str | None], str] | None = None
) -> Callable[[click.decorators.FC], click.decorators.FC]:
    """`--url`, None where it is not given: `url_of` is called by who asks, since not every use of a command does."""
    told = f"{text}  [that of ./{DATA_DIR}, else {USUAL[component]}]"
    return click.option("--url", metavar="URL", help=told, callback=check)
