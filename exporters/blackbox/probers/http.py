"""HTTP: a request, redirects, and what is asked of the last reply."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final

from yarl import URL

from engine.foundation.http_client import tokens_of
from engine.foundation.http_config import canonical
from engine.foundation.http_errors import CallError
from engine.foundation.http_secrets import Credentials
from exporters.blackbox.config.document import COMPRESSIONS, HeaderMatch, HttpProbe
from exporters.blackbox.http.reply import Reply
from exporters.blackbox.http.roundtrips import First, RoundTrips
from exporters.blackbox.http.unpacking import begun, is_gzip, limited, unpacked, without_peeked
from exporters.blackbox.resolving import Place, choose
from exporters.blackbox.task import ProbeError, Task, steps
from exporters.blackbox.tls.speaking import context, tell_chain
from exporters.blackbox.told import Told

USER_AGENT: Final = "Blackbox Exporter/0.23.0"
_PHASES: Final = ("connect", "tls", "processing", "transfer")
_DATES: Final = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y")
_DURATION: Final = "probe_http_duration_seconds"


async def probe_http(task: Task) -> bool:
    told, config = task.told, task.module.http or HttpProbe()
    told.declare(
        "probe_http_content_length", "probe_http_uncompressed_body_length", "probe_http_redirects", "probe_http_ssl",
        "probe_http_status_code", "probe_http_version", "probe_failed_due_to_regex",
    )  # fmt: skip
    first = await _first(task, config)
    if first is None:
        return False
    try:
        _check_files(task, config)
        credentials = await _credentials(task, config)
    except ProbeError as error:
        told.log("error", "Error generating HTTP client", err=error)
        return False
    for phase in _PHASES:
        told.add(_DURATION, 0.0, phase=phase)
    trips = RoundTrips(task, config, first, credentials)
    try:
        reply, readable = await trips.ask(config.method or "GET", _headers(config), config.body.encode())
    except ProbeError as error:
        told.log("error", "Error for HTTP request", err=error)
        return _finish(task, config, trips, None, succeeded=False)
    try:
        judged = await _Judge(task, config, reply, readable).run()
        trips.trips[-1].ended = task.clock.monotonic()
        return _finish(task, config, trips, reply, succeeded=judged)
    finally:
        reply.body.close()


async def _first(task: Task, config: HttpProbe) -> First | None:
    """The target with its place, which stays unknown where a proxy looks it up; None where there is none."""
    told = task.told
    written = task.target if task.target.startswith(("http://", "https://")) else f"http://{task.target}"
    try:
        url = URL(written)
        host, port = url.host or "", url.port
    except ValueError as error:
        told.log("error", "Could not parse target URL", err=error)
        return None
    place: Place | None = None
    if not (config.skip_resolve_phase_with_proxy and config.proxy_url):
        told.add(_DURATION, 0.0, phase="resolve")
        protocol, fallback = config.preferred_ip_protocol, config.ip_protocol_fallback
        try:
            place, seconds = await choose(task, protocol, fallback=fallback, host=host, port=str(port or ""))
        except ProbeError as error:
            told.log("error", "Error resolving address", err=error)
            return None
        told.add(_DURATION, seconds, phase="resolve")
    named = next((value for name, value in config.headers.items() if canonical(name) == "Host"), "")
    shown = written.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2]
    shown = shown if shown.isascii() else url.host_port_subcomponent or ""
    return First(url, place, named or shown, named or host)


def _headers(config: HttpProbe) -> list[tuple[str, str]]:
    given = {canonical(name): value for name, value in config.headers.items()}
    return [(name, value) for name, value in {"User-Agent": USER_AGENT, **given}.items() if name != "Host"]


def _check_files(task: Task, config: HttpProbe) -> None:
    """Files of certificates have to be there, also where TLS is not spoken. Raises ProbeError."""
    if config.tls_config.ca_file or config.tls_config.cert_file:
        with steps():
            context(task)


async def _credentials(task: Task, config: HttpProbe) -> list[tuple[str, str]]:
    """What proves who calls. Raises ProbeError."""
    try:
        headers = Credentials(config, task.base).headers()
        if config.oauth2 is not None:
            tokens = tokens_of(config.oauth2, config, task.addresses, task.base)
            try:
                with steps():
                    headers.append(await tokens.header(task.seconds))
            finally:
                await tokens.close()
    except CallError as error:
        raise ProbeError(str(error)) from None
    return headers


def _finish(task: Task, config: HttpProbe, trips: RoundTrips, reply: Reply | None, *, succeeded: bool) -> bool:
    """Tell of the way and of TLS; gives whether the probe succeeded after all."""
    told = task.told
    for number, trip in enumerate(trips.trips):
        phases = list(trip.phases(first=number == 0))
        told.log("info", "Response timings for roundtrip", roundtrip=number, **dict(phases))
        for phase, seconds in phases:
            told.add(_DURATION, seconds, phase=phase)
    told.set("probe_http_redirects", trips.redirects)
    if reply is not None:
        told.set("probe_http_status_code", reply.status)
        told.set("probe_http_content_length", reply.length)
        succeeded &= _version(told, config, reply)
        _last_modified(told, reply)
    encrypted = reply is not None and reply.tls is not None
    if reply is not None and reply.tls is not None:
        told.set("probe_http_ssl", 1.0)
        try:
            tell_chain(told, reply.tls)
        except ProbeError as error:
            told.log("error", "Certificates that can't be read", err=error)
            succeeded = False
    if encrypted and config.fail_if_ssl:
        told.log("error", "Final request was over SSL")
        return False
    if not encrypted and config.fail_if_not_ssl:
        told.log("error", "Final request was not over SSL")
        return False
    return succeeded


def _version(told: Told, config: HttpProbe, reply: Reply) -> bool:
    told.set("probe_http_version", float(reply.version.removeprefix("HTTP/")))
    if not config.valid_http_versions or reply.version in config.valid_http_versions:
        return True
    told.log("error", "Invalid HTTP version number", version=reply.version)
    return False


def _last_modified(told: Told, reply: Reply) -> None:
    said = reply.first("Last-Modified")
    for form in _DATES if said else ():
        try:
            at = datetime.strptime(said, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        told.set("probe_http_last_modified_timestamp_seconds", int(at.timestamp()))
        return


class _Judge:
    """What is asked of one reply: its status, its headers, its body. `readable` is whether there is a body."""

    def __init__(self, task: Task, config: HttpProbe, reply: Reply, readable: bool) -> None:
        self._told = task.told
        self._config = config
        self._reply = reply
        self._readable = readable
        self._read = 0

    async def run(self) -> bool:
        config, told = self._config, self._told
        succeeded = self._status()
        if succeeded and (config.fail_if_header_matches or config.fail_if_header_not_matches):
            succeeded = self._judged_by_patterns(all(self._headers()))
        pieces = self._reply.body.pieces() if self._readable else _closed()
        pieces, unpacks = await self._unpacked(pieces)
        counted = self._counted(limited(pieces, config.body_size_limit))
        succeeded &= unpacks
        if succeeded and (config.fail_if_body_matches_regexp or config.fail_if_body_not_matches_regexp):
            succeeded = self._judged_by_patterns(await self._body(counted))
        if self._readable:
            try:
                async for _ in counted:
                    pass
            except ProbeError as error:
                told.log("info", "Failed to read HTTP response body", err=error)
                succeeded = False
            told.set("probe_http_uncompressed_body_length", self._read)
        return succeeded

    def _judged_by_patterns(self, fine: bool) -> bool:
        self._told.set("probe_failed_due_to_regex", not fine)
        return fine

    def _status(self) -> bool:
        status, wanted = self._reply.status, self._config.valid_status_codes
        self._told.log("info", "Received HTTP response", status_code=status)
        if status in wanted if wanted else 200 <= status < 300:
            return True
        shown = " ".join(map(str, wanted)) if wanted else "2xx"
        self._told.log("info", "Invalid HTTP response status code", status_code=status, valid_status_codes=shown)
        return False

    def _headers(self) -> list[bool]:
        """One verdict for each pattern, up to the first bad one."""
        config, told = self._config, self._told
        for rule, bad in [(rule, True) for rule in config.fail_if_header_matches] + [
            (rule, False) for rule in config.fail_if_header_not_matches
        ]:
            values = self._reply.values(rule.header)
            if not values:
                if rule.allow_missing:
                    continue
                told.log("error", "Missing required header", header=rule.header)
                return [False]
            if _matches(rule, values) is bad:
                what = "Header matched regular expression" if bad else "Header did not match regular expression"
                told.log("error", what, header=rule.header, regexp=rule.regexp and rule.regexp.pattern)
                return [False]
        return [True]

    async def _unpacked(self, pieces: AsyncIterator[bytes]) -> tuple[AsyncIterator[bytes], bool]:
        """The body as it was before it was compressed, and whether that may be so."""
        compression = self._config.compression.lower()
        if compression not in ("", *COMPRESSIONS):
            self._told.log(
                "info", "Failed to get decompressor for HTTP response body", err="unsupported compression algorithm"
            )
            return pieces, False
        if compression != "gzip":
            return unpacked(pieces, compression), True
        try:
            head, pieces = await begun(pieces, 3)
        except ProbeError as error:
            head, fault = b"", str(error)
        else:
            fault = "gzip: invalid header" if head else "EOF"
        if is_gzip(head):
            return unpacked(pieces, compression), True
        self._told.log("info", "Failed to get decompressor for HTTP response body", err=fault)
        return without_peeked(pieces), False

    async def _counted(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for piece in pieces:
            self._read += len(piece)
            yield piece

    async def _body(self, pieces: AsyncIterator[bytes]) -> bool:
        try:
            body = b"".join([piece async for piece in pieces]).decode(errors="replace")
        except ProbeError as error:
            self._told.log("error", "Error reading HTTP body", err=error)
            return False
        for pattern in self._config.fail_if_body_matches_regexp:
            if pattern.matches(body):
                self._told.log("error", "Body matched regular expression", regexp=pattern.pattern)
                return False
        for pattern in self._config.fail_if_body_not_matches_regexp:
            if not pattern.matches(body):
                self._told.log("error", "Body did not match regular expression", regexp=pattern.pattern)
                return False
        return True


def _matches(rule: HeaderMatch, values: list[str]) -> bool:
    return any(rule.regexp is not None and rule.regexp.matches(value) for value in values)


async def _closed() -> AsyncIterator[bytes]:
    """The body of a reply that is not read: reading it is a mistake."""
    raise ProbeError("http: read on closed response body")
    yield b""
