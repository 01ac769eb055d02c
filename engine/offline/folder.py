"""A data folder that no engine uses, and the store in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.foundation.errors import ConfigError
from engine.foundation.files import FolderLock
from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store

_STORE = "metrics"


def store_folder(data_dir: Path) -> Path:
    """Where the samples of a data folder are; the folder itself may be the store too. Raises ConfigError."""
    for folder in (data_dir / _STORE, data_dir):
        if (folder / "format").is_file():
            return folder
    raise ConfigError(f"{data_dir}: there is no store here: name the folder that `engine run --data-dir` was given")


def new_store_folder(data_dir: Path) -> Path:
    """The same, or where the store of an empty data folder will be. Raises ConfigError."""
    try:
        return store_folder(data_dir)
    except ConfigError:
        if data_dir.is_dir() and any(data_dir.iterdir()) and not (data_dir / _STORE).is_dir():
            raise ConfigError(f"{data_dir}: neither a store nor empty: name another folder") from None
        return data_dir / _STORE


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else uses the folder meanwhile. Raises FolderLockedError, which tells who does."""
    lock = FolderLock(folder)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    """The store, which forgets nothing for its age. Raises StoreError."""
    store = Store.open(folder, StoreOptions(retention_ms=0))
    try:
        yield store
    finally:
        store.close()
