"""Remote read, where reading fails."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from engine.foundation.errors import StoreError
from engine.foundation.workers import InlineWorkers
from engine.remote.reader import Reader, ReadLimits
from engine.web.api import read
from promql.model.labels import Labels
from promql.model.matchers import Matcher
from promql.model.panel import Kind, Selected
from promql.model.types import IntArray
from tests.remote.read_client import query, request
from tests.web.serving import serving


class BreakingStore:
    """Has a thousand series; only the first ones can be read."""

    def __init__(self) -> None:
        self.reads = 0

    def find(self, matchers: Sequence[Matcher], start: int, end: int) -> IntArray:
        return np.arange(1000)

    def labels_of(self, refs: IntArray) -> list[Labels]:
        return [Labels.of(__name__="m", at=f"{ref:04}") for ref in refs.tolist()]

    def read(self, refs: IntArray, start: int, end: int, kind: Kind) -> list[Selected]:
        self.reads += 1
        if self.reads > 1:
            raise StoreError("a part is damaged")
        return []


async def test_an_answer_that_fails_half_way_is_broken_off_and_not_followed_by_another() -> None:
    reader = Reader(BreakingStore(), InlineWorkers(), ReadLimits(), dict)
    body = request(query(0, 1, ("__name__", "=", "m")), accepted=(1,))
    head = f"POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    async with serving(read.routes(reader)) as port:
        incoming, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode() + body)
        told = b""
        try:
            while piece := await incoming.read(4096):
                told += piece
        except ConnectionResetError:
            pass
        writer.close()
    assert b"500" not in told
    assert told.count(b"HTTP/1.1") <= 1
