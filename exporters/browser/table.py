"""What a browser may tell, and the histogram that each of it is counted in: one row a measure.

Browsers count milliseconds, histograms are in seconds; only the layout shift has no unit. The bounds of Web Vitals hold
the limits at which a page is called good and poor, so that both shares can be asked for.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

_LOADS: Final = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5, 10.0, 20.0, 30.0)
_MOMENTS: Final = (0.004, 0.008, 0.016, 0.033, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0)
_PAINTS: Final = (0.5, 1.0, 1.8, 2.5, 3.0, 4.0, 6.0, 10.0)


class Measure(Struct, frozen=True):
    """A histogram family, its one label, its upper bounds, and what a browser's number is divided by."""

    name: str
    label: str
    help: str
    bounds: tuple[float, ...]
    divisor: float = 1000.0


PAGE_LOAD: Final = Measure("page_load_time", "page", "Seconds from navigation to the end of the load event.", _LOADS)
INTERACTION: Final = Measure("user_interaction_time", "action", "Seconds that a user's action took.", _MOMENTS)
RENDERING: Final = Measure("component_render_time", "component", "Seconds that a component took to render.", _MOMENTS)

VITALS: Final = {
    "CLS": Measure(
        "web_vitals_cls",
        "page",
        "Cumulative layout shift: good up to 0.1, poor above 0.25.",
        (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0),
        divisor=1.0,
    ),
    "FCP": Measure(
        "web_vitals_fcp_seconds", "page", "First contentful paint: good up to 1.8 s, poor above 3 s.", _PAINTS
    ),
    "INP": Measure(
        "web_vitals_inp_seconds",
        "page",
        "Interaction to next paint: good up to 0.2 s, poor above 0.5 s.",
        (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0),
    ),
    "LCP": Measure(
        "web_vitals_lcp_seconds", "page", "Largest contentful paint: good up to 2.5 s, poor above 4 s.", _PAINTS
    ),
    "TTFB": Measure(
        "web_vitals_ttfb_seconds",
        "page",
        "Time to first byte: good up to 0.8 s, poor above 1.8 s.",
        (0.05, 0.1, 0.2, 0.4, 0.8, 1.2, 1.8, 3.0, 5.0),
    ),
}
MEASURES: Final = (PAGE_LOAD, INTERACTION, RENDERING, *VITALS.values())
