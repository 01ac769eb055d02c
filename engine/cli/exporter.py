"""`engine exporter NAME`: one exporter alone, under the original's flags, for any Prometheus to scrape."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace

import click

DEFAULT_ADDRESS = "127.0.0.1:9100"
_ANY_FLAG = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": ["-h", "--help"]}


@click.group()
def exporter() -> None:
    """Run one exporter alone, for any Prometheus to scrape."""


@exporter.command(context_settings=_ANY_FLAG)
@click.option("--listen", "--web.listen-address", "address", default=DEFAULT_ADDRESS, show_default=True)
@click.argument("flags", nargs=-1, type=click.UNPROCESSED)
def node(address: str, flags: tuple[str, ...]) -> None:
    """The machine's metrics; FLAGS are those of node_exporter: --collector.X, --no-collector.X, --path.procfs ..."""
    from engine.web.server import parse_listen
    from exporters.node.flags import parse_flags

    options = parse_flags(flags)
    listener = parse_listen("node", address)

    async def serve() -> None:
        from engine.foundation.clock import SystemClock
        from engine.foundation.workers import ThreadWorkers
        from engine.web.counts import HttpCounts
        from engine.web.server import application, bind, free_port_of, running
        from exporters.node.exporter import NodeExporter
        from exporters.serve import in_turn, landing, metrics

        ended = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, ended.set)
        routes = [landing("Node Exporter"), metrics(in_turn(NodeExporter(options), ThreadWorkers(1)))]
        bound = bind(listener)
        app = application(routes, listener, SystemClock(), counts=HttpCounts())
        async with running(app, bound):
            where = replace(listener, port=free_port_of(bound))
            click.echo(f"node exporter: http://{where}/metrics", err=True)
            await ended.wait()

    asyncio.run(serve())
