"""What began to fire and what is over, for whoever watches the terminal or the desktop.

Rules tell of an alert again and again while it lasts; here each is news twice. An alert that is not told of any more
(its rule is gone) is forgotten when what it was last told with has run out, so that it is news when it comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from engine.alerting.alert import Alert
from engine.foundation.clock import Clock
from promql.model.labels import Labels

MOST: Final = 10
"""Alerts that are told one by one; of more at once the number is told."""
_WORDS: Final = ("summary", "description", "message")


class News(Struct, frozen=True):
    """Alerts that fire since now, and those that no longer do."""

    firing: tuple[Alert, ...]
    resolved: tuple[Alert, ...]

    def lines(self) -> list[str]:
        """One for each, but not hundreds."""
        told = [f"firing: {described(one)}" for one in self.firing]
        told += [f"resolved: {described(one)}" for one in self.resolved]
        return shortened(told, MOST)


class AlertNews:
    """`tell` hears of all that is new at one time."""

    def __init__(self, clock: Clock, tell: Callable[[News], None]) -> None:
        self._clock = clock
        self._tell = tell
        self._until: dict[Labels, int] = {}

    def __call__(self, alerts: Sequence[Alert]) -> None:
        now, firing, resolved = self._clock.now_ns(), [], []
        self._until = {labels: until for labels, until in self._until.items() if until > now}
        for alert in alerts:
            if not alert.resolved_at(now):
                if alert.labels not in self._until:
                    firing.append(alert)
                self._until[alert.labels] = alert.ends_at
            elif self._until.pop(alert.labels, None) is not None:
                resolved.append(alert)
        if firing or resolved:
            self._tell(News(tuple(firing), tuple(resolved)))


def described(alert: Alert) -> str:
    """Its name, its labels, and in words what its rule says of it."""
    labels = ", ".join(f'{name}="{value}"' for name, value in alert.labels if name != "alertname")
    said = dict(alert.annotations)
    words = next((" ".join(said[name].split()) for name in _WORDS if said.get(name, "").strip()), "")
    return f"{alert.name}{f' {{{labels}}}' if labels else ''}{f': {words}' if words else ''}"


def shortened(lines: Sequence[str], most: int) -> list[str]:
    """So many lines at most, the last of which counts those that are left out."""
    if len(lines) <= most:
        return list(lines)
    return [*lines[: most - 1], f"and {len(lines) - most + 1} more alerts"]
