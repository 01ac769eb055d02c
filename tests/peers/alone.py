"""The real Prometheus, or ours, by itself or both with one configuration, on ports that are given."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.processes import ENGINE, fetch, free_port, running, wait_for


def program(name: str) -> str:
    """Its path. Skips the test where it is not installed, which fails it wherever nothing may be skipped."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


@contextmanager
def prometheus(folder: Path, config: str, *flags: str) -> Iterator[int]:
    """The real one, on a port that is given."""
    port = free_port()
    path = folder / "real.yml"
    path.write_text(config)
    command = [program("prometheus"), f"--config.file={path}", f"--storage.tsdb.path={folder / 'real'}", f"--web.listen-address=127.0.0.1:{port}", *flags]  # fmt: skip
    with running(command, folder / "real.log"):
        wait_for("Prometheus", lambda: fetch(f"http://127.0.0.1:{port}/-/ready"))
        yield port


@contextmanager
def engine(folder: Path, *flags: str, config: str = "") -> Iterator[int]:
    port = free_port()
    path = folder / "ours.yml"
    path.write_text(config)
    command = [*ENGINE, "run", f"--config={path}", f"--data-dir={folder / 'ours'}", f"--web.listen-address=127.0.0.1:{port}", *flags]  # fmt: skip
    with running(command, folder / "ours.log"):
        wait_for("the engine", lambda: fetch(f"http://127.0.0.1:{port}/-/ready"))
        yield port


@contextmanager
def both(folder: Path, config: str) -> Iterator[tuple[int, int]]:
    """The ports of the real one and of ours. Names are taken as they are written; ours keeps nothing."""
    flags = ("--no-translate", "--data-dir=:memory:", "--listen=node=off")
    with prometheus(folder, config) as real, engine(folder, *flags, config=config) as ours:
        yield real, ours
