"""How an exporter runs alone: what all of them are told, and answering until somebody ends it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
from msgspec import Struct
from msgspec.structs import replace

from engine.cli.option_types import ANY_COUNT, with_default

if TYPE_CHECKING:
    from aiohttp import web

    from engine.foundation.clock import Clock
    from engine.foundation.workers import Workers
    from exporters.serve import Exporter


class How(Struct, frozen=True, kw_only=True):
    """What every exporter is told alike. `path` is where its metrics are; `requests` may wait at once, 0 being any."""

    addresses: tuple[str, ...]
    web_config: Path | None
    level: str
    form: Literal["logfmt", "json"]
    path: str = "/metrics"
    requests: int = 0


class Alone(Struct, frozen=True):
    """What an exporter that runs alone answers, and how it reads its file again if it has one; raises EngineError."""

    routes: Sequence[web.RouteDef]
    reload: Callable[[], Awaitable[None]] | None = None


def everywhere(default: str) -> Callable[[Any], Any]:
    """The options of How that every exporter takes."""
    return _all(
        click.option(
            "--listen",
            "--web.listen-address",
            "addresses",
            multiple=True,
            default=[default],
            show_default=True,
            help="HOST:PORT; may be repeated",
        ),
        click.option("--web.config.file", "web_config", type=click.Path(path_type=Path), help="TLS, users and headers"),
        click.option("--log.level", "level", type=click.Choice(["debug", "info", "warn", "error"]), default="warn"),
        click.option("--log.format", "form", type=click.Choice(["logfmt", "json"]), default="logfmt"),
    )


def of_pages(default: str, path_flag: str = "--web.telemetry-path") -> Callable[[Any], Any]:
    """Those, and the options of exporters that have one page of metrics."""
    return _all(
        everywhere(default),
        click.option(path_flag, "path", default="/metrics", show_default=True, help="where the metrics are"),
        with_default("--web.max-requests", "requests", ANY_COUNT, 40, "how many may wait at once; 0 is any number"),
    )


def _all(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def run_page(name: str, title: str, make: Callable[[], Exporter], how: How) -> None:
    """Run an exporter that has one page of metrics. Raises ConfigError."""
    from engine.foundation.errors import ConfigError

    if not how.path.startswith("/") or set(how.path) & set("{}"):
        raise ConfigError(f"{name} exporter: {how.path!r} is no path of a page: want one like /metrics")

    def alone(_: Clock, workers: Workers) -> Alone:
        from exporters.serve import TEXT_ALONE, in_turn, landing, metrics

        page = metrics(in_turn(make(), workers, how.requests), how.path, text_alone=name in TEXT_ALONE)
        return Alone([page] if how.path == "/" else [landing(title, how.path), page])

    run(name, alone, how)


def run(name: str, make: Callable[[Clock, Workers], Alone], how: How) -> None:
    """Answer until somebody ends it. Raises ConfigError."""
    from engine.foundation.logs import configure

    configure(how.level, how.form)
    asyncio.run(_serve(name, make, how))


async def _serve(name: str, make: Callable[[Clock, Workers], Alone], how: How) -> None:
    from engine.foundation.clock import SystemClock
    from engine.foundation.supervise import Supervisor
    from engine.foundation.workers import ThreadWorkers
    from engine.web.access import WebAccess
    from engine.web.counts import HttpCounts
    from engine.web.server import Serving, application, bind, free_port_of, parse_listen, running

    listeners = [parse_listen(name, address) for address in how.addresses]
    ended, clock, workers = asyncio.Event(), SystemClock(), ThreadWorkers(1)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    access = None if how.web_config is None else WebAccess(how.web_config, workers)
    serving = Serving(counts=HttpCounts(), access=access)
    alone, supervisor = make(clock, workers), Supervisor(clock)
    bound = [(listener, bind(listener)) for listener in listeners]
    if alone.reload is not None:
        _ = supervisor.start("reload", partial(_follow_hangups, alone.reload))
    async with AsyncExitStack() as stack:
        for listener, there in bound:
            app = application(alone.routes, listener, clock, serving)
            await stack.enter_async_context(running(app, there, clock, supervisor, serving))
            where = replace(listener, port=free_port_of(there))
            click.echo(f"{name} exporter: {serving.scheme}://{where}{how.path}", err=True)
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
