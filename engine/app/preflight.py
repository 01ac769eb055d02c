"""What is tried before anything starts, so that a mistake is one line at once and not a surprise later."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

from engine.app.options import RunOptions
from engine.config.load import Loaded
from engine.foundation.delivery import EVERYBODY
from engine.foundation.errors import ConfigError
from engine.remote.writing.manager import RECEIVER as REMOTE_WRITE
from engine.rules.alertmanagers import RECEIVER


def check_folders(folders: Collection[Path]) -> None:
    """Make the folders and try to write there. Raises ConfigError."""
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise ConfigError(
                f"the data folder {folder} can't be written to: {error.strerror}: choose another with --data-dir"
            ) from None


def check_ready_file(options: RunOptions) -> None:
    """Raises ConfigError where its folder is missing."""
    path = options.ready_file
    if path is not None and not path.parent.is_dir():
        raise ConfigError(f"--ready-file {path}: there is no folder {path.parent}")


def check_stdin(options: RunOptions) -> None:
    """Raises ConfigError where nobody can close standard input."""
    if not options.exit_on_stdin_close:
        return
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        mode = 0
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(0)):
        raise ConfigError("--exit-on-stdin-close: standard input is no pipe, so nobody could close it")


def check_external_url(options: RunOptions) -> None:
    """Raises ConfigError for what is no URL."""
    given = {"--web.external-url": options.web.external_url, "--alertmanager-external-url": options.alertmanager_url}
    for flag, url in given.items():
        parts = urlsplit(url)
        if url and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ConfigError(f"{flag} {url}: want http://HOST:PORT, or http://HOST:PORT/PATH")


def check_deliver(options: RunOptions, loaded: Loaded) -> None:
    """Raises ConfigError for a receiver that there is none of."""
    known = [RECEIVER, *(receiver.name for receiver in loaded.alertmanager.receivers)] if loaded.alertmanager else []
    known += [config.name or REMOTE_WRITE for config in loaded.config.remote_write]
    known += [client.known_as for client in loaded.promtail.settled_clients] if loaded.promtail else []
    for name in sorted(options.deliver - {EVERYBODY}):
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f'did you mean "{near[0]}"?' if near else f"there are: {', '.join(known) or 'none'}"
            raise ConfigError(f'--deliver {name}: there is no receiver "{name}" ({hint})')
