"""The trail of an alert for a terminal, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from promql.model.labels import Labels

Document = Mapping[str, Any]
_NOW: Final[Mapping[str, str]] = {
    "active": "active: nothing keeps it quiet",
    "suppressed": "kept quiet",
    "resolved": "resolved",
    "forgotten": "no longer known: it resolved a while ago",
}
_GOING_ON: Final = ("waiting", "inhibited")
"""Steps whose reason goes on where they end."""
_WORDS: Final[Mapping[str, str]] = {
    "received": "received as firing",
    "restored": "known from before the last start",
    "resolved": "received as resolved",
    "waiting": "waits",
    "withheld": "only shown, since it would leave this machine (--deliver sends it)",
    "routed": "told there",
    "deduplicated": "nothing was due",
    "not wanted": "not told",
}


def render(trail: Document) -> Iterator[str]:
    yield f"{Labels.of(trail['labels'])} ({trail['fingerprint']})"
    yield f"  now: {_NOW.get(trail['state'], trail['state'])}{_reasons(trail)}"
    for stand in trail["next"]:
        yield f"    {stand['receiver']}: next turn {_shown(stand['turn'])}, group {stand['groupKey']}"
        for told in stand["told"]:
            again = f"again {_shown(told['again'])} or later if nothing changes"
            yield f"      {told['integration']} was told {_shown(told['at'])}; {again}"
    for step in trail["steps"]:
        yield f"  {_shown(step['first'])}  {_step(step)}"


def _reasons(trail: Document) -> str:
    reasons = [f"silence {one}" for one in trail["silencedBy"]]
    reasons += [f"inhibited by {one}" for one in trail["inhibitedBy"]]
    return f" ({'; '.join(reasons)})" if reasons else ""


def _step(step: Document) -> str:
    who = "/".join(filter(None, (step.get("receiver"), step.get("integration"))))
    what, why, count = str(step["what"]), step["why"], step["count"]
    text = f"{who}: " if who else ""
    text += _WORDS.get(what, what)
    if why:
        text += f" {why}" if what in _GOING_ON else f": {why}"
    return f"{text} ({count} times, last {_shown(step['last'])})" if count > 1 else text


def _shown(time: str) -> str:
    return datetime.fromisoformat(time).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
