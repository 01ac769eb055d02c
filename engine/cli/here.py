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


def url_option(
    component: Component, text: str, check: Callable[[click.Context, click.Parameter, str], str] | None = None
) -> Callable[[click.decorators.FC], click.decorators.FC]:
    """`--url`."""
    return click.option(
        "--url", metavar="URL", help=f"{text}  [that of ./{DATA_DIR}, else {USUAL[component]}]", callback=check,
        default=lambda: url_here(component), show_default=False,
    )  # fmt: skip
