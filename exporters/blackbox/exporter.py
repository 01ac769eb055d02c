"""The blackbox exporter: runs one probe for each question, and remembers the last ones.

What a probe finds is the answer, also that it failed: only a question that can't be asked is an error. A module's TLS
context is made once, since that costs more than a probe.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import Clock
from engine.foundation.encode import encode
from engine.foundation.http_config import TlsConfig, canonical
from engine.foundation.tls import ClientTls
from exporters import build
from exporters.blackbox.config.document import BlackboxConfig, Module, missing_extra
from exporters.blackbox.history import History, Result
from exporters.blackbox.task import Task
from exporters.blackbox.told import Told
from exporters.exposition.families import Family, MetricType
from exporters.exposition.negotiate import Format
from exporters.exposition.render import render
from exporters.serve import Answer

COMPATIBLE_VERSION: Final = "0.23.0"
DEFAULT_MODULE: Final = "http_2xx"
_LONGEST_SECONDS: Final = 120.0
_PLAIN: Final = "text/plain; charset=utf-8"

log = logging.getLogger(__name__)


class Reloads(Struct):
    """Of the file: whether the last one was good, and when a good one was (Unix ms)."""

    good: bool
    at: int


class Kept(Struct, frozen=True):
    """What is kept for a module from probe to probe."""

    module: Module
    base: Path
    tls: ClientTls

    @classmethod
    def of(cls, module: Module, base: Path) -> Kept:
        section = getattr(module, module.prober, None)
        return cls(module, base, ClientTls(getattr(section, "tls_config", TlsConfig()), base))


class Blackbox:
    """Owns the modules and the history. `offset` seconds are left of a scrape's timeout for the way back."""

    def __init__(
        self,
        config: BlackboxConfig,
        base: Path,
        *,
        clock: Clock,
        addresses: AddressBook,
        offset: float = 0.5,
        history_limit: int = 100,
    ) -> None:
        """Relative files of the config belong to `base`."""
        self.history = History(history_limit)
        self.reloads = Reloads(good=True, at=clock.now_ms())
        self._clock = clock
        self._addresses = addresses
        self._offset = offset
        self._unknown = 0
        self._config = config
        self._kept: dict[str, Kept] = {}
        self.apply(config, base)

    def apply(self, config: BlackboxConfig, base: Path) -> None:
        """Probe by these modules from now on; those that are equal keep what they have."""
        fresh = {name: Kept.of(module, base) for name, module in config.modules.items()}
        old = self._kept
        self._kept = {name: old[name] if _same(old.get(name), new) else new for name, new in fresh.items()}
        self._config = config
        self.reloads = Reloads(good=True, at=self._clock.now_ms())

    def shown(self) -> str:
        """The config as YAML, without secrets."""
        return encode(self._config)

    async def probe(self, asked: Mapping[str, str], timeout: str = "") -> Answer:
        """The answer to `/probe?...`; `timeout` is the scrape's, in seconds, as its header says it."""
        name = asked.get("module") or DEFAULT_MODULE
        kept = self._kept.get(name)
        if kept is None:
            self._unknown += 1
            return _refused(f'Unknown module "{name}"')
        module, target = kept.module, asked.get("target", "")
        try:
            seconds = self._seconds(module, timeout)
        except ValueError:
            fault = f'strconv.ParseFloat: parsing "{timeout}": invalid syntax'
            text = f"Failed to parse timeout from Prometheus header: {fault}"
            return _refused(text, HTTPStatus.INTERNAL_SERVER_ERROR)
        if not target:
            return _refused("Target parameter is missing")
        hostname = asked.get("hostname", "")
        if (unfit := _unusable(module) or _contradiction(module, hostname)) is not None:
            return _refused(unfit)
        module = _called(module, hostname)
        told = Told(self._clock, name, target)
        success = await self._run(kept, module, target, told, seconds)
        self.history.add(name, target, module, told, success=success)
        if asked.get("debug") == "true":
            return Answer(HTTPStatus.OK, _PLAIN, debug(told, module).encode())
        return Answer(HTTPStatus.OK, Format.TEXT.content_type, render(told.families(), Format.TEXT))

    def families(self) -> list[Family]:
        """The exporter's own metrics."""
        prefix, gauge = "blackbox_exporter_config_last_reload", MetricType.GAUGE
        built = "The exporter's version and platform, as labels."
        loaded = "Blackbox exporter config loaded successfully."
        when = "Timestamp of the last successful configuration reload."
        unknown = "Count of unknown modules requested by probes"
        return [
            Family.of("blackbox_exporter_build_info", gauge, built, (build.labels(COMPATIBLE_VERSION), 1.0)),
            Family.of(f"{prefix}_success_timestamp_seconds", gauge, when, ({}, self.reloads.at / 1000)),
            Family.of(f"{prefix}_successful", gauge, loaded, ({}, float(self.reloads.good))),
            Family.of("blackbox_module_unknown_total", MetricType.COUNTER, unknown, ({}, float(self._unknown))),
        ]

    def _seconds(self, module: Module, header: str) -> float:
        """How long the probe may take. Raises ValueError."""
        own = module.timeout / 1000
        most = (float(header or 0) or _LONGEST_SECONDS) - self._offset
        if math.isnan(most):  # which is neither before nor after any time
            raise ValueError(header)
        return own if 0 < own < most or most < 0 else most

    async def _run(self, kept: Kept, module: Module, target: str, told: Told, seconds: float) -> bool:
        from exporters.blackbox.probers.table import PROBERS  # noqa: PLC0415 - only who probes needs them

        clock, loop = self._clock, asyncio.get_running_loop()
        told.declare("probe_success", "probe_duration_seconds")
        told.log("info", "Beginning probe", probe=module.prober, timeout_seconds=f"{seconds:g}")
        task = Task(
            target=target,
            module=module,
            until=loop.time() + seconds,
            told=told,
            clock=clock,
            addresses=self._addresses,
            base=kept.base,
            tls=kept.tls,
        )
        started, success = clock.monotonic(), False
        try:
            success = await PROBERS[module.prober](task)
        except Exception as error:  # a mistake of ours: it costs this probe, and is told where one looks
            log.exception("the %s probe of %s failed", module.prober, target)
            told.log("error", "Internal error", err=repr(error))
        took = clock.monotonic() - started
        told.set("probe_duration_seconds", took)
        told.set("probe_success", success)
        told.log("info" if success else "error", f"Probe {'succeeded' if success else 'failed'}", duration_seconds=took)
        return success


def debug(told: Told, module: Module) -> str:
    """A probe for people: its log, its metrics, its module."""
    metrics = render(told.families(), Format.TEXT).decode()
    parts = ("Logs for the probe:", *told.lines(), "\n\n\nMetrics that would have been returned:")
    return "\n".join(parts) + f"\n{metrics}\n\n\nModule configuration:\n{encode(module)}"


def debug_of(result: Result) -> str:
    return debug(result.told, result.module)


def _refused(text: str, status: int = HTTPStatus.BAD_REQUEST) -> Answer:
    return Answer(status, _PLAIN, f"{text}\n".encode())


def _unusable(module: Module) -> str | None:
    """Why nothing can be probed by this module."""
    from exporters.blackbox.probers.table import PROBERS  # noqa: PLC0415 - only who probes needs them

    if module.prober not in PROBERS:
        return f'Unknown prober "{module.prober}"'
    return missing_extra(module.prober)


def _contradiction(module: Module, hostname: str) -> str | None:
    headers = module.http.headers if module.http is not None and module.prober == "http" and hostname else {}
    for name, value in headers.items():
        if canonical(name) == "Host" and value != hostname:
            return (
                f"host header defined both in module configuration ({value})"
                f" and with URL-parameter 'hostname' ({hostname})"
            )
    return None


def _called(module: Module, hostname: str) -> Module:
    """The module, asking for another host than the target's if one is named."""
    if module.http is None or not hostname or module.prober != "http":
        return module
    headers = {**module.http.headers, "Host": hostname}
    return msgspec.structs.replace(module, http=msgspec.structs.replace(module.http, headers=headers))


def _same(old: Kept | None, new: Kept) -> bool:
    return old is not None and (old.module, old.base) == (new.module, new.base)
