"""When a query must end."""

from __future__ import annotations

from engine.foundation.clock import Clock
from promql.errors import QueryCanceledError, QueryTimeoutError


class Deadline:
    """Called between the nodes of a plan, in the worker's thread. `due` is a reading of the monotonic clock."""

    def __init__(self, clock: Clock, due: float) -> None:
        self.clock = clock
        self._due = due
        self._canceled = False

    def cancel(self) -> None:
        """The caller has gone."""
        self._canceled = True

    def __call__(self) -> None:
        """Raises QueryCanceledError, QueryTimeoutError."""
        if self._canceled:
            raise QueryCanceledError("query was canceled in expression evaluation")
        if self.clock.monotonic() > self._due:
            raise QueryTimeoutError("query timed out in expression evaluation")
