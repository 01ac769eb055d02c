"""The system's journal, through `journalctl`: what came since the cursor of the last line, and what comes."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from engine.foundation.errors import ConfigError
from engine.foundation.gojson import encode
from engine.promtail.config_sources import JournalConfig, ScrapeConfig
from engine.promtail.entry import Entry
from engine.promtail.errors import SourceError
from engine.promtail.targets.feed import Feed
from engine.promtail.targets.ports import TargetParts
from engine.promtail.targets.status import TargetStatus
from engine.relabel.relabel import relabel
from promql.model.labels import Labels

KIND: Final = "Journal"
PROGRAM: Final = "journalctl"
AGAIN_SECONDS: Final = 5.0
_LONGEST: Final = 16 * 1024 * 1024
_PRIORITIES: Final = ("emerg", "alert", "crit", "error", "warning", "notice", "info", "debug")

log = logging.getLogger(__name__)


def fields_of(line: bytes) -> dict[str, str]:
    """Of an entry as `journalctl -o json` writes it. Bytes that are no text come as lists of numbers, a field that
    stands several times as a list of texts, of which the last counts. Raises SourceError.
    """
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"journalctl wrote no JSON: {error}") from None
    if not isinstance(found, dict):
        raise SourceError("journalctl wrote no object")
    return {name: text for name, value in found.items() if (text := _text(value)) is not None}


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(one, int) and 0 <= one < 256 for one in value):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, list) and value:
        return _text(value[-1])
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def discovered(fields: Mapping[str, str]) -> dict[str, str]:
    """The labels that rules may make use of."""
    labels = {f"__journal_{name.lower()}": value for name, value in fields.items()}
    priority = fields.get("PRIORITY", "")
    if priority.isdecimal() and int(priority) < len(_PRIORITIES):
        labels["__journal_priority_keyword"] = _PRIORITIES[int(priority)]
    return labels


class Journal:
    """A source of a job."""

    def __init__(self, config: ScrapeConfig, journal: JournalConfig, parts: TargetParts) -> None:
        self._config = config
        self._journal = journal
        self._parts = parts
        self._key = f"journal/{config.job_name}"
        self._cursor = parts.kept().get(self._key, "")
        self._lines = 0
        self._fault = ""
        self._feed = Feed(parts.pipeline(config), parts.outlet, parts.clock)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        if shutil.which(PROGRAM) is None:
            raise ConfigError(f"the job {self._config.job_name} wants the journal, and there is no {PROGRAM} here")
        supervisor = self._parts.supervisor
        self._tasks = [
            supervisor.start(f"journal {self._config.job_name}", self._follow),
            supervisor.start(f"stages of journal {self._config.job_name}", self._feed.run),
        ]

    async def stop(self) -> None:
        await self._parts.supervisor.stop(*self._tasks)

    def status(self) -> list[TargetStatus]:
        details = {"lines": str(self._lines), **({"fault": self._fault} if self._fault else {})}
        labels = dict(self._journal.labels)
        return [TargetStatus(KIND, self._config.job_name, labels, {}, ready=not self._fault, details=details)]

    def command(self) -> list[str]:
        """What is run."""
        journal = self._journal
        words = [PROGRAM, "--output=json", "--follow", "--no-pager", "--all", "--quiet", "--lines=all"]
        if journal.path:
            words.append(f"--directory={journal.path}")
        oldest = f"--since=-{max(journal.max_age // 1000, 1)}s"
        words.append(f"--after-cursor={self._cursor}" if self._cursor else oldest)
        return words + journal.matches.split()

    async def _follow(self) -> None:
        while True:
            process = await asyncio.create_subprocess_exec(
                *self.command(), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE, limit=_LONGEST,
            )  # fmt: skip
            try:
                await self._read(process)
                assert process.stderr is not None
                said = (await process.stderr.read(1024)).decode(errors="replace").strip()
                self._tell(f"{PROGRAM} ended: {said or 'it said nothing'}")
            finally:
                if process.returncode is None:
                    process.kill()
                await process.wait()
            await self._parts.clock.sleep(AGAIN_SECONDS)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            try:
                await self.take(fields_of(line))
            except SourceError as error:
                self._parts.counts.journal_errors["unmarshal"] += 1
                log.debug("promtail: %s", error)

    async def take(self, fields: Mapping[str, str]) -> None:
        """One entry."""
        self._fault = ""
        self._cursor = fields.get("__CURSOR", self._cursor)
        entry = self._entry(fields)
        if entry is not None:
            self._lines += 1
            self._parts.counts.journal_lines += 1
        await self._feed.take([] if entry is None else [entry], {self._key: self._cursor})

    def _entry(self, fields: Mapping[str, str]) -> Entry | None:
        """None where it has no message, or the rules drop it, or leave it no labels."""
        counts = self._parts.counts
        line = fields.get("MESSAGE")
        if self._journal.json:
            line = encode(dict(fields)).decode()
        if line is None:
            counts.journal_errors["no_message"] += 1
            return None
        labels = relabel(Labels.of({**discovered(fields), **self._journal.labels}), self._config.relabel_configs)
        shown = {} if labels is None else {name: value for name, value in labels if not name.startswith("__")}
        if not shown:
            counts.journal_errors["empty_labels"] += 1
            return None
        stamp = fields.get("__REALTIME_TIMESTAMP", "")
        return Entry.of(shown, int(stamp) * 1000 if stamp.isdecimal() else self._feed.now(), line)

    def _tell(self, fault: str) -> None:
        if fault != self._fault:
            log.warning("promtail: job %s: %s", self._config.job_name, fault)
        self._fault = fault
