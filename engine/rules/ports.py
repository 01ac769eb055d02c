"""What rules need of the rest: a store, an evaluator, templates, somebody to tell.

The instant of an evaluation is that of its slot, in Unix milliseconds, never the clock's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from msgspec import Struct

from engine.alerting.alert import Alert
from engine.foundation.clock import Clock
from engine.tsdb.batch import Appended, Batch
from promql.errors import PromQLError
from promql.model.labels import Labels
from promql.model.panel import Need, Selected
from promql.model.results import Result
from promql.model.types import IntArray
from promql.syntax.ast import Expr


class Source(Protocol):
    """One table of the store; a group has one."""

    def columns(self, labels: Sequence[Labels]) -> IntArray:
        """Their columns, made where there were none."""


S = TypeVar("S", bound=Source)


class Store(Protocol[S]):
    """The store, as far as rules use it."""

    def source(self, key: str) -> S:
        """The source of that name, made where there was none."""

    def append(self, source: S, batches: Sequence[Batch]) -> Appended:
        """Keep them and say what became of them."""

    def select(self, need: Need) -> Sequence[Selected]:
        """What is kept."""


Evaluate: TypeAlias = Callable[[str | Expr, int], Awaitable[Result]]
"""The value of an expression at an instant (Unix ms). Raises PromQLError."""

Together: TypeAlias = Callable[[Sequence[Expr], int], Awaitable[Sequence[Result | PromQLError]]]
"""The values of several expressions at an instant, or why one has none. Raises PromQLError where all of them fail."""

Notify: TypeAlias = Callable[[Sequence[Alert]], None]
"""Takes alerts that are firing or have ended; must not block."""


class Expand(Protocol):
    """Fills in a template."""

    async def __call__(self, name: str, text: str, labels: Labels, value: float, time: int) -> str:
        """The text of a field of the alert `name`; where the template fails, a text that says so."""


class Timings(Struct, frozen=True, kw_only=True):
    """Prometheus's `--rules.alert.*` defaults, in ms."""

    resend_delay: int = 60_000
    outage_tolerance: int = 3_600_000
    grace_period: int = 600_000


class Parts(Struct, frozen=True, kw_only=True):
    """What every group works with. `external_url` has no slash at its end. Without `together` each rule is asked about
    by itself. Since when alerts were active before a restart is read in the store; where rules may not write there, the
    past is asked (`asks_past`), which must be kept for as long as `for` is.
    """

    clock: Clock
    store: Store[Any]
    evaluate: Evaluate
    expand: Expand
    notify: Notify
    together: Together | None = None
    external_url: str = ""
    timings: Timings = Timings()
    asks_past: bool = False
