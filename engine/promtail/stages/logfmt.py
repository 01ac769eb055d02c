"""The logfmt stage: `key=value` pairs of a line into what is extracted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from engine.foundation.decode import Report
from engine.promtail.entry import Entry
from engine.promtail.stages.stage import Parts, Stage
from engine.promtail.stages.texts import as_text

_PAIR: Final = re.compile(  # noqa: TID251 - ours, linear
    r"""[\x00-\x20]*+(?P<key>[^\x00-\x20="]++)(?:=(?:"(?P<quoted>(?:[^"\\]|\\.)*+)"|(?P<bare>[^\x00-\x20="]*+)))?"""
    r"""(?=[\x00-\x20]|\Z)""",
    re.DOTALL,
)
_REST: Final = re.compile(r"[\x00-\x20]*")  # noqa: TID251 - ours, linear
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)  # noqa: TID251 - ours, linear
_LETTERS: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


class LogfmtError(ValueError):
    """The line goes on with something that is no pair; what stood before has been told."""


class LogfmtConfig(msgspec.Struct, frozen=True, kw_only=True):
    """`mapping` gives the names under which keys are extracted; an empty one is the name itself."""

    mapping: Mapping[str, str] = {}
    source: str | None = None

    def check(self, report: Report) -> None:
        if not self.mapping:
            report.error("logfmt mapping is required", "mapping")
        if self.source is not None and not self.source:
            report.error("empty source", "source")


class Logfmt(Stage):
    def __init__(self, config: LogfmtConfig, parts: Parts) -> None:
        self._source = config.source
        self._counts = parts.counts
        self._names: dict[str, list[str]] = {}
        for name, key in config.mapping.items():
            self._names.setdefault(key or name, []).append(name)

    def process(self, entry: Entry) -> Sequence[Entry]:
        text = entry.line if self._source is None else as_text(entry.extracted.get(self._source))
        if text is None:
            self._counts.faults["logfmt"] += 1
            return (entry,)
        try:
            for key, value in pairs(text):
                for name in self._names.get(key, ()):
                    entry.extracted[name] = value
        except LogfmtError:
            self._counts.faults["logfmt"] += 1
        return (entry,)


def pairs(text: str) -> Iterator[tuple[str, str]]:
    """The pairs in their order; a bare key has an empty value. Raises LogfmtError behind the last good one."""
    at = 0
    while (found := _PAIR.match(text, at)) is not None:
        quoted = found["quoted"]
        value = found["bare"] or "" if quoted is None else _unquoted(quoted)
        yield found["key"], value
        at = found.end()
    rest = _REST.match(text, at)
    if rest is None or rest.end() < len(text):
        raise LogfmtError(f"no pair at {at}")


def _unquoted(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else _LETTERS.get(found[2], found[2]), text)
