"""Metrics of SQLAlchemy: `watch(engine)` counts the pool's connections and times the queries.

engine = create_engine(...)
watch(engine, pool="main")       # of an AsyncEngine: watch(engine.sync_engine)
"""

from __future__ import annotations

from typing import Any, Final

from prometheus_client import REGISTRY, CollectorRegistry
from sqlalchemy import Engine, event
from sqlalchemy.pool import Pool, QueuePool

from engine.foundation.clock import Clock, SystemClock
from exporters.app.instruments import DatabaseInstruments

OPERATIONS: Final = frozenset(("ALTER", "BEGIN", "CREATE", "DELETE", "DROP", "INSERT", "SELECT", "UPDATE", "WITH"))
_STARTED: Final = "exporters.app.started"


def watch(
    engine: Engine, *, pool: str = "default", registry: CollectorRegistry = REGISTRY, clock: Clock | None = None
) -> None:
    """From now on this engine is measured, under the label `pool`."""
    counts = DatabaseInstruments(registry)
    _Connections(counts, engine, pool)
    _Queries(counts, engine, pool, clock or SystemClock())


class _Connections:
    """Who is out, and who waits: what the pool says where it says so, else what its events tell.

    The engine is asked for its pool each time: `dispose()` gives it another, which has the old one's listeners.
    """

    def __init__(self, counts: DatabaseInstruments, engine: Engine, name: str) -> None:
        self._counts = counts
        self._engine = engine
        self._name = name
        self._out: set[int] = set()
        for happening in ("checkout", "checkin", "detach"):
            event.listen(engine.pool, happening, getattr(self, happening))
        self.show()
        if (most := _most(engine.pool)) is not None:
            counts.most.labels(name).set(most)

    def checkout(self, _: Any, record: Any, __: Any) -> None:
        self._out.add(id(record))
        self.show()

    def checkin(self, _: Any, record: Any) -> None:
        self._out.discard(id(record))
        self.show(returned=1)

    def detach(self, _: Any, record: Any) -> None:
        self._out.discard(id(record))
        self.show()

    def show(self, returned: int = 0) -> None:
        """`returned`: connections that the pool takes back after it has told of them."""
        self._counts.connections.labels(self._name).set(len(self._out))
        pool = self._engine.pool
        if isinstance(pool, QueuePool):
            self._counts.idle.labels(self._name).set(pool.checkedin() + returned)


def _most(pool: Pool) -> int | None:
    """How many connections there may be; None where there is no limit, or this release of SQLAlchemy does not tell."""
    overflow = getattr(pool, "_max_overflow", -1)  # which has no public name
    return pool.size() + overflow if isinstance(pool, QueuePool) and overflow >= 0 else None


class _Queries:
    """How long each took, and which failed."""

    def __init__(self, counts: DatabaseInstruments, engine: Engine, name: str, clock: Clock) -> None:
        self._counts = counts
        self._name = name
        self._clock = clock
        event.listen(engine, "before_cursor_execute", self.begin)
        event.listen(engine, "after_cursor_execute", self.end)
        event.listen(engine, "handle_error", self.fail)

    def begin(self, _: Any, __: Any, ___: str, ____: Any, context: Any, _____: bool) -> None:
        setattr(context, _STARTED, self._clock.monotonic())

    def end(self, _: Any, __: Any, statement: str, ____: Any, context: Any, _____: bool) -> None:
        self._observe(statement, context)

    def fail(self, failure: Any) -> None:
        if failure.statement is not None:
            self._counts.errors.labels(self._name, operation(failure.statement)).inc()
            self._observe(failure.statement, failure.execution_context)

    def _observe(self, statement: str, context: Any) -> None:
        started = getattr(context, _STARTED, None)
        if started is not None:
            operation_ = operation(statement)
            self._counts.seconds.labels(self._name, operation_).observe(self._clock.monotonic() - started)
            self._counts.errors.labels(self._name, operation_)


def operation(statement: str) -> str:
    """The first word of a statement, where it is one of SQL's common ones."""
    word = statement.lstrip("( \t\r\n")[:8].split(maxsplit=1)[:1]
    return word[0].upper() if word and word[0].upper() in OPERATIONS else "OTHER"
