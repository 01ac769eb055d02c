"""Requests to read: what is taken of them at all."""

from __future__ import annotations

from pathlib import Path

import cramjam
import pytest

from engine.foundation.workers import InlineWorkers
from engine.remote.reader import Reader, ReadError, ReadLimits
from engine.tsdb.store import Store


async def test_a_request_that_would_be_longer_than_any_is_not_unpacked(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    reader = Reader(store, InlineWorkers(), ReadLimits(), dict)
    with pytest.raises(ReadError, match="would be 33554433 bytes long, more than 33554432"):
        await reader.decode(bytes(cramjam.snappy.compress_raw(bytes(2**25 + 1))))
    store.close()
