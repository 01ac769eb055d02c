"""`engine exporter NAME`: one exporter alone, under the original's flags, for any Prometheus to scrape."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from aiohttp import web

    from engine.foundation.clock import Clock
    from engine.foundation.workers import Workers

_ANY_FLAG = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": ["-h", "--help"]}
_WEB_CONFIG = click.option(
    "--web.config.file", "web_config", type=click.Path(path_type=Path), help="TLS, users and headers"
)


@dataclass(frozen=True, slots=True)
class Alone:
    """What an exporter that runs alone answers, and how it reads its file again if it has one; raises EngineError."""

    routes: Sequence[web.RouteDef]
    reload: Callable[[], Awaitable[None]] | None = None


def _listen(default: str) -> Callable[[click.decorators.FC], click.decorators.FC]:
    return click.option("--listen", "--web.listen-address", "address", default=default, show_default=True)


@click.group()
def exporter() -> None:
    """Run one exporter alone, for any Prometheus to scrape."""


@exporter.command(context_settings=_ANY_FLAG)
@_listen("127.0.0.1:9100")
@_WEB_CONFIG
@click.argument("flags", nargs=-1, type=click.UNPROCESSED)
def node(address: str, web_config: Path | None, flags: tuple[str, ...]) -> None:
    """The machine's metrics; FLAGS are those of node_exporter: --collector.X, --no-collector.X, --path.procfs ..."""
    from exporters.node.flags import parse_flags

    options = parse_flags(flags)

    def alone(_: Clock, workers: Workers) -> Alone:
        from exporters.node.exporter import NodeExporter
        from exporters.serve import in_turn, landing, metrics

        return Alone([landing("Node Exporter"), metrics(in_turn(NodeExporter(options), workers))])

    asyncio.run(_serve("node", address, web_config, alone))


@exporter.command()
@click.option(
    "--config", "--config.file", "file", type=click.Path(path_type=Path),
    help="blackbox.yml  [the original's modules: http_2xx, tcp_connect, icmp ...]",
)  # fmt: skip
@click.option("--config.check", "only_check", is_flag=True, help="judge the file, and end")
@click.option(
    "--timeout-offset",
    "offset",
    default=0.5,
    show_default=True,
    help="seconds of a scrape's timeout that are left over",
)
@click.option("--history.limit", "limit", default=100, show_default=True, help="probes that are remembered")
@_listen("127.0.0.1:9115")
@_WEB_CONFIG
def blackbox(
    *, file: Path | None, only_check: bool, offset: float, limit: int, address: str, web_config: Path | None
) -> None:
    """Probes over HTTP, TCP, ICMP, DNS and gRPC: /probe?target=HOST&module=NAME."""
    from exporters.blackbox.file import load

    loaded = load(file)
    if only_check:
        click.echo(f"{file or 'the built-in modules'}: fine")
        return

    def alone(clock: Clock, _: Workers) -> Alone:
        from engine.foundation.addresses import AddressBook
        from exporters.blackbox import pages
        from exporters.blackbox.exporter import Blackbox

        addresses = AddressBook(clock, translate=False)
        base = Path() if file is None else file.parent
        made = Blackbox(loaded, base, clock=clock, addresses=addresses, offset=offset, history_limit=limit)

        async def reload() -> None:
            made.reloads.good = False
            made.apply(load(file), base)

        return Alone(pages.routes(lambda: made, reload), reload)

    asyncio.run(_serve("blackbox", address, web_config, alone))


async def _serve(name: str, address: str, web_config: Path | None, make: Callable[[Clock, Workers], Alone]) -> None:
    """Answer until somebody ends it."""
    from engine.foundation.clock import SystemClock
    from engine.foundation.supervise import Supervisor
    from engine.foundation.workers import ThreadWorkers
    from engine.web.access import WebAccess
    from engine.web.counts import HttpCounts
    from engine.web.server import Serving, application, bind, free_port_of, parse_listen, running

    listener = parse_listen(name, address)
    ended, clock, workers = asyncio.Event(), SystemClock(), ThreadWorkers(1)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    access = None if web_config is None else WebAccess(web_config, workers)
    how = Serving(counts=HttpCounts(), access=access)
    bound = bind(listener)
    alone, supervisor = make(clock, workers), Supervisor(clock)
    if alone.reload is not None:
        _ = supervisor.start("reload", partial(_follow_hangups, alone.reload))
    app = application(alone.routes, listener, clock, how)
    async with running(app, bound, clock, supervisor, how):
        where = replace(listener, port=free_port_of(bound))
        click.echo(f"{name} exporter: {how.scheme}://{where}/metrics", err=True)
        await ended.wait()
    await supervisor.stop_all()


async def _follow_hangups(reload: Callable[[], Awaitable[None]]) -> None:
    from engine.foundation.errors import EngineError

    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, asked.set)
    while True:
        await asked.wait()
        asked.clear()
        try:
            await reload()
        except EngineError as error:
            click.echo(f"nothing was changed: {error}", err=True)
