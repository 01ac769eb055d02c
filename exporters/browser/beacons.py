"""From a posted body to observations. Pure.

Of the four paths below `/api/metrics` three take one object each; `web-vitals` takes those of the library of that name,
one or a list of them, with the page beside. Keys that are not known are ignored, since that library sends more of them.
The content type is not looked at: `navigator.sendBeacon` sends JSON as text/plain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from engine.foundation.errors import EngineError
from exporters.browser.table import INTERACTION, PAGE_LOAD, RENDERING, VITALS, Measure

MOST_BYTES: Final = 16 * 1024
MOST_MILLISECONDS: Final = 3_600_000.0
"""Longer than anybody waits: a number above is one of another meaning, a time of day, say."""


class BeaconError(EngineError):
    """A body that can't be counted. `status` is HTTP's, `outcome` what it is counted under."""

    def __init__(self, status: int, outcome: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.outcome = outcome


class Observation(Struct, frozen=True):
    """One number, in the measure's unit, and the value of the measure's label as the browser told it."""

    measure: Measure
    subject: str
    value: float


class PageLoad(msgspec.Struct, frozen=True, rename="camel"):
    page: str
    load_time: float


class UserInteraction(msgspec.Struct, frozen=True):
    action: str
    duration: float


class ComponentRender(msgspec.Struct, frozen=True, rename="camel"):
    component: str
    render_time: float


class WebVital(msgspec.Struct, frozen=True):
    name: Literal["CLS", "FCP", "INP", "LCP", "TTFB"]
    value: float
    page: str = ""


class Endpoint(Struct, frozen=True):
    """What a path takes, and what is told by it."""

    type: Any
    tells: Callable[[Any], Iterable[tuple[Measure, str, float]]]


def _vitals(told: WebVital | list[WebVital]) -> list[tuple[Measure, str, float]]:
    return [(VITALS[one.name], one.page, one.value) for one in (told if isinstance(told, list) else [told])]


ENDPOINTS: Final[dict[str, Endpoint]] = {
    "page-load": Endpoint(PageLoad, lambda told: [(PAGE_LOAD, told.page, told.load_time)]),
    "user-interaction": Endpoint(UserInteraction, lambda told: [(INTERACTION, told.action, told.duration)]),
    "component-render": Endpoint(ComponentRender, lambda told: [(RENDERING, told.component, told.render_time)]),
    "web-vitals": Endpoint(WebVital | list[WebVital], _vitals),
}


def observations(endpoint: str, body: bytes) -> list[Observation]:
    """What the body of a request to one of `ENDPOINTS` tells. Raises BeaconError."""
    if len(body) > MOST_BYTES:
        raise BeaconError(413, "too large", f"a body of {len(body)} bytes: {MOST_BYTES} are taken")
    kind = ENDPOINTS[endpoint]
    try:
        told = msgspec.json.decode(body, type=kind.type)
    except msgspec.MsgspecError as error:
        raise BeaconError(400, "malformed", f"{endpoint}: {error}") from None
    return [_observation(*one) for one in kind.tells(told)]


def _observation(measure: Measure, subject: str, value: float) -> Observation:
    if not 0 <= value <= MOST_MILLISECONDS:
        hint = ": is it read after the load event has ended?" if measure is PAGE_LOAD else ""
        unit = " ms" if measure.divisor != 1 else ""
        raise BeaconError(
            422,
            "out of range",
            f"{measure.name}: {value:g}{unit} is not between 0 and {MOST_MILLISECONDS:g}{unit}{hint}",
        )
    return Observation(measure, subject, value / measure.divisor)
