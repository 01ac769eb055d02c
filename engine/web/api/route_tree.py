"""The tree of routes as JSON, at `/api/v2/routes`. An endpoint of ours.

    {"receiver", "matchers": [text], "groupBy": ["..."] | [name], "groupWait", "groupInterval", "repeatInterval",
     "continue", "muteTimeIntervals", "activeTimeIntervals", "matches": bool, "routes": [...]}

`matches` marks the nodes that would tell of an alert with the labels that were asked for (`label=NAME=VALUE`, one or
more of them).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from engine.alerting.routing.route import Route
from promql.model.durations import format_duration
from promql.model.labels import Labels

_MS: Final = 1_000_000


def tree(root: Route, labels: Labels | None) -> dict[str, Any]:
    """With `labels` None nothing was asked, and nothing matches."""
    found = () if labels is None else [route.place for route in root.match(labels)]
    return _node(root, found)


def labels_of(texts: Iterable[str]) -> Labels | None:
    """Of `NAME=VALUE`; None where there are none. A text without `=` is a name without value, so it says nothing."""
    pairs = [text.partition("=") for text in texts]
    return Labels.of((name.strip(), value.strip().strip('"')) for name, _, value in pairs) if pairs else None


def _node(route: Route, found: Collection[tuple[int, ...]]) -> dict[str, Any]:
    return {
        "receiver": route.receiver,
        "matchers": [str(matcher) for matcher in route.matchers],
        "groupBy": ["..."] if route.group_all else sorted(str(name) for name in route.group_by),
        "groupWait": format_duration(route.group_wait // _MS),
        "groupInterval": format_duration(route.group_interval // _MS),
        "repeatInterval": format_duration(route.repeat_interval // _MS),
        "continue": route.continues,
        "muteTimeIntervals": list(route.mute_intervals),
        "activeTimeIntervals": list(route.active_intervals),
        "matches": route.place in found,
        "routes": [_node(child, found) for child in route.children],
    }
