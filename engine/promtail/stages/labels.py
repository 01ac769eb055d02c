"""The stages that make, keep and drop labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, TypeAlias

from engine.foundation.values import LabelName
from engine.promtail.entry import Entry
from engine.promtail.portion import Portion
from engine.promtail.stages.stage import Parts, Stage
from engine.promtail.stages.texts import as_text

LabelMap: TypeAlias = Mapping[Annotated[str, LabelName], str]
"""Labels, and what they are set to: a name of something extracted (or nothing for the label's own), or a text."""


class _FromExtracted(Stage):
    def __init__(self, config: LabelMap, parts: Parts) -> None:
        self._names = [(label, key or label) for label, key in config.items()]

    def _found(self, entry: Entry) -> Iterator[tuple[str, str, str]]:
        """Label, what it is taken from, and what that says; without what was not extracted."""
        for label, key in self._names:
            text = as_text(entry.extracted.get(key))
            if text is not None:
                yield label, key, text


class SetLabels(_FromExtracted):
    """Labels from what was extracted; where nothing was, the line goes on without."""

    def process(self, entry: Entry) -> Sequence[Entry]:
        for label, _, text in self._found(entry):
            entry.labels[label] = text
        return (entry,)

    def bulk(self, portion: Portion) -> bool:
        for label, key in self._names:
            portion.set_label(label, portion.texts(key))
        return True


class StructuredMetadata(_FromExtracted):
    """The same for labels that belong to a single line; what was a label of the stream moves there."""

    def process(self, entry: Entry) -> Sequence[Entry]:
        for label, key, text in self._found(entry):
            entry.metadata[label] = text
            entry.labels.pop(key, None)
        return (entry,)


class StaticLabels(Stage):
    def __init__(self, config: LabelMap, parts: Parts) -> None:
        self._labels = {name: value for name, value in config.items() if value}

    def process(self, entry: Entry) -> Sequence[Entry]:
        entry.labels.update(self._labels)
        return (entry,)

    def bulk(self, portion: Portion) -> bool:
        for name, value in self._labels.items():
            portion.drop_label(name)
            portion.labels[name] = value
        return True


class LabelAllow(Stage):
    def __init__(self, config: tuple[str, ...], parts: Parts) -> None:
        self._kept = frozenset(config)

    def process(self, entry: Entry) -> Sequence[Entry]:
        entry.labels = {name: value for name, value in entry.labels.items() if name in self._kept}
        return (entry,)

    def bulk(self, portion: Portion) -> bool:
        for name in [name for name in (*portion.labels, *portion.own) if name not in self._kept]:
            portion.drop_label(name)
        return True


class LabelDrop(Stage):
    def __init__(self, config: tuple[str, ...], parts: Parts) -> None:
        self._dropped = config

    def process(self, entry: Entry) -> Sequence[Entry]:
        for name in self._dropped:
            entry.labels.pop(name, None)
        return (entry,)

    def bulk(self, portion: Portion) -> bool:
        for name in self._dropped:
            portion.drop_label(name)
        return True
