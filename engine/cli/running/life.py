"""`engine run --detach`, `engine stop`, `engine clear`: engines that run behind the terminal, and what they leave."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import click
import psutil

from engine.foundation.errors import ConfigError, EngineError
from engine.foundation.files import FolderLock

PATIENCE: Final = 30.0
"""Seconds that an engine may take to end: it writes what it holds."""
_LOOK_SECONDS: Final = 0.05


class StillRunningError(EngineError):
    """An engine does not end."""


class Ends(Protocol):
    """A process, as psutil has it."""

    @property
    def pid(self) -> int: ...

    def send_signal(self, sig: int) -> None: ...

    def wait(self, timeout: float) -> object: ...


_folder = click.option(
    "--data-dir", default="engine-data", show_default=True, type=click.Path(path_type=Path, file_okay=False)
)


@click.command()
@_folder
def stop(data_dir: Path) -> None:
    """End the engine that uses a data folder, and wait until it has written all that it holds."""
    from engine.app.process.datafolder import running

    run = running(data_dir)
    if run is None:
        raise ConfigError(f"{data_dir}: no engine runs with this folder (--data-dir names another)")
    if psutil.pid_exists(run.pid):
        end(psutil.Process(run.pid))
    click.echo(f"stopped (pid {run.pid})")


def end(process: Ends) -> None:
    """Ask it to end, and wait until it has. Raises StillRunningError."""
    try:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
    except psutil.NoSuchProcess:
        return
    except psutil.AccessDenied:
        raise StillRunningError(
            f"the engine (pid {process.pid}) is another user's: they, or root, may end it"
        ) from None
    except psutil.TimeoutExpired:
        raise StillRunningError(f"the engine (pid {process.pid}) has not ended within {PATIENCE:.0f} s") from None


@click.command()
@_folder
@click.option("--yes", is_flag=True, help="do not ask")
def clear(data_dir: Path, *, yes: bool) -> None:
    """Remove all samples, silences and journals that are kept in a data folder."""
    from engine.app.process.datafolder import is_ours

    if not is_ours(data_dir):
        raise ConfigError(f"{data_dir}: no engine has kept data there, so nothing of it is removed")
    lock = _locked(data_dir)
    try:
        kept = sorted(one for one in data_dir.iterdir() if one.name != "lock")
        if kept and not yes:
            names = ", ".join(one.name for one in kept)
            click.confirm(f"Remove {_size(kept)} from {data_dir} ({names})?", abort=True)
        for one in kept:
            shutil.rmtree(one) if one.is_dir() and not one.is_symlink() else one.unlink()
    except OSError as error:
        told = f"{data_dir} can't be emptied: {error.filename}: {error.strerror}"
        raise ConfigError(f"{told}: whoever's it is may empty it") from None
    finally:
        lock.release()
    click.echo(f"{data_dir} is empty")


def _locked(folder: Path) -> FolderLock:
    try:
        return FolderLock(folder)
    except OSError as error:
        raise ConfigError(f"{folder} can't be written to: {error.strerror}: whoever's it is may empty it") from None


def _size(paths: Sequence[Path]) -> str:
    files = [file for path in paths for file in (path, *path.rglob("*")) if file.is_file() and not file.is_symlink()]
    size = sum(file.stat().st_size for file in files)
    return f"{size / 1e6:.1f} MB"


def detach(arguments: Sequence[str], data_dir: Path) -> int:
    """Start `engine run` with these arguments in a session of its own; come back when it is ready, or has failed."""
    from engine.app.process.datafolder import LOG, DataFolder, running

    if running(data_dir) is not None:
        raise ConfigError(f"{data_dir}: an engine runs with this folder already: engine stop --data-dir {data_dir}")
    try:
        DataFolder(
            data_dir
        ).release()  # nobody else starts with it, and what one that was killed left of itself is gone
    except OSError as error:
        raise ConfigError(
            f"the data folder {data_dir} can't be written to: {error.strerror}: choose another with --data-dir"
        ) from None
    with (data_dir / LOG).open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "engine", "run", *arguments],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    while (run := running(data_dir)) is None or run.pid != process.pid:
        try:
            status = process.wait(_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        click.echo((data_dir / LOG).read_bytes(), err=True, nl=False)
        return status
    click.echo((data_dir / LOG).read_bytes(), err=True, nl=False)
    where = f"pid {run.pid}, log {data_dir / LOG}; end it with engine stop --data-dir {data_dir}"
    click.echo(f"  detached       {where}", err=True)
    return 0
