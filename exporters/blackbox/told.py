"""What one probe says: gauges, and the lines of its log.

Laws: a family that was declared is shown, with 0 where nothing was set; one with labels only with what was set.
Lines are kept as values and made to text when somebody asks for them, which is rare. What is kept is small, however
much a server says, and keeps nothing else alive: the log is remembered long after the probe.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from engine.foundation.clock import SECOND, Clock
from engine.foundation.logs import logfmt
from exporters.blackbox.metrics import HELP
from exporters.exposition.families import Family, MetricType

Level: TypeAlias = Literal["debug", "info", "warn", "error"]
_LONGEST: Final = 1024
"""Characters of one fact in a line of the log: servers may answer anything."""
_MOST_DEBUG_LINES: Final = 100
"""Of what a server said line by line, the first; the lines about the probe itself are few."""
_PLAIN: Final = frozenset((int, float, bool))


class Line(Struct, frozen=True):
    """`at` is Unix time in nanoseconds."""

    at: int
    level: Level
    message: str
    facts: tuple[tuple[str, object], ...]


class Told:
    """Owned by one probe of `module` at `target`."""

    def __init__(self, clock: Clock, module: str, target: str) -> None:
        self._clock = clock
        self._who = {"module": module, "target": target}
        self._values: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
        self._lines: list[Line] = []
        self._room = _MOST_DEBUG_LINES

    def declare(self, *names: str) -> None:
        """Gauges without labels, at 0."""
        for name in names:
            self.set(name, 0.0)

    def set(self, name: str, value: float, **labels: str) -> None:
        self._values.setdefault(name, {})[tuple(labels.items())] = float(value)

    def add(self, name: str, value: float, **labels: str) -> None:
        known = self._values.setdefault(name, {})
        key = tuple(labels.items())
        known[key] = known.get(key, 0.0) + value

    def log(self, level: Level, message: str, /, **facts: object) -> None:
        if level == "debug":
            self._room -= 1
            if self._room < 0:
                return
        kept = tuple((name, fact if type(fact) in _PLAIN else str(fact)[:_LONGEST]) for name, fact in facts.items())
        self._lines.append(Line(self._clock.now_ns(), level, message, kept))

    def families(self) -> list[Family]:
        """By name, samples by labels."""
        return [self._family(name, samples) for name, samples in sorted(self._values.items())]

    def lines(self) -> Iterator[str]:
        for line in self._lines:
            facts = {name: str(fact) for name, fact in line.facts}
            yield logfmt({"ts": _stamp(line.at), **self._who, "level": line.level, "msg": line.message, **facts})
        if self._room < 0:
            yield f"({-self._room} more lines of level debug were left out)"

    def _family(self, name: str, samples: dict[tuple[tuple[str, str], ...], float]) -> Family:
        family = Family(name, MetricType.GAUGE, HELP[name])
        for labels, value in sorted(samples.items()):
            family.add(value, sorted(labels))
        return family


def _stamp(at: int) -> str:
    seconds, rest = divmod(at, SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
