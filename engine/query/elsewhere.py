"""Others who have samples or answers: a query may read theirs beside ours, or be passed on as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from engine.query.evaluation import Selects
from promql.errors import EvaluationError
from promql.model.labels import Labels
from promql.model.matchers import Matcher
from promql.model.panel import Need
from promql.model.results import Result
from promql.plan.window import Window


class ForwardError(EvaluationError):
    """The server that a query was passed on to refused it, or gave no answer; `kind` is Prometheus's errorType."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Forwarded(Struct, frozen=True):
    """What another server answered, what it warned of, and what is to be known about it."""

    result: Result
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()


class Besides(Protocol):
    """Servers whose samples are read beside the store's."""

    @property
    def active(self) -> bool:
        """Is there any?"""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be said where labels are listed."""

    async def beside(self, store: Selects, needs: Sequence[Need]) -> tuple[Selects, tuple[str, ...]]:
        """The store with what they have of these needs, and what went wrong."""

    async def series(self, matchers: Sequence[Matcher], start: int, end: int) -> tuple[set[Labels], tuple[str, ...]]:
        """The labels of their series that match, and what went wrong."""


class Evaluator(Protocol):
    """A server that evaluates queries in our place, and knows the series."""

    async def evaluate(self, query: str, window: Window, timeout: float, lookback_ms: int | None) -> Forwarded:
        """Its answer, within so many seconds. Raises ForwardError."""

    async def page(self, path: str, params: Sequence[tuple[str, str]]) -> tuple[int, bytes]:
        """Status and body of another page of its API. Raises ForwardError."""
