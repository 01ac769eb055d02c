"""TCP: a connection, TLS perhaps, and a conversation line by line."""

from __future__ import annotations

from collections import deque
from typing import Final

from exporters.blackbox.config.document import QueryResponse, TcpProbe
from exporters.blackbox.resolving import choose, split_host_port
from exporters.blackbox.task import ProbeError, Task, steps
from exporters.blackbox.tls.speaking import context, tell_chain
from exporters.blackbox.wire import Wire

_LONGEST: Final = 65_536
"""Bytes of a line."""


async def probe_tcp(task: Task) -> bool:
    told, config = task.told, task.module.tcp or TcpProbe()
    told.declare("probe_failed_due_to_regex")
    try:
        host, port = split_host_port(task.target)
        place, _ = await choose(
            task, config.preferred_ip_protocol, fallback=config.ip_protocol_fallback, host=host, port=port
        )
        told.log("info", f"Dialing TCP {'with' if config.tls else 'without'} TLS", address=place)
        wire = await Wire.connect(task, place, config.source_ip_address)
    except ProbeError as error:
        told.log("error", "Error dialing TCP", err=error)
        return False
    try:
        return await _Talk(task, config, wire, host).run()
    finally:
        wire.close()


class _Talk:
    """What is said over one connection to `host`."""

    def __init__(self, task: Task, config: TcpProbe, wire: Wire, host: str) -> None:
        self._task = task
        self._told = task.told
        self._config = config
        self._wire = wire
        self._host = host
        self._lines = _Lines(wire)

    async def run(self) -> bool:
        try:
            if self._config.tls:
                await self._speak_tls()
        except ProbeError as error:
            self._told.log("error", "Error dialing TCP", err=error)
            return False
        self._told.log("info", "Successfully dialed")
        try:
            for number, step in enumerate(self._config.query_response):
                self._told.log("info", "Processing query response entry", entry_number=number)
                await self._take(step)
        except ProbeError as error:
            self._told.log("error", "The conversation failed", err=error)
            return False
        return True

    async def _take(self, step: QueryResponse) -> None:
        sent = step.send if step.expect is None else await self._expected(step)
        if sent:
            self._told.log("debug", "Sending line", line=sent)
            await self._wire.send(f"{sent}\n".encode())
        if step.starttls:
            await self._speak_tls()
            self._told.log("info", "TLS Handshake (client) succeeded.")

    async def _expected(self, step: QueryResponse) -> str:
        """What to send after the first line that matches."""
        assert step.expect is not None, "asked for where there is one"
        while (line := await self._lines.next()) is not None:
            text = line.decode(errors="replace")
            self._told.log("debug", "Read line", line=text)
            if (sent := step.expect.expand(text, step.send)) is not None:
                self._told.log("info", "Regexp matched", regexp=step.expect.pattern, line=text)
                self._told.set("probe_failed_due_to_regex", 0.0)
                return sent
        self._told.set("probe_failed_due_to_regex", 1.0)
        raise ProbeError(f"no line matched {step.expect.pattern}")

    async def _speak_tls(self) -> None:
        with steps():
            made = context(self._task)
        spoken = await self._wire.speak_tls(made, self._config.tls_config.server_name or self._host)
        self._lines = _Lines(self._wire)
        tell_chain(self._told, spoken)


class _Lines:
    """What comes over a connection, line by line, without line ends."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._whole: deque[bytes] = deque()
        self._rest = b""
        self._ended = False

    async def next(self) -> bytes | None:
        """None at the end. Raises ProbeError."""
        while not self._whole and not self._ended:
            if len(self._rest) >= _LONGEST:
                raise ProbeError("bufio.Scanner: token too long")
            data = await self._wire.read()
            self._ended = not data
            *whole, self._rest = (self._rest + data).split(b"\n")
            self._whole.extend(whole)
        if self._whole:
            return self._whole.popleft().removesuffix(b"\r")
        last, self._rest = self._rest, b""
        return last.removesuffix(b"\r") if last else None
