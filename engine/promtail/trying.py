"""A pipeline tried out: what each stage did to each line. Nothing is sent, and nothing is read but the lines given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from engine.gotemplate.layout import RFC3339_NANO
from engine.gotemplate.times import GoTime
from engine.promtail.entry import Entry, PipelineCounts
from engine.promtail.stages.stage import Parts, Stage
from engine.promtail.stages.table import StageConfig, kind_of, make
from engine.promtail.stages.texts import as_text
from promql.model.labels import Labels


class Step(Struct, frozen=True):
    """What a stage did, in words: nothing where it changed nothing."""

    stage: str
    deeds: tuple[str, ...]


class Trial(Struct, frozen=True):
    """A line (or None at the end, where what was held is let go), the steps, and the entries that came out."""

    line: str | None
    steps: tuple[Step, ...]
    out: tuple[str, ...]


class _Before(Struct, frozen=True):
    labels: Mapping[str, str]
    extracted: Mapping[str, object]
    time: int
    line: str
    metadata: Mapping[str, str]

    @classmethod
    def of(cls, entry: Entry) -> _Before:
        return cls(dict(entry.labels), dict(entry.extracted), entry.time, entry.line, dict(entry.metadata))


def tried(configs: Sequence[StageConfig], labels: Mapping[str, str], lines: Iterable[str], now: int) -> Iterator[Trial]:
    """One for each line, and one for what was held at the end. `now` is Unix ns."""
    counts = PipelineCounts()
    parts = Parts(now=lambda: now, counts=counts)
    stages = [(kind_of(config), make(config, parts)) for config in configs]
    for number, line in enumerate(lines):
        yield _through(stages, [Entry.of(labels, now + number, line)], line, counts)
    for place, (kind, stage) in enumerate(stages):
        if held := list(stage.flush()):
            rest = _through(stages[place + 1 :], held, None, counts)
            yield Trial(None, (Step(kind, ("lets go what it held",)), *rest.steps), rest.out)


def _through(
    stages: Sequence[tuple[str, Stage]], entries: Sequence[Entry], line: str | None, counts: PipelineCounts
) -> Trial:
    steps: list[Step] = []
    for kind, stage in stages:
        out: list[Entry] = []
        deeds: list[str] = []
        for entry in entries:
            before, faults = _Before.of(entry), counts.faults[kind]
            given = stage.process(entry)
            out += given
            if entry in given:
                deeds += _changes(before, entry)
            elif any(one is entry for one in stage.held()):
                deeds.append("holds it")
            else:
                deeds.append("drops it")
            if counts.faults[kind] > faults:
                deeds.append("could do nothing with it")
            deeds += ["lets go what it held"] * any(one is not entry for one in given)
        steps.append(Step(kind, tuple(deeds)))
        entries = out
        if not entries:
            break
    return Trial(line, tuple(steps), tuple(map(_shown, entries)))


def _changes(before: _Before, entry: Entry) -> Iterator[str]:
    yield from _differences("label", before.labels, entry.labels)
    yield from _differences("extracted", before.extracted, entry.extracted)
    yield from _differences("metadata", before.metadata, entry.metadata)
    if before.time != entry.time:
        yield f"time {_time(entry.time)}"
    if before.line != entry.line:
        yield f"line {entry.line!r}"


def _differences(what: str, before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    for name, value in after.items():
        if name not in before or before[name] != value:
            yield f"{what} {name} is null" if value is None else f'{what} {name}="{as_text(value)}"'
    for name in before:
        if name not in after:
            yield f"{what} {name} taken away"


def _shown(entry: Entry) -> str:
    metadata = f" {Labels.of(entry.metadata)}" if entry.metadata else ""
    return f"{_time(entry.time)} {Labels.of(entry.labels)}{metadata} {entry.line}"


def _time(ns: int) -> str:
    return GoTime(ns).format(RFC3339_NANO)
