"""`engine exporter NAME`: one exporter alone, under the original's flags, for any Prometheus to scrape."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from pathlib import Path

import click

DEFAULT_ADDRESS = "127.0.0.1:9100"
_ANY_FLAG = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": ["-h", "--help"]}


@click.group()
def exporter() -> None:
    """Run one exporter alone, for any Prometheus to scrape."""


@exporter.command(context_settings=_ANY_FLAG)
@click.option("--listen", "--web.listen-address", "address", default=DEFAULT_ADDRESS, show_default=True)
@click.option("--web.config.file", "web_config", type=click.Path(path_type=Path), help="TLS, users and headers")
@click.argument("flags", nargs=-1, type=click.UNPROCESSED)
def node(address: str, web_config: Path | None, flags: tuple[str, ...]) -> None:
    """The machine's metrics; FLAGS are those of node_exporter: --collector.X, --no-collector.X, --path.procfs ..."""
    from engine.web.server import parse_listen
    from exporters.node.flags import parse_flags

    options = parse_flags(flags)
    listener = parse_listen("node", address)

    async def serve() -> None:
        from engine.foundation.clock import SystemClock
        from engine.foundation.supervise import Supervisor
        from engine.foundation.workers import ThreadWorkers
        from engine.web.access import WebAccess
        from engine.web.counts import HttpCounts
        from engine.web.server import Serving, application, bind, free_port_of, running
        from exporters.node.exporter import NodeExporter
        from exporters.serve import in_turn, landing, metrics

        ended, clock, workers = asyncio.Event(), SystemClock(), ThreadWorkers(1)
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, ended.set)
        access = None if web_config is None else WebAccess(web_config, workers)
        how = Serving(counts=HttpCounts(), access=access)
        routes = [landing("Node Exporter"), metrics(in_turn(NodeExporter(options), workers))]
        bound = bind(listener)
        app = application(routes, listener, clock, how)
        async with running(app, bound, clock, Supervisor(clock), how):
            where = replace(listener, port=free_port_of(bound))
            click.echo(f"node exporter: {how.scheme}://{where}/metrics", err=True)
            await ended.wait()

    asyncio.run(serve())
