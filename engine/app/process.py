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

from engine.app.alertnews import AlertNews, News
from engine.app.application import Application
from engine.app.around import Around
from engine.app.datafolder import DataFolder
from engine.app.desktop import Desktop, program
from engine.app.options import RunOptions
from engine.app.preflight import check_deliver, check_external_url, check_folders, check_ready_file, check_stdin
from engine.app.reading import read
from engine.app.summary import Summary
from engine.config.load import Loaded
from engine.foundation.clock import SECOND, Clock, SystemClock
from engine.foundation.delivery import EVERYBODY, Withheld, masked_url
from engine.foundation.errors import EngineError
from engine.foundation.files import matching, replace
from engine.foundation.pauses import short_pauses
from engine.foundation.source import Severity
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import ThreadWorkers

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
    summary = summarise(app, await app.look_around(), app.clock.now_ns() / SECOND - psutil.Process().create_time())
    click.echo(summary.json() if as_json else summary.text(), err=True)
    app.delivery.outbox.watch(_withheld_teller(as_json=as_json))
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
    data = "kept in memory alone" if options.data_dir is None else str(app.store_folder)
    return Summary(
        version=version("monitoring-engine"),
        seconds=seconds,
        found=options.found,
        files=[str(path) for path in loaded.files],
        data=f"{data} ({app.runtime().retention})",
        logs=app.logs.told(),
        asking=app.asking(),
        ports=app.components.ports,
        scheme=app.components.scheme,
        silent=list(app.components.silent.values()),
        targets=len(app.scrapes.active),
        jobs=len(loaded.config.scrape_configs),
        rules=rule_count(loaded),
        log_rules=app.ruling.count,
        tailing=[*app.tailing.told(), *_awaited(options.files)],
        dashboards=0 if loaded.grafana is None else len(loaded.grafana.boards),
        translated=translated,
        delivering=_delivering(app),
        warnings=[*options.notes, *app.components.moved]
        + [str(f) for f in loaded.findings if f.severity in (Severity.WARNING, Severity.OURS)],
    )


def _awaited(files: Sequence[Path]) -> list[str]:
    """Those that the command line names and that are not there yet."""
    return [f"{file} once it is there" for file in files if not matching(str(file))]


def _delivering(app: Application) -> list[str]:
    all_writes = [app.writes, *app.ruling.writes]
    held = [
        f"no samples to {url}: it lies beyond this machine; --deliver sends them"
        for url in dict.fromkeys(url for writes in all_writes for url in writes.withheld)
    ]
    urls = (queue.config.url.reveal() for writes in all_writes for queue in writes.queues)
    sent = [f"samples to {url}" for url in dict.fromkeys(map(masked_url, urls))]
    return [*_notifying(app), *sent, *held, *app.tailing.delivering()]


def _notifying(app: Application) -> list[str]:
    if app.alertmanager is None:
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

    app.notifier.watch(AlertNews(app.clock, hear))
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
        folder.tell_ready(app.components.ports)
    if app.options.ready_file is not None:
        replace(app.options.ready_file, msgspec.json.encode(app.components.ports) + b"\n")


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
