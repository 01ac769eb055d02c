"""A replay of rules for a terminal: a bar for each alert over the span, and a table of what happened to it.

Bars are drawn with blocks where a person looks on (`░` pending, `█` firing), and with letters elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct

from promql.model.durations import format_duration
from promql.model.labels import Labels

Document = Mapping[str, Any]
_QUIET, _PENDING, _FIRING = 0, 1, 2
_NARROWEST: Final = 20


class Look(Struct, frozen=True):
    """`marks` for quiet, pending and firing; `width` of the terminal."""

    marks: str
    width: int


DRAWN: Final = "·░█"
PLAIN: Final = ".-#"


def render(document: Document, look: Look) -> Iterator[str]:
    """Rules without any alert are told in one line."""
    start, end = _ms(document["start"]), _ms(document["end"])
    yield f"{_shown(start)} to {_shown(end)} ({format_duration(end - start)})"
    for group in document["groups"]:
        for rule in group["rules"]:
            if rule["type"] == "alerting" or "error" in rule:
                yield ""
                yield from _rule(rule, (start, end), look)


def _rule(rule: Document, span: tuple[int, int], look: Look) -> Iterator[str]:
    if "error" in rule:
        yield f"{rule['name']}: failed: {rule['error']}"
        if not rule.get("alerts"):
            return
    lives = rule["alerts"]
    fired = sum("firedAt" in life for life in lives)
    hold = f", for {format_duration(round(rule['duration'] * 1000))}" if rule["duration"] else ""
    pending = f", only pending {_times(len(lives) - fired)}" if len(lives) > fired else ""
    yield f"{rule['name']}{hold}: fired {_times(fired)}{pending}"
    by_alert: dict[Labels, list[Document]] = {}
    for life in lives:
        by_alert.setdefault(Labels.of(life["labels"]).without(("alertname",)), []).append(life)
    for labels, ones in sorted(by_alert.items()):
        yield f"  {labels}"
        yield f"  {bar(ones, span, look)}"
        for life in ones:
            yield from _life(life)


def bar(lives: Sequence[Document], span: tuple[int, int], look: Look) -> str:
    """The strongest state within each column."""
    start, end = span
    width = max(look.width - 2, _NARROWEST)
    states = [_QUIET] * width
    for life in lives:
        ended = _ms(life["endedAt"]) if "endedAt" in life else end + 1
        fired = _ms(life["firedAt"]) if "firedAt" in life else ended
        for state, begin, until in ((_PENDING, _ms(life["activeAt"]), fired), (_FIRING, fired, ended)):
            if begin < until:
                first = max((begin - start) * width // (end - start), 0)
                last = min((until - 1 - start) * width // (end - start), width - 1)
                for at in range(first, last + 1):
                    states[at] = max(states[at], state)
    return "".join(look.marks[state] for state in states)


def _life(life: Document) -> Iterator[str]:
    active, ended = _ms(life["activeAt"]), life.get("endedAt")
    what = f"    pending from {_shown(active)}"
    if "firedAt" in life:
        what += f", firing from {_shown(_ms(life['firedAt']))}"
    until = f" to {_shown(_ms(ended))} ({format_duration(_ms(ended) - active)})" if ended else ", still so at the end"
    yield f"{what}{until}, value {float(life['value']):g}"
    for name, text in life["annotations"].items():
        first, *more = text.splitlines() or [""]
        yield f"      {name}: {first}"
        yield from (f"        {line}" for line in more)


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _shown(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
