"""Samples of many containers, gathered by family."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from exporters.cadvisor.table import FAMILIES
from exporters.exposition.families import Family, Sample

Labels = tuple[tuple[str, str], ...]


class Sink:
    """Takes what belongs to the `groups`, and passes over the rest."""

    def __init__(self, groups: Collection[str]) -> None:
        self._on = {
            name: Family(name, kind.type, kind.help)
            for name, kind in FAMILIES.items()
            if not kind.group or kind.group in groups
        }
        self.groups = groups

    def families(self) -> list[Family]:
        """Those that have samples, sorted, their samples too."""
        found = [family for family in self._on.values() if family.samples]
        for family in found:
            family.samples.sort(key=_labels)
        return sorted(found, key=_name)

    def add(self, name: str, value: float, labels: Labels) -> None:
        """`labels` are sorted."""
        family = self._on.get(name)
        if family is not None:
            family.samples.append(Sample(name, labels, value))


class Of:
    """The samples of one container: `labels` are those that each of them bears."""

    __slots__ = ("_further", "_labels", "_sink", "groups")

    def __init__(self, sink: Sink, labels: Iterable[tuple[str, str]]) -> None:
        self._sink = sink
        self._labels = tuple(sorted(labels))
        self._further: dict[Labels, Labels] = {}
        self.groups = sink.groups

    def add(self, name: str, value: float) -> None:
        """`name` without `container_`."""
        self._sink.add(f"container_{name}", value, self._labels)

    def add_of(self, name: str, value: float, *further: tuple[str, str]) -> None:
        """A sample with labels of its own besides."""
        labels = self._further.get(further)
        if labels is None:
            labels = self._further[further] = tuple(sorted((*self._labels, *further)))
        self._sink.add(f"container_{name}", value, labels)


def _labels(sample: Sample) -> Labels:
    return sample.labels


def _name(family: Family) -> str:
    return family.name
