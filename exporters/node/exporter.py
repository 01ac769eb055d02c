"""The node exporter: asks its collectors and says how each fared.

A collector that fails loses only its own families. Families are sorted by name and their samples by labels,
so that a page's order never changes.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection, Iterable
from functools import partial
from typing import Final

from engine.foundation.clock import Clock, SystemClock
from exporters import build
from exporters.exposition.families import Family, MetricType, Sample
from exporters.node import portable
from exporters.node.errors import NoDataError, UnknownCollectorError
from exporters.node.machine import Machine
from exporters.node.options import NodeOptions
from exporters.node.table import COLLECTORS, Reader
from exporters.process.itself import Itself

COMPATIBLE_VERSION: Final = "1.5.0"
_ABOUT: Final = "node_exporter:"
_COMPOUND: Final = (MetricType.HISTOGRAM, MetricType.SUMMARY)  # their samples keep the order of their parts

log = logging.getLogger(__name__)


class NodeExporter:
    """One machine. `collect` blocks on small file reads: call it from a worker thread, one call at a time."""

    def __init__(self, options: NodeOptions | None = None, clock: Clock | None = None) -> None:
        self._options = options or NodeOptions()
        self._clock = clock or SystemClock()
        machine = Machine(self._options, self._clock)
        self._readers = {name: _reader(name, machine) for name in enabled(self._options)}
        self._itself = Itself() if self._options.about_itself else None

    @property
    def collectors(self) -> list[str]:
        """The names of those that run, sorted."""
        return sorted(self._readers)

    def collect(self, only: Collection[str] | None = None) -> list[Family]:
        """The families now, of all collectors or of these. Raises UnknownCollectorError."""
        names = sorted(set(only)) if only else self.collectors
        for name in names:
            if name not in self._readers:
                kind = "disabled" if name in COLLECTORS else "missing"
                raise UnknownCollectorError(
                    f"Couldn't create filtered metrics handler: couldn't create collector: {kind} collector: {name}"
                )
        families = [_build_info(), *(self._itself.read() if self._itself is not None else ())]
        taken = {family.name for family in families}
        seconds = Family(
            "node_scrape_collector_duration_seconds", MetricType.GAUGE, f"{_ABOUT} Duration of a collector scrape."
        )
        success = Family("node_scrape_collector_success", MetricType.GAUGE, f"{_ABOUT} Whether a collector succeeded.")
        for name in names:
            started = self._clock.monotonic()
            found = _attempt(name, self._readers[name])
            labels = (("collector", name),)
            seconds.add(self._clock.monotonic() - started, labels)
            success.add(float(found is not None), labels)
            families += _unclaimed(found or (), taken)
        return _in_order((*families, seconds, success))


def _reader(name: str, machine: Machine) -> Reader:
    if not sys.platform.startswith("linux") and name in portable.READERS:
        return partial(portable.READERS[name], machine)
    return COLLECTORS[name].make(machine)


def enabled(options: NodeOptions) -> list[str]:
    """The collectors that these options leave on. Raises UnknownCollectorError for a name that is none."""
    for name in options.enabled:
        if name not in COLLECTORS:
            raise UnknownCollectorError(f"missing collector: {name}")
    return [
        name
        for name, collector in COLLECTORS.items()
        if options.enabled.get(name, collector.default and not options.disable_defaults)
    ]


def _attempt(name: str, read: Reader) -> list[Family] | None:
    """The collector's families, or None when it failed: files of procfs vary between kernels, so anything may."""
    try:
        return read()
    except (NoDataError, FileNotFoundError) as error:
        log.debug("the %s collector has nothing to show: %s", name, error)
    except (OSError, ValueError, KeyError, IndexError) as error:
        log.warning("the %s collector failed: %s", name, error)
    except Exception:  # a mistake of ours: it costs its own families, not the page
        log.exception("the %s collector failed", name)
    return None


def _unclaimed(found: Iterable[Family], taken: set[str]) -> Iterable[Family]:
    """Without families that another collector has shown: a text file may hold anything."""
    for family in found:
        if family.name in taken:
            log.warning("the family %s is shown by two collectors: the second is left out", family.name)
        else:
            taken.add(family.name)
            yield family


def _in_order(families: Iterable[Family]) -> list[Family]:
    for family in families:
        if len(family.samples) > 1 and family.type not in _COMPOUND:
            family.samples.sort(key=_labels)
    return sorted(families, key=_name)


def _labels(sample: Sample) -> tuple[tuple[str, str], ...]:
    return sample.labels


def _name(family: Family) -> str:
    return family.name


def _build_info() -> Family:
    help_ = "The exporter's version and platform, as labels."
    return Family.of("node_exporter_build_info", MetricType.GAUGE, help_, (build.labels(COMPATIBLE_VERSION), 1.0))
