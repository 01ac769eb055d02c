"""Beacons counted: refused or taken, and observed wherever the counts are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from exporters.browser.beacons import BeaconError, observations
from exporters.browser.labels import LabelValues, tidy
from exporters.browser.table import MEASURES, Measure
from exporters.exposition.families import Family, MetricType
from exporters.histogram import Histogram, histogram_family

MOST_VALUES: Final = 200
BEACONS: Final = "browser_beacons"
BEACONS_HELP: Final = "Beacons of browsers, by what became of them."
FOLDED: Final = "browser_label_values_folded"
FOLDED_HELP: Final = "Observations counted as `other`, since their family has too many label values."


class Counts(Protocol):
    """Where the figures are kept."""

    def observe(self, measure: Measure, subject: str, value: float) -> None: ...

    def beacon(self, endpoint: str, outcome: str) -> None: ...

    def folded(self, family: str) -> None: ...


class Beacons:
    """Takes what is posted."""

    def __init__(self, counts: Counts, most_values: int = MOST_VALUES) -> None:
        self._counts = counts
        self._values = LabelValues(most_values)

    def take(self, endpoint: str, body: bytes) -> None:
        """Counts a body posted to one of `ENDPOINTS`, whole or not at all. Raises BeaconError, which is counted too."""
        try:
            found = observations(endpoint, body)
        except BeaconError as error:
            self._counts.beacon(endpoint, error.outcome)
            raise
        self._counts.beacon(endpoint, "taken")
        for one in found:
            told = tidy(one.subject)
            subject = self._values.admit(one.measure.name, told)
            if subject != told:
                self._counts.folded(one.measure.name)
            self._counts.observe(one.measure, subject, one.value)


class OwnCounts:
    """Counts of this process, as families. There are none before the first beacon."""

    def __init__(self) -> None:
        self._histograms: dict[str, dict[str, Histogram]] = {}
        self._beacons: dict[tuple[str, str], int] = {}
        self._folded: dict[str, int] = {}

    def observe(self, measure: Measure, subject: str, value: float) -> None:
        by_subject = self._histograms.setdefault(measure.name, {})
        if subject not in by_subject:
            by_subject[subject] = Histogram(measure.bounds)
        by_subject[subject].observe(value)

    def beacon(self, endpoint: str, outcome: str) -> None:
        self._beacons[endpoint, outcome] = self._beacons.get((endpoint, outcome), 0) + 1

    def folded(self, family: str) -> None:
        self._folded[family] = self._folded.get(family, 0) + 1

    def families(self) -> list[Family]:
        """What there is, histograms first."""
        found = [
            histogram_family(one.name, one.help, one.label, self._histograms[one.name])
            for one in MEASURES
            if one.name in self._histograms
        ]
        beacons = [({"endpoint": e, "outcome": o}, count) for (e, o), count in sorted(self._beacons.items())]
        folded = [({"family": name}, count) for name, count in sorted(self._folded.items())]
        return [*found, *_counter(BEACONS, BEACONS_HELP, beacons), *_counter(FOLDED, FOLDED_HELP, folded)]


def _counter(name: str, text: str, rows: Iterable[tuple[Mapping[str, str], int]]) -> list[Family]:
    family = Family.of(f"{name}_total", MetricType.COUNTER, text, *((labels, float(n)) for labels, n in rows))
    return [family] if family.samples else []
