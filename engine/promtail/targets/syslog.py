"""Syslog over TCP (messages by length or by line, with TLS if wanted) and UDP."""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from pathlib import Path
from typing import Final

from engine.foundation.errors import ConfigError
from engine.promtail.config_sources import ScrapeConfig, SyslogConfig, SyslogTls
from engine.promtail.entry import Entry
from engine.promtail.errors import SourceError
from engine.promtail.targets.feed import Feed
from engine.promtail.targets.ports import TargetParts
from engine.promtail.targets.status import TargetStatus
from engine.promtail.targets.syslogparse import Message, Splitter, parse_3164, parse_5424
from engine.relabel.relabel import relabel
from promql.model.labels import Labels

KIND: Final = "Syslog"
_PART: Final = 64 * 1024
_WAITING: Final = 10_000
_NOT_A_NAME: Final = re.compile(r"[^a-zA-Z0-9_]")  # noqa: TID251 - ours, linear

log = logging.getLogger(__name__)


class _Datagrams(asyncio.DatagramProtocol):
    """Puts what comes into a queue; when it is full, what comes is lost and counted, as datagrams are."""

    def __init__(self, queue: asyncio.Queue[tuple[bytes, str]], parts: TargetParts) -> None:
        self._queue = queue
        self._parts = parts

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            self._queue.put_nowait((data, addr[0]))
        except asyncio.QueueFull:
            self._parts.counts.syslog_errors += 1


class Syslog:
    """A source of a job: one listening address."""

    def __init__(self, config: ScrapeConfig, syslog: SyslogConfig, parts: TargetParts) -> None:
        self._config = config
        self._syslog = syslog
        self._parts = parts
        self._server: asyncio.Server | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._connections: set[asyncio.StreamWriter] = set()
        self._queue: asyncio.Queue[tuple[bytes, str]] = asyncio.Queue(_WAITING)
        self._tasks: list[asyncio.Task[None]] = []
        self._lines = 0
        self.address = ""
        """`HOST:PORT`, once it listens."""
        self._feed = Feed(parts.pipeline(config), parts.outlet, parts.clock)

    async def start(self) -> None:
        host, _, port = self._syslog.listen_address.rpartition(":")
        host = host.strip("[]") or "127.0.0.1"
        try:
            await self._listen(host, int(port))
        except OSError as error:
            why = error.strerror or error
            raise ConfigError(f"the job {self._config.job_name} can't listen on {host}:{port}: {why}") from None
        self._tasks.append(self._parts.supervisor.start(f"stages of {self._config.job_name}", self._feed.run))

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in list(self._connections):
                writer.close()
            await self._server.wait_closed()
        if self._transport is not None:
            self._transport.close()
        await self._parts.supervisor.stop(*self._tasks)
        await self._feed.flush()

    def status(self) -> list[TargetStatus]:
        details = {"address": self.address, "lines": str(self._lines)}
        ready = bool(self.address)
        return [TargetStatus(KIND, self._config.job_name, dict(self._syslog.labels), {}, ready=ready, details=details)]

    async def _listen(self, host: str, port: int) -> None:
        if self._syslog.listen_protocol == "udp":
            loop = asyncio.get_running_loop()
            self._transport, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(self._queue, self._parts), local_addr=(host, port)
            )
            bound = self._transport.get_extra_info("sockname")
            self._tasks.append(self._parts.supervisor.start(f"syslog {self._config.job_name}", self._datagrams))
        else:
            tls = self._syslog.tls_config
            context = _context(tls, self._parts.base) if tls.enabled else None
            self._server = await asyncio.start_server(self._serve, host, port, ssl=context)
            bound = self._server.sockets[0].getsockname()
        self.address = f"{bound[0]}:{bound[1]}"

    async def _datagrams(self) -> None:
        while True:
            data, sender = await self._queue.get()
            await self._take(data.rstrip(b"\r\n\0"), sender)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender = str(writer.get_extra_info("peername")[0])
        splitter = Splitter(self._syslog.max_message_length)
        self._connections.add(writer)
        try:
            while data := await self._some(reader):
                for message in splitter.feed(data):
                    await self._take(message, sender)
            for message in splitter.finish():
                await self._take(message, sender)
        except SourceError as error:
            self._fault(error, sender)
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # whoever sends went away, was quiet for too long, or we end
        finally:
            self._connections.discard(writer)
            writer.close()

    async def _some(self, reader: asyncio.StreamReader) -> bytes:
        async with asyncio.timeout(self._syslog.idle_timeout / 1000 or None):
            return await reader.read(_PART)

    async def _take(self, raw: bytes, sender: str) -> None:
        if not raw:
            return
        now = self._feed.now()
        try:
            old = self._syslog.syslog_format == "rfc3164"
            message = parse_3164(raw, now) if old else parse_5424(raw)
        except SourceError as error:
            self._fault(error, sender)
            return
        entry = self._entry(message, raw, sender, now)
        if entry is not None:
            self._lines += 1
            self._parts.counts.syslog_entries += 1
            await self._feed.take([entry], {})

    def _entry(self, message: Message, raw: bytes, sender: str, now: int) -> Entry | None:
        """None where it says nothing, or the rules drop it."""
        if not message.text and not self._syslog.use_rfc5424_message:
            self._parts.counts.syslog_empty += 1
            return None
        found = Labels.of({**self._labels(message, sender), **self._syslog.labels})
        labels = relabel(found, self._config.relabel_configs)
        if labels is None:
            return None
        shown = {name: value for name, value in labels if not name.startswith("__")}
        line = raw.decode("utf-8", "replace") if self._syslog.use_rfc5424_message else message.text
        time = message.time if self._syslog.use_incoming_timestamp and message.time is not None else now
        return Entry.of(shown, time, line)

    def _labels(self, message: Message, sender: str) -> dict[str, str]:
        labels = {
            "__syslog_connection_ip_address": sender,
            "__syslog_message_severity": message.severity,
            "__syslog_message_facility": message.facility,
            "__syslog_message_hostname": message.host,
            "__syslog_message_app_name": message.app,
            "__syslog_message_proc_id": message.process,
            "__syslog_message_msg_id": message.id,
        }
        if self._syslog.label_structured_data:
            for ident, values in message.data.items():
                for name, value in values.items():
                    labels["__syslog_message_sd_" + _NOT_A_NAME.sub("_", f"{ident}_{name}")] = value
        return labels

    def _fault(self, error: SourceError, sender: str) -> None:
        self._parts.counts.syslog_errors += 1
        log.warning("promtail: job %s: from %s: %s", self._config.job_name, sender, error)


def _context(tls: SyslogTls, base: Path) -> ssl.SSLContext:
    """Raises ConfigError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(base / tls.cert_file, base / tls.key_file)
        if tls.ca_file:
            context.load_verify_locations(base / tls.ca_file)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"the certificate for syslog can't be used: {error}") from None
    return context
