"""An alert, as it is received, kept and notified about. Times are Unix nanoseconds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, TypeAlias

from promql.model.labels import Labels

_OFFSET: Final = 14695981039346656037
_PRIME: Final = 1099511628211
_MASK: Final = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Alert:
    """`ends_at` may lie ahead: the alert then counts as resolved from that instant on, unless it is sent again.

    `timeout` says that nobody gave an end and `resolve_timeout` was used. `annotations` keep empty values.
    """

    labels: Labels
    annotations: tuple[tuple[str, str], ...]
    starts_at: int
    ends_at: int
    updated_at: int
    generator_url: str = ""
    timeout: bool = False
    _fingerprint: str = field(default="", repr=False, compare=False)

    @property
    def fingerprint(self) -> str:
        """Worked out when it is first asked for: a microsecond for every five letters of the labels."""
        if not self._fingerprint:
            object.__setattr__(self, "_fingerprint", fingerprint(self.labels))
        return self._fingerprint

    @property
    def name(self) -> str:
        return self.labels.get("alertname")

    def resolved_at(self, now: int) -> bool:
        return self.ends_at <= now

    def like(self, known: Alert) -> Alert:
        """The same, made of the parts of an alert with these labels wherever they are equal: thousands of alerts
        are told anew every minute, and each is kept in several places.
        """
        same_words = known.annotations == self.annotations and known.generator_url == self.generator_url
        words = known if same_words else self
        return Alert(
            known.labels,
            words.annotations,
            pooled_time(self.starts_at),
            pooled_time(self.ends_at),
            self.updated_at,
            words.generator_url,
            self.timeout,
            known.fingerprint,
        )


Pair: TypeAlias = tuple[str, str]


def pooled(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """The same pairs, each made once for all alerts that have had it lately."""
    return tuple(map(_pooled, pairs))


@lru_cache(maxsize=4096)
def pooled_text(text: str) -> str:
    """The same text, made once for all alerts that have had it lately."""
    return text


@lru_cache(maxsize=256)
def pooled_time(time: int) -> int:
    """The same number, made once for all alerts that have had it lately: those of one rule begin and end together."""
    return time


@lru_cache(maxsize=4096)
def _pooled(pair: Pair) -> Pair:
    return pair[0], pooled_text(pair[1])


def fingerprint(labels: Labels) -> str:
    """FNV-1a, 64 bits, over the sorted labels with 0xff behind each name and value; 16 hex digits."""
    state = _OFFSET
    for name, value in labels:
        for byte in (*name.encode(), 0xFF, *value.encode(), 0xFF):
            state = ((state ^ byte) * _PRIME) & _MASK
    return f"{state:016x}"
