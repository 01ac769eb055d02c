"""The formats in which a job may ask for pages, under the names that later releases of Prometheus give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Self

from msgspec import Struct

from exporters.exposition.negotiate import Format


class Protocol(Struct, frozen=True):
    """How a format is asked for, and how its pages are read."""

    accept: str
    form: Format


PROTOCOLS: Final[Mapping[str, Protocol]] = MappingProxyType(
    {
        "OpenMetricsText0.0.1": Protocol("application/openmetrics-text;version=0.0.1", Format.OPENMETRICS),
        "OpenMetricsText1.0.0": Protocol("application/openmetrics-text;version=1.0.0", Format.OPENMETRICS),
        "PrometheusProto": Protocol(
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
            Format.PROTOBUF,
        ),
        "PrometheusText0.0.4": Protocol("text/plain;version=0.0.4", Format.TEXT),
        "PrometheusText1.0.0": Protocol("text/plain;version=1.0.0", Format.TEXT),
    }
)
ACCEPT: Final = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
"""What Prometheus 2.42 asks for, which knows no such list."""


class ScrapeProtocol(str):
    """One of PROTOCOLS; empty where none is given."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if text and text not in PROTOCOLS:
            raise ValueError(f"unknown scrape protocol {text}, supported: [{' '.join(PROTOCOLS)}]")
        return cls(text)

    @property
    def form(self) -> Format:
        """As pages are read that do not say what they are: as text, where nothing is given."""
        return PROTOCOLS[self].form if self else Format.TEXT


def accept(protocols: Sequence[ScrapeProtocol]) -> str:
    """The `Accept` header, the first of them the dearest; that of Prometheus 2.42 for none."""
    if not protocols:
        return ACCEPT
    asked = [*(PROTOCOLS[name].accept for name in protocols), "*/*"]
    return ",".join(f"{kind};q=0.{len(PROTOCOLS) + 1 - place}" for place, kind in enumerate(asked))
