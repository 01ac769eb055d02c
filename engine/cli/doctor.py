"""`engine doctor`: what ails a running stack, and the next step."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Final

import click

from engine.cli.here import DATA_DIR, USUAL, url_here

COMPONENTS: Final = ("alertmanager", "loki", "promtail")
AILING: Final = 1


@click.command()
@click.option(
    "--url", metavar="URL", help=f"Prometheus, or the engine  [that of --data-dir, else {USUAL['prometheus']}]"
)
@click.option(
    "--data-dir", default=DATA_DIR, show_default=True, type=click.Path(path_type=Path, file_okay=False),
    help="the folder of the engine that is meant, where no --url says it",
)  # fmt: skip
@click.option("--alertmanager", metavar="URL", help="where it is another's  [the same]")
@click.option("--loki", metavar="URL", help="the same of Loki")
@click.option("--promtail", metavar="URL", help="the same of Promtail")
@click.option("--json", "as_json", is_flag=True, help="for machines")
def doctor(url: str | None, data_dir: Path, *, as_json: bool, **others: str | None) -> None:
    """Look for missing samples, targets that are down, late alerts, missing logs and slow dashboards."""
    first = url or url_here("prometheus", data_dir)
    urls = {"prometheus": first, **{name: given for name in COMPONENTS if (given := others[name])}}
    sys.exit(asyncio.run(_examined(urls, as_json=as_json)))


async def _examined(urls: dict[str, str], *, as_json: bool) -> int:
    import msgspec

    from engine.doctor.asking import HttpStack
    from engine.doctor.table import examined
    from engine.foundation.addresses import AddressBook
    from engine.foundation.clock import SystemClock
    from engine.foundation.delivery import masked_url
    from engine.foundation.http_client import HttpClient
    from engine.foundation.http_config import HTTPClientConfig

    async with HttpClient(HTTPClientConfig(), AddressBook(SystemClock(), translate=False)) as client:
        stack = HttpStack(client, urls)
        await stack.query("vector(1)")  # raises where another program answers
        found = await examined(stack)
    if not as_json:
        click.echo(f"asked: {masked_url(urls['prometheus'])}")
    else:
        click.echo(msgspec.json.encode({name: msgspec.to_builtins(all_) for name, all_ in found.items()}))
    for trouble, ailments in found.items() if not as_json else ():
        click.echo(f"{trouble}?  {'' if any(one.hurts for one in ailments) else 'no'}".rstrip())
        for one in ailments:
            click.echo(f"  {'!' if one.hurts else '-'} {one.text}\n    {one.step}")
    return AILING if any(one.hurts for all_ in found.values() for one in all_) else 0
