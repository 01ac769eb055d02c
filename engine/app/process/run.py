"""One run of the engine as a process: signals, the summary at the start, a clean stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import click
import msgspec
import psutil
from yarl import URL

from engine.app.application import Application
from engine.app.around import Around
from engine.app.options import RunOptions
from engine.app.parts import Parts
from engine.app.preflight import check_deliver, check_external_url, check_folders, check_ready_file, check_stdin
from engine.app.process.alertnews import AlertNews, News
from engine.app.process.datafolder import DataFolder
from engine.app.process.desktop import Desktop, program
from engine.app.process.summary import Summary
from engine.app.reading import read
from engine.app.storing import kept
from engine.config.load import Loaded
from engine.foundation.clock import SECOND, Clock, SystemClock
from engine.foundation.delivery import EVERYBODY, Withheld, masked_url
from engine.foundation.errors import EngineError
from engine.foundation.files import matching, replace
from engine.foundation.pauses import short_pauses
from engine.foundation.source import Severity
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import ThreadWorkers
from engine.rules.alertmanagers import InProcess

_SHOWN: Final = 300
_READ_AT_ONCE: Final = 4096

log = logging.getLogger(__name__)


async def run_until_stopped(options: RunOptions, *, as_json: bool) -> int:
    """The exit code: 0 after Ctrl-C or a request to quit, 1 when the store could not go on.

    Raises ConfigError, StoreError for what stands in the way of starting.
    """
    clock = SystemClock()
    with short_pauses(clock.monotonic):
        return await _run(options, clock, as_json=as_json)


async def _run(options: RunOptions, clock: Clock, *, as_json: bool) -> int:
    hung_up = _hang_ups()
    check_ready_file(options)
    check_stdin(options)
    desktop = Desktop(program()) if options.notify else None
    check_external_url(options)
    loaded = read(options)
    check_deliver(options, loaded)
    workers = ThreadWorkers()
    supervisor = Supervisor(clock)
    with _data_folder(options) as folder:
        app = Application(options, loaded, Around(clock, workers, supervisor))
        try:
            _tell_alerts(app, supervisor, desktop, as_json=as_json)
            await _live(app, supervisor, folder, hung_up, as_json=as_json)
        finally:
            await app.stop()
    if supervisor.fatal.done():
        log.error("the store can't go on: %s", supervisor.fatal.result())
        return 1
    return 0


async def _live(
    app: Application, supervisor: Supervisor, folder: DataFolder | None, hung_up: asyncio.Event, *, as_json: bool
) -> None:
    await app.start()
    summary = summarise(app, await look_around(app.parts), app.clock.now_ns() / SECOND - psutil.Process().create_time())
    click.echo(summary.json() if as_json else summary.text(), err=True)
    app.parts.delivery.outbox.watch(_withheld_teller(as_json=as_json))
    app.tell = _teller(as_json=as_json)
    _listen_to_signals(app)
    _tell_ready(app, folder)
    await _until_the_end(app, supervisor, hung_up)


@contextmanager
def _data_folder(options: RunOptions) -> Iterator[DataFolder | None]:
    """Held for this process alone. Raises ConfigError, FolderLockedError."""
    if options.data_dir is None:
        yield None
        return
    check_folders([options.data_dir])
    folder = DataFolder(options.data_dir)
    try:
        yield folder
    finally:
        folder.release()


def summarise(app: Application, translated: list[tuple[str, str]], seconds: float) -> Summary:
    """The state right after the start."""
    options, loaded = app.options, app.loaded
    data = "kept in memory alone" if options.data_dir is None else str(app.parts.store_folder)
    return Summary(
        version=version("monitoring-engine"),
        seconds=seconds,
        found=options.found,
        files=[str(path) for path in loaded.files],
        data=f"{data} ({kept(app.parts.store.options)})",
        logs=app.parts.logs.told(),
        asking=_asking(app.parts),
        ports=app.parts.components.ports,
        scheme=app.parts.components.scheme,
        silent=list(app.parts.components.silent.values()),
        targets=len(app.parts.scrapes.active),
        jobs=len(loaded.config.scrape_configs),
        rules=rule_count(loaded),
        log_rules=app.parts.ruling.count,
        tailing=[*app.parts.tailing.told(), *_awaited(options.files)],
        dashboards=0 if loaded.grafana is None else len(loaded.grafana.boards),
        translated=translated,
        delivering=_delivering(app),
        warnings=[*options.notes, *app.parts.components.moved]
        + [str(f) for f in loaded.findings if f.severity in (Severity.WARNING, Severity.OURS)],
    )


async def look_around(parts: Parts) -> list[tuple[str, str]]:
    """Wait for the first targets; gives what was translated, as it is written and as it is understood."""
    for pool in parts.scrapes.pools.values():
        if pool.config.static_configs:
            await pool.synced.wait()
    await parts.tailing.settle()
    for active in parts.scrapes.active:
        await parts.addresses.lead(URL(active.target.url, encoded=True))
    names = {t.written: t.leads_to for t in parts.addresses.translations}
    for peer in parts.notifier.alertmanagers:
        if isinstance(peer, InProcess):
            place = URL(peer.url)
            names[f"{place.host}:{place.port}"] = "alertmanager, in process"
    return [*((str(t.written), str(t.used)) for t in parts.in_force.loaded.translations), *names.items()]


def _asking(parts: Parts) -> list[str]:
    """Whom else queries ask, in words."""
    if parts.forwarder is not None:
        return [f"queries are evaluated by {parts.forwarder.shown}"]
    return [f"samples of {client.config.url} too, by remote_read" for client in parts.reads.clients]


def _awaited(files: Sequence[Path]) -> list[str]:
    """Those that the command line names and that are not there yet."""
    return [f"{file} once it is there" for file in files if not matching(str(file))]


def _delivering(app: Application) -> list[str]:
    all_writes = [app.parts.writes, *app.parts.ruling.writes]
    held = [
        f"no samples to {url}: it lies beyond this machine; --deliver sends them"
        for url in dict.fromkeys(url for writes in all_writes for url in writes.withheld)
    ]
    urls = (queue.config.url.reveal() for writes in all_writes for queue in writes.queues)
    sent = [f"samples to {url}" for url in dict.fromkeys(map(masked_url, urls))]
    return [*_notifying(app), *sent, *held, *app.parts.tailing.delivering()]


def _notifying(app: Application) -> list[str]:
    if app.parts.alertmanager is None:
        return []
    allowed = app.options.deliver
    if EVERYBODY in allowed:
        return ["everything that the receivers of the configuration name"]
    if allowed:
        return [f"{', '.join(sorted(allowed))}; what other receivers would send beyond this machine is shown here"]
    return ["nothing beyond this machine: that is shown here; --deliver sends it (--deliver RECEIVER: of that one)"]


def _teller(*, as_json: bool) -> Callable[[str], None]:
    """Says something to whoever watches the terminal, with the time."""

    def tell(text: str) -> None:
        line = msgspec.json.encode({"event": "told", "text": text}).decode() if as_json else f"{_now():%H:%M:%S} {text}"
        click.echo(line, err=True)

    return tell


def _tell_alerts(app: Application, supervisor: Supervisor, desktop: Desktop | None, *, as_json: bool) -> None:
    """Here, and on the desktop where there is one."""
    tell = _teller(as_json=as_json)

    def hear(news: News) -> None:
        for line in news.lines():
            tell(line)
        if desktop is not None:
            desktop.show(news)

    app.parts.notifier.watch(AlertNews(app.clock, hear))
    if desktop is not None:
        _ = supervisor.start("desktop notifications", desktop.run)


def _withheld_teller(*, as_json: bool) -> Callable[[Withheld], None]:
    """Says in one line what would have been sent."""

    def tell(withheld: Withheld) -> None:
        if as_json:
            click.echo(msgspec.json.encode({"event": "not sent", **msgspec.to_builtins(withheld)}), err=True)
            return
        payload = " ".join(withheld.payload.split())
        shown = payload if len(payload) <= _SHOWN else payload[: _SHOWN - 1] + "…"
        whom = f"{withheld.integration} to {withheld.address}"
        click.echo(f"{_now():%H:%M:%S} not sent: {whom}: {shown}", err=True)

    return tell


def _hang_ups() -> asyncio.Event:
    """Set by SIGHUP, from now on: one that comes while the engine starts would end it, and is kept for later."""
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, asked.set)
    return asked


async def _keep_reloading(app: Application, asked: asyncio.Event) -> None:
    while True:
        await asked.wait()
        asked.clear()
        try:
            await app.reload()
        except EngineError as error:
            app.tell(f"nothing was changed: {error}")
        except Exception:
            log.exception("loading the configuration again failed")


def _listen_to_signals(app: Application) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, app.quit)


async def _stdin_closed() -> None:
    """Returns once nobody has the other end of standard input any more."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    try:
        while await reader.read(_READ_AT_ONCE):
            pass  # nothing is said there
    finally:
        transport.close()


def _tell_ready(app: Application, folder: DataFolder | None) -> None:
    if folder is not None:
        folder.tell_ready(app.parts.components.ports)
    if app.options.ready_file is not None:
        replace(app.options.ready_file, msgspec.json.encode(app.parts.components.ports) + b"\n")


def _now() -> datetime:
    return datetime.fromtimestamp(SystemClock().now_ns() / SECOND).astimezone()


def rule_count(loaded: Loaded) -> int:
    return sum(len(group.rules) for file in loaded.rules.values() for group in file.groups)


async def _until_the_end(app: Application, supervisor: Supervisor, hung_up: asyncio.Event) -> None:
    """Reloads meanwhile, whenever `hung_up` is set."""
    reloads = supervisor.start("reload", partial(_keep_reloading, app, hung_up))
    ends: list[asyncio.Future[Any]] = [supervisor.start("wait for the end", app.stopped), supervisor.fatal, reloads]
    if app.options.exit_on_stdin_close:
        ends.append(supervisor.start("wait for the end of standard input", _stdin_closed))
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
