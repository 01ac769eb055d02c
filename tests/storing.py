"""What is done to every store: killed while it is written, and filled up to its last byte."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def killed(writer: str, folder: Path, first: int, after: int) -> int:
    """Let a process (`python -m WRITER FOLDER FIRST`) write from `first` on, telling each in a line, and kill it after
    some more; how many were acknowledged.
    """
    command = [sys.executable, "-m", writer, str(folder), str(first)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(after):
            assert process.stdout.readline(), process.stderr.read()
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().count("\n")
    assert process.returncode == -signal.SIGKILL
    return first + after + rest


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """A file system of 256 kB; skips the test where none can be mounted."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"a small file system can't be mounted here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)  # maps of files may live on


def fill_up(disk: Path) -> Path:
    """A file that takes all room that is left."""
    path = disk / "filler"
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(512))
    return path
