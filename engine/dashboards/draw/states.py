"""States over time: `state-timeline` joins equal neighbours, `status-history` shows each sample."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.dashboards.draw.scene import Scene, finite, hidden, legend, tooltip
from engine.dashboards.fields.display import Shown, with_color
from engine.dashboards.fields.mappings import find
from engine.dashboards.json import flag, number, text


def draw(scene: Scene) -> dict[str, Any]:
    joined = scene.panel.kind == "state-timeline" and flag(scene.options.get("mergeValues"), True)
    rows: list[dict[str, Any]] = []
    items: dict[str, str] = {}
    for row in scene.rows:
        time = next((one for one in row if one.field.kind == "time"), None)
        for one in row:
            if time is None or one is time or hidden(one, "viz") or one.field.kind == "time":
                continue
            colored = with_color(one, "thresholds")
            spans = _spans(colored, np.asarray(time.field.values).tolist(), scene, joined=joined)
            rows.append({"name": one.name, "spans": spans})
            items |= _steps(colored) or {span["text"]: span["color"] for span in spans}
    return {
        "rows": rows,
        "items": [{"text": text_, "color": color} for text_, color in items.items() if text_],
        "showValue": text(scene.options.get("showValue"), "auto"),
        "rowHeight": number(scene.options.get("rowHeight")) or 0.9,
        "legend": legend(scene.options),
        "tooltip": tooltip(scene.options),
        "formats": [],
    }


def _steps(one: Shown) -> dict[str, str]:
    """Colours by thresholds, where these colour numbers of which some have no name."""
    config = one.config
    named = all(find(config.mappings, value) is not None for value in one.field.plain() if value is not None)
    steps = config.thresholds.absolute(config.low or 0.0, 100.0 if config.high is None else config.high)
    if named or config.color.mode != "thresholds" or one.field.kind != "number" or len(steps) < 2:
        return {}
    first = {f"< {one.cell(steps[1].value).text}": steps[0].color}
    return first | {f"{one.cell(step.value).text}+": step.color for step in steps[1:]}


def _spans(one: Shown, times: list[int], scene: Scene, *, joined: bool) -> list[dict[str, Any]]:
    """A value holds until the next sample; nothing holds over a gap."""
    found: list[dict[str, Any]] = []
    width = _usual_gap(times)
    for at, (time, value) in enumerate(zip(times, one.field.plain(), strict=True)):
        end = times[at + 1] if at + 1 < len(times) else min(time + width, max(scene.within.end, time))
        if value is None:
            continue
        cell = one.cell(value)
        told = str(cell.text)
        if (
            joined
            and found
            and found[-1]["to"] == time
            and found[-1]["text"] == told
            and found[-1]["color"] == cell.color
        ):
            found[-1]["to"] = end
            continue
        plain = finite(value) if isinstance(value, float) else value
        found.append({"from": time, "to": end, "text": told, "color": cell.color, "value": plain})
    return found


def _usual_gap(times: list[int]) -> int:
    return int(np.median(np.diff(times))) if len(times) > 1 else 0
