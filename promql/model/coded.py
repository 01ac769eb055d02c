"""Label sets whose values are numbered, so that many of them are grouped without a look at each."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

from promql.model.labels import Labels
from promql.model.types import IntArray


class Codes(NamedTuple):
    """For each series the number of its value of a label, 0 where it has none; all stay below `bound`.

    Equal numbers are equal values wherever `numbering` is the same object.
    """

    numbers: IntArray
    bound: int
    numbering: object


class CodedLabels(Sequence[Labels]):
    """A sequence of label sets; a slice of it is one too."""

    __slots__ = ()

    @abstractmethod
    def codes(self, name: str) -> Codes | None:
        """Numbers of a label's values: equal for equal values. None where they are not to be had cheaply."""
