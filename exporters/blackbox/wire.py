"""Connections of probes, step by step, so that each step can be timed. Raises ProbeError throughout."""

from __future__ import annotations

import asyncio
import ssl
from typing import Final

from exporters.blackbox.resolving import Place
from exporters.blackbox.task import ProbeError, Task, steps

_PIECE: Final = 65_536


class Wire:
    """One connection. Close it."""

    def __init__(self, task: Task, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._until = task.until
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, task: Task, place: Place, source: str = "") -> Wire:
        """`source` is the address that is called from."""
        local = (source, 0) if source else None
        try:
            with steps():
                async with asyncio.timeout_at(task.until):
                    opened = await asyncio.open_connection(str(place.address), place.port, local_addr=local)
        except ProbeError as error:
            raise ProbeError(f"dial tcp {place}: {error}") from None
        return cls(task, *opened)

    @property
    def tls(self) -> ssl.SSLObject | None:
        """What is known of TLS, if it is spoken."""
        found: ssl.SSLObject | None = self._writer.get_extra_info("ssl_object")
        return found

    async def speak_tls(self, context: ssl.SSLContext, name: str) -> ssl.SSLObject:
        """From now on; `name` is whom the other side has to prove to be."""
        with steps():
            async with asyncio.timeout_at(self._until):
                await self._writer.start_tls(context, server_hostname=name or None)
        spoken = self.tls
        assert spoken is not None, "just begun"
        return spoken

    def write(self, data: bytes) -> None:
        self._writer.write(data)

    async def send(self, data: bytes) -> None:
        """Wait until it is on its way."""
        with steps():
            async with asyncio.timeout_at(self._until):
                self._writer.write(data)
                await self._writer.drain()

    async def read(self) -> bytes:
        """Some bytes; none at the end."""
        with steps():
            async with asyncio.timeout_at(self._until):
                return await self._reader.read(_PIECE)

    def close(self) -> None:
        self._writer.transport.abort()
