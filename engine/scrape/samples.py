"""From what a page calls a series to what it is called here: target labels, collisions, relabelling, limits.

Pure, and done once per key of a target's pages; texts are those of Prometheus 2.42.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from msgspec import Struct

from engine.foundation.values import is_label_name, is_metric_name
from engine.relabel.config import RelabelConfig
from engine.relabel.relabel import relabel
from engine.scrape.config import ScrapeConfig
from engine.scrape.shapes import Shapes
from engine.scrape.target import Target
from exporters.exposition.keys import decode
from promql.model.labels import METRIC_NAME, Labels, quote

_EXPORTED: Final = "exported_"
_SHOWN: Final = 50


class SampleError(ValueError):
    """The series makes its whole scrape fail."""


class LabelLimitError(SampleError):
    """It has too many labels, or one that is too long."""


class LabelLimits(Struct, frozen=True):
    """Zero is no limit; lengths are bytes."""

    count: int = 0
    name_length: int = 0
    value_length: int = 0

    def check(self, labels: Labels) -> None:
        """Raises LabelLimitError."""
        metric = labels.name[:_SHOWN]
        if 0 < self.count < len(labels):
            raise LabelLimitError(
                f"label_limit exceeded (metric: {metric}, number of labels: {len(labels)}, limit: {self.count})"
            )
        if not self.name_length and not self.value_length:
            return
        for name, value in labels:
            if 0 < self.name_length < (length := len(name.encode())):
                raise LabelLimitError(
                    f"label_name_length_limit exceeded (metric: {metric}, label name: {name[:_SHOWN]}, "
                    f"length: {length}, limit: {self.name_length})"
                )
            if 0 < self.value_length < (length := len(value.encode())):
                raise LabelLimitError(
                    f"label_value_length_limit exceeded (metric: {metric}, label name: {name[:_SHOWN]}, "
                    f"value: {quote(value[:_SHOWN])}, length: {length}, limit: {self.value_length})"
                )


NO_LIMITS: Final = LabelLimits()


class Named(Struct, frozen=True):
    """The labels of new keys in their order, None for those that relabelling drops.

    `fault` tells why the key behind the last of them makes the scrape fail.
    """

    labels: list[Labels | None]
    fault: SampleError | None = None


@dataclass(frozen=True)
class SampleRules:
    """What a target's config does to its samples. Equal rules name equal."""

    target: Labels
    honor_labels: bool
    relabel_configs: tuple[RelabelConfig, ...]
    limits: LabelLimits

    @classmethod
    def of(cls, target: Target, config: ScrapeConfig) -> SampleRules:
        limits = LabelLimits(config.label_limit, config.label_name_length_limit, config.label_value_length_limit)
        return cls(target.public, config.honor_labels, config.metric_relabel_configs, limits)

    def name_all(self, keys: Iterable[bytes]) -> Named:
        """The labels of each key, up to the first that is refused."""
        labels: list[Labels | None] = []
        for key in keys:
            try:
                found = self._shapes.name(key)
                labels.append(self.name(key) if found is None else found)
            except SampleError as error:
                return Named(labels, error)
        return Named(labels)

    def name(self, key: bytes) -> Labels | None:
        """The series that this key stands for, or None where relabelling drops it. Raises SampleError."""
        pairs = decode(key)
        names = [name for name, _ in pairs]
        plain = self._is_plain(pairs, names)
        labels = self._joined(pairs) if plain else self._merged(dict(pairs))
        if labels is None or not labels:
            return None
        _check_names(labels)
        self.limits.check(labels)
        if len(set(names)) < len(names):
            twice = min(name for name in names if names.count(name) > 1)
            raise SampleError(f"label name {quote(twice)} is not unique: invalid sample")
        if plain and self.limits == NO_LIMITS:
            self._shapes.learn(key, labels)
        return labels

    def report(self, name: str) -> Labels:
        """A series about the scrape itself: target labels only, never relabelled."""
        return self.target.set(METRIC_NAME, name)

    @cached_property
    def _shapes(self) -> Shapes:
        return Shapes(self.target)

    @cached_property
    def _target_names(self) -> frozenset[str]:
        return frozenset(self.target.names())

    def _is_plain(self, pairs: list[tuple[str, str]], names: list[str]) -> bool:
        """Nothing to rewrite, to rename or to leave out: so are nearly all."""
        return (
            not self.relabel_configs
            and self._target_names.isdisjoint(names)
            and all(value for _, value in pairs)
            and len(set(names)) == len(names)
        )

    def _joined(self, pairs: list[tuple[str, str]]) -> Labels:
        return Labels(tuple(sorted((*pairs, *self.target.pairs))))

    def _merged(self, exposed: dict[str, str]) -> Labels | None:
        merged = self._honored(exposed) if self.honor_labels else self._renamed(exposed)
        return relabel(Labels.of(merged), self.relabel_configs)

    def _honored(self, exposed: dict[str, str]) -> dict[str, str]:
        """An exposed label wins, even an empty one: that takes the target's label away."""
        return {**self.target.as_dict(), **exposed}

    def _renamed(self, exposed: dict[str, str]) -> dict[str, str]:
        """The target's labels win; exposed ones that collide get a free name, the shortest first."""
        merged = {**exposed, **self.target.as_dict()}
        taken = set(merged)
        for name in sorted((n for n in self.target.names() if exposed.get(n)), key=len):
            free = _EXPORTED + name
            while free in taken:
                free = _EXPORTED + free
            taken.add(free)
            merged[free] = exposed[name]
        return merged


def _check_names(labels: Labels) -> None:
    if not labels.name:
        raise SampleError("missing metric name (__name__ label)")
    if not _is_metric_name(labels.name) or not all(map(_is_label_name, labels.names())):
        shown = ", ".join(f"{name}={quote(value)}" for name, value in labels)
        raise SampleError(f"invalid metric name or label names: {{{shown}}}")


@lru_cache(maxsize=2**12)
def _is_metric_name(name: str) -> bool:
    return is_metric_name(name)


@lru_cache(maxsize=2**12)
def _is_label_name(name: str) -> bool:
    return is_label_name(name)
