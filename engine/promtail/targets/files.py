"""The files of a job: who is told by discovery with a `__path__`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from engine.promtail.config_sources import EXCLUDED, HOST, PATH, ScrapeConfig
from engine.promtail.tail.book import PositionBook, prefix_of
from engine.promtail.tail.file import Options
from engine.promtail.tail.globs import Glob
from engine.promtail.tail.names import shown
from engine.promtail.tail.target import FileTarget
from engine.promtail.targets.discovering import Candidate, Discovering
from engine.promtail.targets.ports import TargetParts
from engine.promtail.targets.status import TargetStatus
from engine.promtail.targets.tailing import Tailing
from promql.model.labels import EMPTY, Labels

KIND = "File"


class _Followed(Struct, frozen=True):
    candidate: Candidate
    prefix: str
    tailing: Tailing


class FileTargets:
    """A source of a job. `paths` says where a path that the configuration names leads on this machine."""

    def __init__(self, config: ScrapeConfig, parts: TargetParts, paths: Callable[[str], str] = str) -> None:
        self._config = config
        self._parts = parts
        self._paths = paths
        self._followed: dict[tuple[Labels, int], _Followed] = {}
        self._dropped: list[TargetStatus] = []
        self.has_taken_targets = False
        """Whether all targets that were discovered at one time have been taken over, at least once."""
        self._discovering = Discovering(config.discovers, config.relabel_configs, parts, config.job_name, self._apply)

    async def start(self) -> None:
        self._discovering.start()

    async def stop(self) -> None:
        await self._discovering.stop()
        for followed in self._followed.values():
            await self._parts.poller.take_away(followed.tailing)
        self._followed.clear()

    def status(self) -> list[TargetStatus]:
        return [*(self._status_of(one) for one in self._followed.values()), *self._dropped]

    @property
    def tailings(self) -> list[Tailing]:
        return [one.tailing for one in self._followed.values()]

    async def _apply(self, candidates: Sequence[Candidate]) -> None:
        wanted: dict[tuple[Labels, int], Candidate] = {}
        self._dropped = []
        numbers: dict[str, int] = {}
        for candidate in candidates:
            reason = self._why_not(candidate.labels)
            labels = candidate.labels or EMPTY
            if reason is None and any(known == labels for known, _ in wanted):
                reason = "another target has the same path and labels"
            if reason is not None:
                self._drop(candidate, reason)
                continue
            path = labels.get(PATH)
            numbers[path] = numbers.get(path, -1) + 1
            wanted[labels, numbers[path]] = candidate
        for key in [key for key in self._followed if key not in wanted]:
            await self._parts.poller.take_away(self._followed.pop(key).tailing)
        living = [self._prefix(labels, number) for labels, number in wanted]
        for key, candidate in wanted.items():
            if key not in self._followed:
                made = self._make(candidate, key, living)
                self._followed[key] = made
                await self._parts.poller.put(made.tailing)
        self.has_taken_targets = True

    def _why_not(self, labels: Labels | None) -> str | None:
        if labels is None:
            return "dropped by relabelling"
        if labels.get(HOST) and labels.get(HOST) != self._parts.host:
            return f"of another host: {HOST} is not {self._parts.host}"
        if not labels.get(PATH):
            return f"no path for target: relabelling leaves no {PATH}"
        if all(name.startswith("__") for name in labels.names()):
            return "no labels are left"
        return None

    def _drop(self, candidate: Candidate, reason: str) -> None:
        self._parts.counts.failed_targets[_REASONS.get(reason.partition(":")[0], "dropped")] += 1
        labels = (candidate.labels or EMPTY).as_dict()
        job = self._config.job_name
        self._dropped.append(
            TargetStatus(KIND, job, labels, candidate.discovered.as_dict(), ready=False, dropped=reason)
        )

    def _prefix(self, labels: Labels, number: int) -> str:
        return prefix_of(self._config.job_name, labels.get(PATH), number)

    def _make(self, candidate: Candidate, key: tuple[Labels, int], living: Sequence[str]) -> _Followed:
        config, parts, labels = self._config, self._parts, key[0]
        prefix = self._prefix(*key)
        book = PositionBook(prefix, parts.kept(), parts.adopted, living)
        excluded = labels.get(EXCLUDED)
        packing = config.decompression
        target = FileTarget(
            Glob(self._paths(labels.get(PATH))),
            Glob(self._paths(excluded)) if excluded else None,
            Options(encoding=config.encoding, packed=packing.format if packing.enabled else ""),
            book,
        )
        tailing = Tailing(
            {name: value for name, value in labels if not name.startswith("__")},
            target,
            parts.pipeline(config),
            clock=parts.clock,
            counts=parts.counts,
            limits=parts.limits,
            label_limits=parts.outlet.labels,
            delay=packing.initial_delay / 1000,
        )
        return _Followed(candidate, prefix, tailing)

    def _status_of(self, one: _Followed) -> TargetStatus:
        tailing = one.tailing
        return TargetStatus(
            KIND, self._config.job_name, tailing.labels, one.candidate.discovered.as_dict(),
            ready=bool(tailing.target.open_files),
            details={shown(path): shown(said) for path, said in _details(tailing)},
        )  # fmt: skip


_REASONS: Mapping[str, str] = {"no path for target": "no_path", "of another host": "wrong_host"}


def _details(tailing: Tailing) -> Iterator[tuple[str, str]]:
    for file in list(tailing.target.open_files):
        size = max(file.size(), file.read_at)
        said = f"{file.line_start} of {size} bytes, {file.lines} lines"
        if file.at != file.path:
            said += f", now at {file.at}"
        if file.copy is not None:
            said += f", waits: seems to be a copy of {file.copy.original.at}"
        yield file.path if file.at == file.path else file.at, said
    for path in tailing.target.packed:
        yield path, "packed"
    for path, reason in tailing.target.told.skipped.items():
        yield path, f"skipped: {reason}"
