"""What a person sees at the start: what was found, what was translated, where it listens, where data lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct

_COLUMN = 15


class Summary(Struct, frozen=True):
    """All of it as values; `text` for people, `json` for machines."""

    version: str
    seconds: float
    files: Sequence[str]
    data: str
    ports: dict[str, str]
    scheme: str
    silent: Sequence[str]
    targets: int
    jobs: int
    rules: int
    tailing: Sequence[str]
    dashboards: int
    translated: Sequence[tuple[str, str]]
    delivering: Sequence[str]
    warnings: Sequence[str]
    logs: str = ""
    found: Sequence[str] = ()
    asking: Sequence[str] = ()
    log_rules: int = 0

    def json(self) -> str:
        return msgspec.json.encode({"event": "ready", **msgspec.to_builtins(self)}).decode()

    def text(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"engine {self.version}, ready in {self.seconds:.2f} s"
        yield from _block("found", self.found)
        yield from _block("files", self.files)
        yield from _block("data", [self.data])
        yield from _block("logs", [self.logs] if self.logs else [])
        yield from _block(
            "listening", [f"{name:<13} {self.scheme}://{address}" for name, address in self.ports.items()]
        )
        yield from _block("not listening", self.silent)
        yield from _block("scraping", [f"{_count(self.targets, 'target')} in {_count(self.jobs, 'job')}"])
        yield from _block("asking", self.asking)
        yield from _block("evaluating", self._evaluating())
        yield from _block("tailing", self.tailing)
        yield from _block("drawing", [_count(self.dashboards, "dashboard")] if self.dashboards else [])
        yield from _block("translated", [f"{written} -> {used}" for written, used in self.translated])
        yield from _block("delivering", self.delivering)
        yield from _block("warnings", self.warnings)

    def _evaluating(self) -> list[str]:
        rules = [_count(self.rules, "rule")] if self.rules else []
        return rules + ([f"{_count(self.log_rules, 'rule')} over lines"] if self.log_rules else [])


def _block(title: str, lines: Iterable[str]) -> Iterator[str]:
    for index, line in enumerate(lines):
        yield f"  {'' if index else title:<{_COLUMN}}{line}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
